//! The last resort, when the server takes no password of the role that the store holds: a user who may
//! change it, from the secret that `masterarn` names.

use keywheel_sdk::database::DatabaseSecret;
use keywheel_sdk::secrets;
use keywheel_sdk::sql::{Connection, Engine, ErrorKind, Target, Tls};
use keywheel_sdk::{Failure, log};

use crate::ENGINE;

/// The code of a read that the function's caller has not granted.
const DENIED: &str = "AccessDeniedException";

/// Logs in as the admin user. `refusal` is what the server said to the pending password.
pub(crate) fn log_in(
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
    let admin = target(&read(arn, pending, refusal)?, pending)?;
    let told = |failure: Failure| failure.while_doing("logging in as the admin user of `masterarn`");
    let connection = Connection::open(&admin).map_err(|error| {
        if error.kind != ErrorKind::Authentication {
            return told(Failure::from(error));
        }
        let hint = format!("and it refused the admin user of `masterarn` too ({})", error.message);
        locked_out(pending, refusal, &hint)
    })?;
    log::warn(
        "the server refused every password that the secret holds: the admin user of `masterarn` sets it",
    );
    Ok(connection)
}

fn read(arn: &str, pending: &DatabaseSecret, refusal: &str) -> Result<DatabaseSecret, Failure> {
    let version = secrets::get_secret_value(arn, None, None).map_err(|error| {
        if error.is_transient() {
            return Failure::from(error).while_doing("reading the secret that `masterarn` names");
        }
        let mut hint = format!("and the secret that `masterarn` names cannot be read ({error})");
        if error.code == DENIED {
            hint.push_str("; `ReadableSecretIds` of the secret's rotation policy must name it");
        }
        locked_out(pending, refusal, &hint)
    })?;
    DatabaseSecret::parse(&version.value)
        .map_err(|error| Failure::from(error).while_doing("reading the secret that `masterarn` names"))
}

/// Where the admin user logs in: the server of the secret, and no other.
pub(crate) fn target(admin: &DatabaseSecret, pending: &DatabaseSecret) -> Result<Target, Failure> {
    let (user, mut target) = (pending.target(Engine::Postgres), admin.target(Engine::Postgres));
    if admin.engine() != ENGINE || target.host != user.host || target.port != user.port {
        return Err(Failure::Permanent(format!(
            "the secret that `masterarn` names is for another server: it must have the `engine`, `host` and `port` \
             of the secret that is rotated, `{ENGINE}`, `{}` and {}",
            user.host, user.port
        )));
    }
    target.database = target.database.or(user.database);
    // Without a word on it in the admin's secret, its password is protected like that of the user.
    if target.tls == Tls::Prefer {
        target.tls = user.tls;
    }
    Ok(target)
}

fn locked_out(secret: &DatabaseSecret, refusal: &str, hint: &str) -> Failure {
    Failure::Permanent(format!(
        "role `{}` can log in with neither the pending, the current nor the previous password ({refusal}); {hint}",
        secret.username()
    ))
}
