//! The simulated databases and HTTP services that a function can reach, by address.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};

use bytes::Bytes;
use hyper::{Request, StatusCode};
use keywheel_domain::sensitive::Sensitive;

use super::database::{Database, Dialect, Login};
use super::service::Service;
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

/// What a rehearsal has outside. A clone is the same; [`Targets::fork`] makes another.
#[derive(Clone, Default)]
pub struct Targets(Arc<Mutex<Outside>>);

#[derive(Clone, Default)]
struct Outside {
    databases: BTreeMap<Address, Database>,
    services: BTreeMap<Address, Service>,
}

impl Targets {
    /// None.
    pub fn new() -> Self {
        Self::default()
    }

    /// A copy that goes its own way.
    #[must_use]
    pub fn fork(&self) -> Self {
        Self(Arc::new(Mutex::new(self.outside().clone())))
    }

    /// Adds a database without users.
    pub fn add(&self, address: Address, dialect: Dialect) {
        self.outside().databases.insert(address, Database::new(dialect));
    }

    /// Adds an HTTP service without users, which is reached over TLS or in clear text.
    pub fn add_service(&self, address: Address, is_encrypted: bool) {
        self.outside().services.insert(address, Service::new(is_encrypted));
    }

    /// Adds a user, or changes its password and its rights. An admin may change other users.
    pub fn set_user(&self, address: &Address, name: &str, password: &Sensitive<String>, admin: bool) {
        let mut outside = self.outside();
        if let Some(database) = outside.databases.get_mut(address) {
            database.set_user(name, password, admin);
        }
        if let Some(service) = outside.services.get_mut(address) {
            service.set_user(name, password, admin);
        }
    }

    /// Whether a user logs in with a password.
    pub fn accepts(&self, address: &Address, user: &str, password: &Sensitive<String>) -> bool {
        let outside = self.outside();
        outside.databases.get(address).is_some_and(|database| database.accepts(user, password))
            || outside.services.get(address).is_some_and(|service| service.accepts(user, password))
    }

    /// The names of the users, what they were granted, and the tables, in order.
    pub fn inventory(&self, address: &Address) -> Vec<String> {
        let outside = self.outside();
        match (outside.databases.get(address), outside.services.get(address)) {
            (Some(database), _) => database.inventory(),
            (None, Some(service)) => service.inventory(),
            (None, None) => Vec::new(),
        }
    }

    /// The logins that were tried so far, in order.
    pub fn logins(&self, address: &Address) -> Vec<Login> {
        let outside = self.outside();
        match (outside.databases.get(address), outside.services.get(address)) {
            (Some(database), _) => database.logins().to_vec(),
            (None, Some(service)) => service.logins().to_vec(),
            (None, None) => Vec::new(),
        }
    }

    /// The first requests that an HTTP service did not know: method and path, without values.
    pub fn unknown_requests(&self, address: &Address) -> Vec<String> {
        self.outside().services.get(address).map(|service| service.unknown().to_vec()).unwrap_or_default()
    }

    /// Whether the HTTP service with this address is reached over TLS. `None` when there is none.
    pub(crate) fn is_encrypted(&self, address: &Address) -> Option<bool> {
        self.outside().services.get(address).map(Service::is_encrypted)
    }

    /// Answers a request. `told` is what it is called when it is remembered. `None` when there is no service.
    pub(crate) fn answer(
        &self,
        address: &Address,
        request: &Request<Bytes>,
        told: &str,
    ) -> Option<StatusCode> {
        self.outside().services.get_mut(address).map(|service| service.answer(request, told))
    }

    /// Opens a session. An address without a database is one that the sandbox does not allow: a function
    /// reaches what its secret names, and that is here.
    pub(crate) fn open(&self, target: &Target, password: &Sensitive<String>) -> Result<Session, Error> {
        let address = Address::new(&target.host, target.port);
        let mut outside = self.outside();
        let Some(database) = outside.databases.get_mut(&address) else {
            let message = format!(
                "the sandbox does not allow a connection to `tcp://{address}`; what would: `--allow tcp://{address}`"
            );
            return Err(Error { kind: ErrorKind::Egress, sqlstate: None, message, transient: false });
        };
        database.log_in(target, password)?;
        drop(outside);
        Ok(Session::new(self.clone(), address, target.username.clone()))
    }

    /// Runs something on a database. Only databases that were added have sessions, and none is removed.
    pub(super) fn on<T>(&self, address: &Address, run: impl FnOnce(&mut Database) -> T) -> T {
        let mut outside = self.outside();
        run(outside.databases.get_mut(address).expect("a session is with a database that was added"))
    }

    fn outside(&self) -> MutexGuard<'_, Outside> {
        lock(&self.0)
    }
}
