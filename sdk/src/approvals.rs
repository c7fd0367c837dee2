//! Asking people before the function goes on.

use crate::Failure;
use crate::host::{self, Host};

/// Goes on when people have agreed to this step of this rotation, with this component; otherwise the host
/// shows them the summary, and runs the step again when they agree.
///
/// Ask before the effect, not after it, and leave the step with the error: a step that succeeds all
/// the same counts as done. The same step may ask more than once; people see the first summary, and
/// their answer is for the whole step. Name what will happen and where, and no secret value.
///
/// ```
/// use keywheel_sdk::{Event, Failure, Rotator, Step, approvals};
/// # use keywheel_sdk::testing::{InMemory, Outcome};
///
/// struct Careful;
///
/// impl Rotator for Careful {
///     fn set_secret(&self, event: &Event) -> Result<(), Failure> {
///         approvals::require("change the password of `billing`, which ends its open sessions")?;
///         // … change it.
///         Ok(())
///     }
/// #   fn create_secret(&self, event: &Event) -> Result<(), Failure> {
/// #       Ok(event.put_pending(&event.current()?.value)?)
/// #   }
/// #   fn test_secret(&self, _: &Event) -> Result<(), Failure> { Ok(()) }
/// }
///
/// # let host = InMemory::new();
/// # let secret = host.secret("db/billing", "first");
/// # host.begin_rotation(&secret, "token-1");
/// let outcome = host.invoke(&Careful, &secret, Step::SetSecret);
/// let summary = "change the password of `billing`, which ends its open sessions";
/// assert_eq!(outcome, Outcome::Asked(summary.to_owned()));
///
/// host.set_approved(true);
/// assert_eq!(host.invoke(&Careful, &secret, Step::SetSecret), Outcome::Done);
/// ```
pub fn require(summary: &str) -> Result<(), Failure> {
    if Host::require_approval(host::current().as_ref(), summary) {
        return Ok(());
    }
    #[cfg(all(not(target_family = "wasm"), feature = "testing"))]
    crate::testing::note_unanswered(summary);
    Err(Failure::AwaitingApproval)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{InMemory, Outcome};
    use crate::{Event, Rotator, Step};

    struct Asks;

    impl Rotator for Asks {
        fn create_secret(&self, _: &Event) -> Result<(), Failure> {
            let first = require("first");
            let second = require("second");
            first.and(second).map_err(|failure| Failure::Permanent(failure.while_doing("asking").to_string()))
        }

        fn set_secret(&self, _: &Event) -> Result<(), Failure> {
            let _ = require("anything");
            Ok(())
        }

        fn test_secret(&self, _: &Event) -> Result<(), Failure> {
            Err(Failure::Refused("nobody was asked".to_owned()))
        }
    }

    #[test]
    fn the_first_summary_counts_and_only_when_the_step_fails() {
        let host = InMemory::new();
        let secret = host.secret("app", "first");
        host.begin_rotation(&secret, "token-1");
        let check = |approved: bool, step: Step, expected: Outcome| {
            host.set_approved(approved);
            assert_eq!(host.invoke(&Asks, &secret, step), expected, "{step:?} {approved}");
        };
        let refused = || Outcome::Failed(Failure::Refused("nobody was asked".to_owned()));
        check(false, Step::CreateSecret, Outcome::Asked("first".to_owned()));
        check(true, Step::CreateSecret, Outcome::Done);
        check(false, Step::SetSecret, Outcome::Done);
        check(false, Step::TestSecret, refused());
        check(true, Step::TestSecret, refused());
    }
}
