//! The admin user of a database, from the secret that `masterarn` names: who helps when the server takes no
//! password of a user that the store holds, and who makes the other one of two users that take turns.

use crate::Failure;
use crate::database::{DatabaseSecret, names_of};
use crate::secrets;
use crate::sql::{Connection, Engine, ErrorKind, Target, Tls};

/// The code of a read that the function's caller has not granted.
const DENIED: &str = "AccessDeniedException";

/// Why there is no session of the admin user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoAdmin {
    /// Its secret may not be read, or is not there: what to do about it.
    Unreadable(String),
    /// The server refused its password, with these words.
    Refused(String),
    /// Anything else.
    Failed(Failure),
}

impl From<NoAdmin> for Failure {
    fn from(problem: NoAdmin) -> Self {
        match problem {
            NoAdmin::Unreadable(hint) => Self::Permanent(hint),
            NoAdmin::Refused(message) => {
                Self::Permanent(format!("the server refused the admin user of `masterarn`: {message}"))
            }
            NoAdmin::Failed(failure) => failure,
        }
    }
}

impl NoAdmin {
    /// The failure of a step for which the admin user was the last resort. `locked_out` makes it from why the
    /// admin user was none.
    pub fn as_last_resort(self, locked_out: impl FnOnce(&str) -> Failure) -> Failure {
        match self {
            Self::Unreadable(hint) => locked_out(&format!("and {hint}")),
            Self::Refused(message) => {
                locked_out(&format!("and it refused the admin user of `masterarn` too ({message})"))
            }
            Self::Failed(failure) => failure,
        }
    }
}

/// Logs in as the admin user whose secret is `arn`, on the server of `user`.
pub fn log_in(arn: &str, user: &DatabaseSecret, engine: Engine) -> Result<Connection, NoAdmin> {
    let target = target(&read(arn)?, user, engine).map_err(NoAdmin::Failed)?;
    Connection::open(&target).map_err(|error| match error.kind {
        ErrorKind::Authentication => NoAdmin::Refused(error.message),
        _ => NoAdmin::Failed(Failure::from(error).while_doing("logging in as the admin user of `masterarn`")),
    })
}

/// Where the admin user logs in: the server of the secret, and no other.
pub fn target(admin: &DatabaseSecret, user: &DatabaseSecret, engine: Engine) -> Result<Target, Failure> {
    let (user, mut target) = (user.target(engine), admin.target(engine));
    if admin.sql_engine() != Some(engine) || target.host != user.host || target.port != user.port {
        let engines = names_of(engine);
        return Err(Failure::Permanent(format!(
            "the secret that `masterarn` names is for another server: it must have the `engine`, `host` and `port` \
             of the secret that is rotated, {engines}, `{}` and {}",
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_resort_says_why_it_was_none_and_a_failure_of_its_own_stays() {
        let locked_out = |hint: &str| Failure::Permanent(format!("locked out, {hint}"));
        let check = |problem: NoAdmin, alone: &str, last: &str| {
            assert_eq!(Failure::from(problem.clone()), Failure::Permanent(alone.to_owned()));
            assert_eq!(problem.as_last_resort(locked_out), Failure::Permanent(last.to_owned()));
        };
        check(NoAdmin::Unreadable("grant it".into()), "grant it", "locked out, and grant it");
        check(
            NoAdmin::Refused("no".into()),
            "the server refused the admin user of `masterarn`: no",
            "locked out, and it refused the admin user of `masterarn` too (no)",
        );
        let passing = Failure::Retry("busy".to_owned());
        assert_eq!(NoAdmin::Failed(passing.clone()).as_last_resort(locked_out), passing);
    }
}
