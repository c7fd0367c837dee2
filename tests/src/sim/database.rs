//! The simulated PostgreSQL: two roles, SCRAM verifiers, and faults at chosen calls.

use std::collections::BTreeMap;
use std::sync::{Mutex, OnceLock, PoisonError};

use keywheel_domain::time::Timestamp;
use keywheel_sdk::sql::{Error, ErrorKind, Rows};
use keywheel_sdk::testing::SqlServer;

use super::{ADMIN_PASSWORD, ADMIN_ROLE, FIRST_PASSWORD, PARTNER_ROLE, ROLE};

/// What goes wrong at one call of the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The connection is refused or breaks, and nothing is done.
    Refuse,
    /// The server refuses: a login as if the password were wrong, a statement for want of permission.
    Deny,
    /// The call is done, and the connection breaks before the answer.
    LoseAnswer,
    /// The statement is done, and for so many milliseconds logins are checked as before it.
    StaleLogins(i64),
    /// The server restarts: this and the following calls, so many in all, find nobody.
    Restart(u32),
    /// From this statement on the role may not change its own password.
    Revoke,
}

/// A server with two roles, and an admin who may change their passwords.
pub(super) struct Database {
    server: SqlServer,
    /// Statements that were run and by whom, to make the server of a moment ago.
    statements: Vec<(String, String)>,
    stale: Option<(SqlServer, Timestamp)>,
    /// By call, counted over all lives from 0.
    faults: BTreeMap<u32, Fault>,
    calls: u32,
    restarting: u32,
    is_revoked: bool,
    /// Which passwords the server accepts: to find out costs 4096 rounds.
    accepted: BTreeMap<(String, String), bool>,
}

impl Database {
    pub(super) fn new(faults: &[(u32, Fault)]) -> Self {
        Self {
            server: first_server(),
            statements: Vec::new(),
            stale: None,
            faults: faults.iter().copied().collect(),
            calls: 0,
            restarting: 0,
            is_revoked: false,
            accepted: BTreeMap::new(),
        }
    }

    /// Whether a role's password is this one, whatever can be reached at the moment.
    pub(super) fn accepts(&mut self, role: &str, password: &str) -> bool {
        if self.statements.is_empty() {
            return first_accepts(&self.server, role, password);
        }
        let server = &self.server;
        let asked = (role.to_owned(), password.to_owned());
        *self.accepted.entry(asked).or_insert_with(|| server.accepts(role, password))
    }

    /// Nothing goes wrong from now on.
    pub(super) fn heal(&mut self) {
        self.faults.clear();
        self.restarting = 0;
        self.is_revoked = false;
        self.stale = None;
    }

    /// A login.
    pub(super) fn log_in(&mut self, user: &str, password: &str, now: Timestamp) -> Result<(), Error> {
        let fault = self.next_fault()?;
        let stale = self.stale.as_ref().filter(|(_, until)| now < *until);
        let is_right = match stale {
            Some((server, _)) => server.accepts(user, password),
            None if user == ADMIN_ROLE => password == ADMIN_PASSWORD,
            None => [ROLE, PARTNER_ROLE].contains(&user) && self.accepts(user, password),
        };
        match fault {
            Some(Fault::LoseAnswer) => Err(disconnected()),
            Some(Fault::Deny) => Err(wrong_password(user)),
            _ if is_right => Ok(()),
            _ => Err(wrong_password(user)),
        }
    }

    /// A statement in a session of `user`.
    pub(super) fn run(&mut self, user: &str, statement: &str, now: Timestamp) -> Result<Rows, Error> {
        let fault = self.next_fault()?;
        self.is_revoked |= fault == Some(Fault::Revoke);
        let is_forbidden = self.is_revoked && user == ROLE && statement.starts_with("ALTER");
        if fault == Some(Fault::Deny) || is_forbidden {
            return Err(denied());
        }
        if let Some(Fault::StaleLogins(millis)) = fault {
            self.stale = Some((self.rebuilt(), now.plus_millis(millis)));
        }
        let answer = self.server.run(user, statement);
        if answer.is_ok() && statement.starts_with("ALTER") {
            self.statements.push((user.to_owned(), statement.to_owned()));
            self.accepted.clear();
        }
        if fault == Some(Fault::LoseAnswer) { Err(disconnected()) } else { answer }
    }

    /// An operator gives the role this password.
    pub(super) fn change_by_hand(&mut self, password: &str) {
        let statement = format!("ALTER ROLE \"{ROLE}\" PASSWORD '{password}'");
        let answer = self.server.run(ROLE, &statement);
        answer.expect("an operator writes what the server understands");
        self.statements.push((ROLE.to_owned(), statement));
        self.accepted.clear();
    }

    fn next_fault(&mut self) -> Result<Option<Fault>, Error> {
        let call = self.calls;
        self.calls += 1;
        match self.faults.remove(&call) {
            Some(Fault::Refuse) => return Err(disconnected()),
            Some(Fault::Restart(calls)) => self.restarting = calls,
            fault => return if self.restarting > 0 { self.unreachable() } else { Ok(fault) },
        }
        self.unreachable()
    }

    fn unreachable(&mut self) -> Result<Option<Fault>, Error> {
        self.restarting -= 1;
        Err(disconnected())
    }

    fn rebuilt(&self) -> SqlServer {
        let mut server = first_server();
        for (user, statement) in &self.statements {
            let answer = server.run(user, statement);
            answer.expect("the same statement is accepted again");
        }
        server
    }
}

/// What the server accepts before anything was changed. Runs of one seed ask for the same passwords.
fn first_accepts(server: &SqlServer, role: &str, password: &str) -> bool {
    static ACCEPTED: Mutex<BTreeMap<(String, String), bool>> = Mutex::new(BTreeMap::new());
    let mut accepted = ACCEPTED.lock().unwrap_or_else(PoisonError::into_inner);
    let asked = (role.to_owned(), password.to_owned());
    *accepted.entry(asked).or_insert_with(|| server.accepts(role, password))
}

fn first_server() -> SqlServer {
    static VERIFIER: OnceLock<String> = OnceLock::new();
    let verifier = VERIFIER.get_or_init(|| keywheel_sdk::scram::verifier(&FIRST_PASSWORD.into()));
    let mut server = SqlServer::default();
    server.set_password(ROLE, verifier);
    server.set_password(PARTNER_ROLE, verifier);
    server.set_admin(ADMIN_ROLE, ADMIN_PASSWORD);
    server
}

fn disconnected() -> Error {
    Error {
        kind: ErrorKind::Connection,
        sqlstate: None,
        message: "the server cannot be reached".to_owned(),
        transient: true,
    }
}

fn wrong_password(user: &str) -> Error {
    Error {
        kind: ErrorKind::Authentication,
        sqlstate: Some("28P01".to_owned()),
        message: format!("password authentication failed for user \"{user}\""),
        transient: false,
    }
}

fn denied() -> Error {
    Error {
        kind: ErrorKind::Statement,
        sqlstate: Some("42501".to_owned()),
        message: "permission denied to alter role".to_owned(),
        transient: false,
    }
}
