//! Two users that take turns, with the privileges of the first.

use keywheel_sdk::database::DatabaseSecret;
use keywheel_sdk::login::log_in;
use keywheel_sdk::secrets::{self, PasswordRules};
use keywheel_sdk::{Event, Failure, Rotator, log};

use crate::admin;
use crate::session::Session;
use crate::sql::{self, Account, Server};
use crate::{CHANGING, ENGINE, MysqlSingleUser, grants};

/// `mysql-alternating-users`: a rotation gives the user that is *not* in use a new password, through the admin
/// user in the secret that `masterarn` names, and brings it into use. So the server accepts `AWSCURRENT` at
/// every moment, and `AWSPREVIOUS` until the rotation after.
///
/// The users are `app` and `app_clone`. The clone is made when it is missing, for the host of the original,
/// with its grants; grants that the original got since are given to the clone when it is its turn. Its password
/// is set last: a clone that can log in is whole.
#[derive(Debug, Clone, Copy, Default)]
pub struct MysqlAlternatingUsers;

impl Rotator for MysqlAlternatingUsers {
    fn create_secret(&self, event: &Event) -> Result<(), Failure> {
        let current = DatabaseSecret::current(event, ENGINE)?;
        master_arn(&current)?;
        let username = current.alternate_username();
        if current.with_username(&username).store_with_new_password(event)? {
            log::info(&format!("stored user `{username}` with a new password as the pending value"));
        }
        Ok(())
    }

    fn set_secret(&self, event: &Event) -> Result<(), Failure> {
        let current = DatabaseSecret::current(event, ENGINE)?;
        let pending = DatabaseSecret::pending(event, ENGINE)?;
        // A copy of the current value is to be made good, which is what the other function does.
        if pending.username() == current.username() {
            return MysqlSingleUser.set_secret(event);
        }
        current.require_alternate_login(&pending)?;
        if log_in(&pending, ENGINE)?.is_ok() {
            log::info("the server accepts the pending password already");
            return Ok(());
        }
        // Who cannot prove to be a user gets no copy of it.
        let connection = log_in(&current, ENGINE)?.map_err(|refusal| {
            Failure::Permanent(format!(
                "user `{}` cannot log in with the current password ({refusal}); if it was changed outside, store \
                 the one in use in the secret, and rotate again",
                current.username()
            ))
        })?;
        let in_use = Session::of(connection)?.account;
        let mut admin = log_in_as_admin(&pending, &current)?;
        let next = Account { user: pending.username().to_owned(), host: in_use.host.clone() };
        prepare(&mut admin, &in_use, &next)?;
        admin.run(&sql::set_password(admin.server, &next, pending.password())?, CHANGING)?;
        log::info("the server took the pending password");
        Ok(())
    }

    fn test_secret(&self, event: &Event) -> Result<(), Failure> {
        MysqlSingleUser.test_secret(event)
    }
}

fn master_arn(secret: &DatabaseSecret) -> Result<&str, Failure> {
    secret.master_arn().ok_or_else(|| {
        let told =
            "the secret has no key `masterarn`: two users that take turns need the secret of an admin user";
        Failure::Permanent(told.to_owned())
    })
}

fn log_in_as_admin(pending: &DatabaseSecret, current: &DatabaseSecret) -> Result<Session, Failure> {
    // A copy of an older value may be of a time before the key was added.
    let arn = pending.master_arn().map_or_else(|| master_arn(current), Ok)?;
    Ok(admin::log_in(arn, pending)?)
}

/// Makes the user whose turn it is ready for its password.
fn prepare(admin: &mut Session, in_use: &Account, next: &Account) -> Result<(), Failure> {
    let hosts = admin.hosts(&next.user)?;
    let is_clone = next.user.len() > in_use.user.len();
    match hosts.as_slice() {
        [] if is_clone => {
            let unknown = secrets::get_random_password(&PasswordRules::from_environment()?)?;
            admin.run(&sql::create_user(admin.server, next, &unknown)?, "making the clone")?;
            log::info(&format!("made user `{}`", next.user));
        }
        [] => {
            let (clone, original) = (&in_use.user, &next.user);
            return Err(Failure::Permanent(format!(
                "user `{original}` does not exist, and it is the one that `{clone}` is the clone of"
            )));
        }
        hosts if hosts.contains(&next.host) => {}
        hosts => {
            return Err(Failure::Permanent(format!(
                "user `{}` exists for the host `{}`, and not for `{}` as user `{}` does",
                next.user,
                hosts.join("`, `"),
                next.host,
                in_use.user
            )));
        }
    }
    if is_clone { copy_grants(admin, in_use, next) } else { Ok(()) }
}

/// Gives the clone what the original has. What it has beyond that, it keeps.
fn copy_grants(admin: &mut Session, original: &Account, clone: &Account) -> Result<(), Failure> {
    const COPYING: &str = "giving the clone the grants of the original";
    let lines = admin.texts(&sql::show_grants(original)?, &[], COPYING)?;
    for line in &lines {
        let statement = grants::rewritten(line, clone)?.ok_or_else(|| {
            Failure::Permanent(format!("{COPYING}: the server shows a grant in a form that is not known"))
        })?;
        admin.run(&statement.into(), COPYING)?;
    }
    if matches!(admin.server, Server::Mysql(_)) && lines.iter().any(|line| grants::is_role(line)) {
        admin.run(&sql::default_roles(clone)?.into(), COPYING)?;
    }
    Ok(())
}
