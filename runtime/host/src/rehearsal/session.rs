//! An open session with a simulated database. What a transaction changes is seen by others when it commits,
//! and is gone when the session ends without.

use std::sync::Mutex;

use super::database::{self, Users};
use super::statement::Statement;
use super::{Address, Targets, lock};
use crate::contract::keywheel::rotation::sql::{Error, Rows, Value};

/// A session. Dropping it closes it.
pub(crate) struct Session {
    targets: Targets,
    address: Address,
    user: String,
    /// The users as the open transaction sees them.
    draft: Mutex<Option<Users>>,
}

impl Session {
    pub(super) const fn new(targets: Targets, address: Address, user: String) -> Self {
        Self { targets, address, user, draft: Mutex::new(None) }
    }

    /// Runs a statement; returns how many rows it changed.
    pub(crate) fn execute(&self, statement: &str, parameters: &[Value]) -> Result<u64, Error> {
        self.run(statement, parameters).map(|rows| rows.rows.len() as u64)
    }

    /// Runs a statement; returns its rows.
    pub(crate) fn query(&self, statement: &str, parameters: &[Value]) -> Result<Rows, Error> {
        self.run(statement, parameters)
    }

    fn run(&self, statement: &str, parameters: &[Value]) -> Result<Rows, Error> {
        let mut draft = lock(&self.draft);
        self.targets.on(&self.address, |database| {
            let dialect = database.dialect();
            match Statement::parse(dialect, statement)? {
                // MySQL commits what changes users at once: there, a transaction means nothing for it.
                Statement::Begin if dialect.is_transactional() => *draft = Some(database.users().clone()),
                Statement::Commit => {
                    if let Some(users) = draft.take() {
                        database.replace_users(users);
                    }
                }
                Statement::Rollback => *draft = None,
                statement => {
                    let users = draft.as_mut().unwrap_or_else(|| database.users_mut());
                    return users.run(dialect, &self.user, &statement, parameters);
                }
            }
            Ok(database::nothing())
        })
    }
}
