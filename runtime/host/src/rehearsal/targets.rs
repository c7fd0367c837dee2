//! The simulated databases that a function can reach, by address.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};

use keywheel_domain::sensitive::Sensitive;

use super::database::{Database, Dialect, Login};
use super::{Session, lock};
use crate::contract::keywheel::rotation::sql::{Error, ErrorKind, Target};

/// A host and a port. The host is in small letters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    host: String,
    port: u16,
}

impl Address {
    /// A host and a port.
    pub fn new(host: &str, port: u16) -> Self {
        Self { host: host.to_ascii_lowercase(), port }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

/// The databases of a rehearsal. A clone is the same databases; [`Targets::fork`] makes others.
#[derive(Clone, Default)]
pub struct Targets(Arc<Mutex<BTreeMap<Address, Database>>>);

impl Targets {
    /// None.
    pub fn new() -> Self {
        Self::default()
    }

    /// A copy that goes its own way.
    #[must_use]
    pub fn fork(&self) -> Self {
        Self(Arc::new(Mutex::new(self.databases().clone())))
    }

    /// Adds a database without users.
    pub fn add(&self, address: Address, dialect: Dialect) {
        self.databases().insert(address, Database::new(dialect));
    }

    /// Adds a user, or changes its password and its rights. An admin may change other users.
    pub fn set_user(&self, address: &Address, name: &str, password: &Sensitive<String>, admin: bool) {
        if let Some(database) = self.databases().get_mut(address) {
            database.set_user(name, password, admin);
        }
    }

    /// Whether a user logs in with a password.
    pub fn accepts(&self, address: &Address, user: &str, password: &Sensitive<String>) -> bool {
        self.databases().get(address).is_some_and(|database| database.accepts(user, password))
    }

    /// The names of the users, what they were granted, and the tables, in order.
    pub fn inventory(&self, address: &Address) -> Vec<String> {
        self.databases().get(address).map(Database::inventory).unwrap_or_default()
    }

    /// The logins that were tried so far, in order.
    pub fn logins(&self, address: &Address) -> Vec<Login> {
        self.databases().get(address).map(|database| database.logins().to_vec()).unwrap_or_default()
    }

    /// Opens a session. An address without a database is one that the sandbox does not allow: a function
    /// reaches what its secret names, and that is here.
    pub(crate) fn open(&self, target: &Target, password: &Sensitive<String>) -> Result<Session, Error> {
        let address = Address::new(&target.host, target.port);
        let mut databases = self.databases();
        let Some(database) = databases.get_mut(&address) else {
            let message = format!(
                "the sandbox does not allow a connection to `tcp://{address}`; what would: `--allow tcp://{address}`"
            );
            return Err(Error { kind: ErrorKind::Egress, sqlstate: None, message, transient: false });
        };
        database.log_in(target, password)?;
        drop(databases);
        Ok(Session::new(self.clone(), address, target.username.clone()))
    }

    /// Runs something on a database. Only databases that were added have sessions, and none is removed.
    pub(super) fn on<T>(&self, address: &Address, run: impl FnOnce(&mut Database) -> T) -> T {
        run(self.databases().get_mut(address).expect("a session is with a database that was added"))
    }

    fn databases(&self) -> MutexGuard<'_, BTreeMap<Address, Database>> {
        lock(&self.0)
    }
}
