//! Two roles that take turns, with the privileges of the first.

use keywheel_sdk::database::DatabaseSecret;
use keywheel_sdk::login::log_in;
use keywheel_sdk::sql::{Connection, Value};
use keywheel_sdk::{Event, Failure, Rotator, admin, log, scram};

use crate::{CHANGING, ENGINE, PostgresSingleUser, sql};

/// `postgres-alternating-users`: a rotation gives the role that is *not* in use a new password, through the
/// admin user in the secret that `masterarn` names, and brings it into use. So the server accepts `AWSCURRENT`
/// at every moment, and `AWSPREVIOUS` until the rotation after.
///
/// The roles are `app` and `app_clone`. The clone is made when it is missing: a member of the original that
/// becomes the original when it logs in, so that what it creates belongs to the original. It can log in only
/// when all of that is done. What `ALTER ROLE app SET …` says is not copied.
#[derive(Debug, Clone, Copy, Default)]
pub struct PostgresAlternatingUsers;

impl Rotator for PostgresAlternatingUsers {
    fn create_secret(&self, event: &Event) -> Result<(), Failure> {
        let current = DatabaseSecret::current(event, ENGINE)?;
        master_arn(&current)?;
        let username = current.alternate_username();
        if username.len() > sql::NAME_BYTES_MAX {
            return Err(Failure::Permanent(format!(
                "the other role would be `{username}`, and a name has at most {} bytes",
                sql::NAME_BYTES_MAX
            )));
        }
        if current.with_username(&username).store_with_new_password(event)? {
            log::info(&format!("stored role `{username}` with a new password as the pending value"));
        }
        Ok(())
    }

    fn set_secret(&self, event: &Event) -> Result<(), Failure> {
        let current = DatabaseSecret::current(event, ENGINE)?;
        let pending = DatabaseSecret::pending(event, ENGINE)?;
        // A copy of the current value is to be made good, which is what the other function does.
        if pending.username() == current.username() {
            return PostgresSingleUser.set_secret(event);
        }
        current.require_alternate_login(&pending)?;
        if log_in(&pending, ENGINE)?.is_ok() {
            log::info("the server accepts the pending password already");
            return Ok(());
        }
        // Who cannot prove to be a role gets no copy of it.
        log_in(&current, ENGINE)?.map_err(|refusal| {
            Failure::Permanent(format!(
                "role `{}` cannot log in with the current password ({refusal}); if it was changed outside, store \
                 the one in use in the secret, and rotate again",
                current.username()
            ))
        })?;
        let mut admin = log_in_as_admin(&pending, &current)?;
        prepare(&mut admin, current.username(), pending.username())?;
        let statement = sql::let_log_in(pending.username(), &scram::verifier(pending.password()))?;
        run(&mut admin, &statement, CHANGING)?;
        log::info("the server took the pending password");
        Ok(())
    }

    fn test_secret(&self, event: &Event) -> Result<(), Failure> {
        PostgresSingleUser.test_secret(event)
    }
}

fn master_arn(secret: &DatabaseSecret) -> Result<&str, Failure> {
    secret.master_arn().ok_or_else(|| {
        let told =
            "the secret has no key `masterarn`: two roles that take turns need the secret of an admin user";
        Failure::Permanent(told.to_owned())
    })
}

fn log_in_as_admin(pending: &DatabaseSecret, current: &DatabaseSecret) -> Result<Connection, Failure> {
    // A copy of an older value may be of a time before the key was added.
    let arn = pending.master_arn().map_or_else(|| master_arn(current), Ok)?;
    Ok(admin::log_in(arn, pending, ENGINE)?)
}

/// Makes the role whose turn it is ready for its password.
fn prepare(admin: &mut Connection, in_use: &str, next: &str) -> Result<(), Failure> {
    let exists = finds(admin, sql::ROLE, &[next], "looking for the role whose turn it is")?;
    let is_clone = next.len() > in_use.len();
    if !exists && !is_clone {
        return Err(Failure::Permanent(format!(
            "role `{next}` does not exist, and it is the one that `{in_use}` is the clone of"
        )));
    }
    if !exists {
        run(admin, &sql::create_role(next)?, "making the clone")?;
        log::info(&format!("made role `{next}`"));
    }
    if is_clone {
        const GRANTING: &str = "giving the clone the privileges of the original";
        if !finds(admin, sql::RELATED, &[in_use, next], GRANTING)? {
            run(admin, &sql::grant(in_use, next)?, GRANTING)?;
        }
        run(admin, &sql::become_at_login(next, in_use)?, GRANTING)?;
    }
    Ok(())
}

fn finds(connection: &mut Connection, query: &str, names: &[&str], doing: &str) -> Result<bool, Failure> {
    let parameters: Vec<Value> = names.iter().map(|name| Value::Text((*name).to_owned())).collect();
    let answer = connection.query(query, &parameters);
    let answer = answer.map_err(|error| Failure::from(error).while_doing(doing))?;
    Ok(!answer.rows.is_empty())
}

fn run(connection: &mut Connection, statement: &str, doing: &str) -> Result<(), Failure> {
    let answer = connection.execute(statement, &[]);
    answer.map(drop).map_err(|error| Failure::from(error).while_doing(doing))
}
