//! What a job is for, and the steps that it takes.

use serde::{Deserialize, Serialize};

use super::Step;

/// What a job is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Purpose {
    /// A new value: all four steps.
    Rotate,
    /// `RotateImmediately=false`: `testSecret` on a copy of the current value.
    Test,
    /// Whether the current value still logs in: `testSecret` on a copy of it.
    Verify,
    /// What a rotation would do: `testSecret` on a copy of the current value, then `createSecret` for a
    /// version that is thrown away.
    DryRun,
    /// Makes the target accept the current value again: `setSecret` and `testSecret` with a copy of it.
    Reconcile,
    /// Brings the previous value back: `setSecret`, `testSecret` and `finishSecret` with its version.
    RollBack,
}

impl Purpose {
    /// All there are.
    pub const ALL: [Self; 6] =
        [Self::Rotate, Self::Test, Self::Verify, Self::DryRun, Self::Reconcile, Self::RollBack];

    /// In one word, as the API tells it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rotate => "Rotate",
            Self::Test => "Test",
            Self::Verify => "Verify",
            Self::DryRun => "DryRun",
            Self::Reconcile => "Reconcile",
            Self::RollBack => "RollBack",
        }
    }

    /// The steps, in order.
    pub const fn steps(self) -> &'static [Step] {
        match self {
            Self::Rotate => &Step::ALL,
            Self::Test | Self::Verify => &[Step::TestSecret],
            Self::DryRun => &[Step::TestSecret, Step::CreateSecret],
            Self::Reconcile => &[Step::SetSecret, Step::TestSecret],
            Self::RollBack => &[Step::SetSecret, Step::TestSecret, Step::FinishSecret],
        }
    }

    pub(super) fn following(self, step: Step) -> Option<Step> {
        let mut steps = self.steps().iter().skip_while(|known| **known != step);
        steps.nth(1).copied()
    }

    /// Whether the job works on a version of its own that it removes at its end.
    pub const fn is_passing(self) -> bool {
        matches!(self, Self::Test | Self::Verify | Self::DryRun | Self::Reconcile)
    }

    /// Whether only `Keywheel.*` operations and policies ask for it.
    pub const fn is_ours(self) -> bool {
        matches!(self, Self::Verify | Self::DryRun | Self::Reconcile)
    }

    /// Whether the target may be another one afterwards: what people may have to approve.
    pub const fn changes_target(self) -> bool {
        matches!(self, Self::Rotate | Self::Reconcile | Self::RollBack)
    }

    /// The event of its start.
    pub const fn started(self) -> &'static str {
        match self {
            Self::Rotate => "RotationStarted",
            Self::Test => "TestRotationStarted",
            Self::Verify => "VerificationStarted",
            Self::DryRun => "DryRunStarted",
            Self::Reconcile => "ReconciliationStarted",
            Self::RollBack => "RollBackStarted",
        }
    }
}
