//! The admin user as the last resort, when the server takes no password of the role that the store holds.

use keywheel_sdk::database::DatabaseSecret;
use keywheel_sdk::sql::{Connection, Engine};
use keywheel_sdk::{Failure, admin, log};

/// Logs in as the admin user to repair the role of a secret, of which the server has refused every password.
/// `refusal` is what it said to the pending one.
pub(crate) fn repair(
    current: &DatabaseSecret,
    pending: &DatabaseSecret,
    refusal: &str,
) -> Result<Connection, Failure> {
    // A copy of an older value may be of a time before the key was added.
    let Some(arn) = pending.master_arn().or(current.master_arn()) else {
        let hint = "if its password was changed outside, store the one in use in the secret, or name the secret of \
                    an admin user under the key `masterarn`, and rotate again";
        return Err(locked_out(pending, refusal, hint));
    };
    let connection = admin::log_in(arn, pending, Engine::Postgres)
        .map_err(|problem| problem.as_last_resort(|hint| locked_out(pending, refusal, hint)))?;
    log::warn(
        "the server refused every password that the secret holds: the admin user of `masterarn` sets it",
    );
    Ok(connection)
}

fn locked_out(secret: &DatabaseSecret, refusal: &str, hint: &str) -> Failure {
    Failure::Permanent(format!(
        "role `{}` can log in with neither the pending, the current nor the previous password ({refusal}); {hint}",
        secret.username()
    ))
}
