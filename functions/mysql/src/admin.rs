//! The admin user, from the secret that `masterarn` names: the last resort when the server takes no password
//! of the user that the store holds, and who makes the other one of two users that take turns.

use keywheel_sdk::admin::{self, NoAdmin};
use keywheel_sdk::database::DatabaseSecret;
use keywheel_sdk::{Failure, log};

use crate::ENGINE;
use crate::session::Session;
use crate::sql::Account;

/// Logs in as the admin user whose secret is `arn`, on the server of `user`.
pub(crate) fn log_in(arn: &str, user: &DatabaseSecret) -> Result<Session, NoAdmin> {
    Session::of(admin::log_in(arn, user, ENGINE)?).map_err(NoAdmin::Failed)
}

/// Logs in as the admin user to repair the user of a secret, of which the server has refused every password.
/// `refusal` is what it said to the pending one. Returns the session and the user's account.
pub(crate) fn repair(
    current: &DatabaseSecret,
    pending: &DatabaseSecret,
    refusal: &str,
) -> Result<(Session, Account), Failure> {
    // A copy of an older value may be of a time before the key was added.
    let Some(arn) = pending.master_arn().or(current.master_arn()) else {
        let hint = "if its password was changed outside, store the one in use in the secret, or name the secret of \
                    an admin user under the key `masterarn`, and rotate again";
        return Err(locked_out(pending, refusal, hint));
    };
    let mut session = log_in(arn, pending)
        .map_err(|problem| problem.as_last_resort(|hint| locked_out(pending, refusal, hint)))?;
    let account = match session.hosts(pending.username())?.as_slice() {
        [host] => Account { user: pending.username().to_owned(), host: host.clone() },
        [] => return Err(locked_out(pending, refusal, "and there is no account of that name")),
        hosts => {
            let hint = format!(
                "and there are several accounts of that name, for the hosts `{}`: which one is meant is not known",
                hosts.join("`, `")
            );
            return Err(locked_out(pending, refusal, &hint));
        }
    };
    log::warn(
        "the server refused every password that the secret holds: the admin user of `masterarn` sets it",
    );
    Ok((session, account))
}

fn locked_out(secret: &DatabaseSecret, refusal: &str, hint: &str) -> Failure {
    Failure::Permanent(format!(
        "user `{}` can log in with neither the pending, the current nor the previous password ({refusal}); {hint}",
        secret.username()
    ))
}
