//! The admin user, from the secret that `masterarn` names: the last resort when the server takes no password
//! of the user that the store holds, and who makes the other one of two users that take turns.

use keywheel_sdk::database::DatabaseSecret;
use keywheel_sdk::secrets;
use keywheel_sdk::sql::{Connection, Engine, ErrorKind, Target, Tls};
use keywheel_sdk::{Failure, log};

use crate::ENGINES;
use crate::session::Session;
use crate::sql::Account;

/// The code of a read that the function's caller has not granted.
const DENIED: &str = "AccessDeniedException";

/// Why there is no session of the admin user.
pub(crate) enum NoAdmin {
    /// Its secret may not be read, or is not there.
    Unreadable(String),
    /// The server refused its password.
    Refused(String),
    /// Anything else.
    Failed(Failure),
}

/// Logs in as the admin user whose secret is `arn`, on the server of `user`.
pub(crate) fn log_in(arn: &str, user: &DatabaseSecret) -> Result<Session, NoAdmin> {
    let target = target(&read(arn)?, user).map_err(NoAdmin::Failed)?;
    let connection = Connection::open(&target).map_err(|error| match error.kind {
        ErrorKind::Authentication => NoAdmin::Refused(error.message),
        _ => NoAdmin::Failed(Failure::from(error).while_doing("logging in as the admin user of `masterarn`")),
    })?;
    Session::of(connection).map_err(NoAdmin::Failed)
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
    let mut session = log_in(arn, pending).map_err(|problem| match problem {
        NoAdmin::Unreadable(hint) => locked_out(pending, refusal, &format!("and {hint}")),
        NoAdmin::Refused(message) => {
            let hint = format!("and it refused the admin user of `masterarn` too ({message})");
            locked_out(pending, refusal, &hint)
        }
        NoAdmin::Failed(failure) => failure,
    })?;
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

fn read(arn: &str) -> Result<DatabaseSecret, NoAdmin> {
    const READING: &str = "reading the secret that `masterarn` names";
    let version = secrets::get_secret_value(arn, None, None).map_err(|error| {
        if error.is_transient() {
            return NoAdmin::Failed(Failure::from(error).while_doing(READING));
        }
        let mut hint = format!("the secret that `masterarn` names cannot be read ({error})");
        if error.code == DENIED {
            hint.push_str("; `ReadableSecretIds` of the secret's rotation policy must name it");
        }
        NoAdmin::Unreadable(hint)
    })?;
    DatabaseSecret::parse(&version.value)
        .map_err(|error| NoAdmin::Failed(Failure::from(error).while_doing(READING)))
}

/// Where the admin user logs in: the server of the secret, and no other.
pub(crate) fn target(admin: &DatabaseSecret, user: &DatabaseSecret) -> Result<Target, Failure> {
    let (user, mut target) = (user.target(Engine::Mysql), admin.target(Engine::Mysql));
    if admin.sql_engine() != Some(Engine::Mysql) || target.host != user.host || target.port != user.port {
        return Err(Failure::Permanent(format!(
            "the secret that `masterarn` names is for another server: it must have the `engine`, `host` and `port` \
             of the secret that is rotated, {ENGINES}, `{}` and {}",
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
        "user `{}` can log in with neither the pending, the current nor the previous password ({refusal}); {hint}",
        secret.username()
    ))
}
