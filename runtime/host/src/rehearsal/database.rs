//! A simulated database: users who log in, and what the statements of rotators do to them.

use std::collections::{BTreeMap, BTreeSet};

use keywheel_domain::sensitive::Sensitive;

use super::credential::Credential;
use super::statement::{Given, Statement, Token};
use crate::contract::keywheel::rotation::sql::{self as wit, Error, ErrorKind, Rows, Target, Value};

/// Users, tables and grants, each; logins that are remembered.
const ENTRIES_MAX: usize = 1000;
/// Where MySQL's accounts may log in from.
const ANY_HOST: &str = "%";
/// How MySQL reads texts.
const SQL_MODE: &str = "STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION";
/// What a connection is encrypted with, for who asks.
const CIPHER: &str = "TLS_AES_256_GCM_SHA384";
/// Where databases list their users.
const USER_TABLES: [&str; 6] = ["pg_roles", "pg_user", "pg_authid", "pg_shadow", "user", "global_priv"];

/// Which kind of database it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// PostgreSQL.
    Postgres,
    /// MySQL.
    Mysql,
    /// MariaDB.
    Mariadb,
}

impl Dialect {
    /// What the contract calls so. MariaDB is told from MySQL by who simulates it.
    pub(super) const fn of(engine: wit::Engine) -> Self {
        match engine {
            wit::Engine::Postgres => Self::Postgres,
            wit::Engine::Mysql => Self::Mysql,
        }
    }

    const fn engine(self) -> wit::Engine {
        match self {
            Self::Postgres => wit::Engine::Postgres,
            Self::Mysql | Self::Mariadb => wit::Engine::Mysql,
        }
    }

    /// Whether users are changed in transactions.
    pub(super) const fn is_transactional(self) -> bool {
        matches!(self, Self::Postgres)
    }

    pub(super) const fn syntax_error(self) -> &'static str {
        match self {
            Self::Postgres => "42601",
            Self::Mysql | Self::Mariadb => "42000",
        }
    }

    const fn version(self) -> &'static str {
        match self {
            Self::Postgres => "PostgreSQL 17.0 (simulated)",
            Self::Mysql => "8.4.0",
            Self::Mariadb => "11.4.0-MariaDB",
        }
    }
}

/// A login that was tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    /// As whom.
    pub user: String,
    /// With what.
    pub password: Sensitive<String>,
    /// Whether the database took it.
    pub accepted: bool,
}

/// A database.
#[derive(Clone)]
pub(super) struct Database {
    dialect: Dialect,
    users: Users,
    logins: Vec<Login>,
}

/// What statements change.
#[derive(Clone, Default)]
pub(super) struct Users {
    users: BTreeMap<String, User>,
    tables: BTreeSet<String>,
    grants: BTreeSet<String>,
}

#[derive(Clone)]
struct User {
    /// Without one, the user cannot log in.
    credential: Option<Credential>,
    admin: bool,
}

impl Database {
    pub(super) fn new(dialect: Dialect) -> Self {
        Self { dialect, users: Users::default(), logins: Vec::new() }
    }

    pub(super) const fn dialect(&self) -> Dialect {
        self.dialect
    }

    pub(super) const fn users(&self) -> &Users {
        &self.users
    }

    pub(super) const fn users_mut(&mut self) -> &mut Users {
        &mut self.users
    }

    pub(super) fn replace_users(&mut self, users: Users) {
        self.users = users;
    }

    pub(super) fn set_user(&mut self, name: &str, password: &Sensitive<String>, admin: bool) {
        let credential = Some(Credential::clear(password.expose()));
        self.users.users.insert(name.to_owned(), User { credential, admin });
    }

    pub(super) fn accepts(&self, user: &str, password: &Sensitive<String>) -> bool {
        let known = self.users.users.get(user).and_then(|user| user.credential.as_ref());
        known.is_some_and(|credential| credential.accepts(password))
    }

    /// Everything but passwords.
    pub(super) fn inventory(&self) -> Vec<String> {
        let Users { users, tables, grants } = &self.users;
        let users = users.keys().map(|name| format!("user {name}"));
        let tables = tables.iter().map(|name| format!("table {name}"));
        users.chain(tables).chain(grants.iter().cloned()).collect()
    }

    pub(super) fn logins(&self) -> &[Login] {
        &self.logins
    }

    pub(super) fn log_in(&mut self, target: &Target, password: &Sensitive<String>) -> Result<(), Error> {
        if target.engine != self.dialect.engine() {
            let message = "the server speaks another protocol: the secret is for another kind of database";
            return Err(Error {
                kind: ErrorKind::Connection,
                sqlstate: None,
                message: message.to_owned(),
                transient: false,
            });
        }
        let user = &target.username;
        let accepted = self.accepts(user, password);
        if self.logins.len() < ENTRIES_MAX {
            self.logins.push(Login { user: user.clone(), password: password.clone(), accepted });
        }
        if accepted {
            return Ok(());
        }
        let (state, message) = match self.dialect {
            Dialect::Postgres => ("28P01", format!("password authentication failed for user \"{user}\"")),
            Dialect::Mysql | Dialect::Mariadb => {
                ("28000", format!("Access denied for user '{user}'@'localhost' (using password: YES)"))
            }
        };
        let sqlstate = Some(state.to_owned());
        Err(Error { kind: ErrorKind::Authentication, sqlstate, message, transient: false })
    }
}

impl Users {
    /// Runs a statement in a session of `user`.
    pub(super) fn run(
        &mut self,
        dialect: Dialect,
        user: &str,
        statement: &Statement,
        parameters: &[Value],
    ) -> Result<Rows, Error> {
        match statement {
            Statement::Select(tokens) => return Ok(self.select(dialect, user, tokens, parameters)),
            // Statements that change users take no parameters, in either database.
            _ if !parameters.is_empty() => {
                return Err(refused(dialect.syntax_error(), "syntax error at a parameter"));
            }
            Statement::SetPassword { user: named, given } => {
                let named = named.as_deref().unwrap_or(user);
                self.require_rights(user, named)?;
                let credential = credential(dialect, given)?;
                let missing = || refused("42704", &format!("user `{named}` does not exist"));
                self.users.get_mut(named).ok_or_else(missing)?.credential = Some(credential);
            }
            Statement::CreateUser { user: made, given, if_absent } => {
                self.require_admin(user)?;
                if self.users.contains_key(made) {
                    return if *if_absent { Ok(nothing()) } else { Err(exists(made)) };
                }
                let credential = given.as_ref().map(|given| credential(dialect, given)).transpose()?;
                room(self.users.len())?;
                self.users.insert(made.clone(), User { credential, admin: false });
            }
            Statement::DropUser { user: dropped, if_exists } => {
                self.require_admin(user)?;
                if self.users.remove(dropped).is_none() && !if_exists {
                    return Err(refused("42704", &format!("user `{dropped}` does not exist")));
                }
            }
            Statement::CreateTable { name, if_absent } => {
                room(self.tables.len())?;
                if !self.tables.insert(name.clone()) && !if_absent {
                    return Err(exists(name));
                }
            }
            Statement::DropTable { name, if_exists } => {
                if !self.tables.remove(name) && !if_exists {
                    return Err(refused("42P01", &format!("table `{name}` does not exist")));
                }
            }
            Statement::Grant(grant) => {
                self.require_admin(user)?;
                room(self.grants.len())?;
                self.grants.insert(grant.clone());
            }
            Statement::Begin | Statement::Commit | Statement::Rollback | Statement::Accepted => {}
        }
        Ok(nothing())
    }

    fn require_admin(&self, user: &str) -> Result<(), Error> {
        match self.users.get(user) {
            Some(user) if user.admin => Ok(()),
            _ => Err(refused("42501", "permission denied")),
        }
    }

    /// Everybody may change their own password.
    fn require_rights(&self, user: &str, changed: &str) -> Result<(), Error> {
        if user == changed && self.users.contains_key(user) { Ok(()) } else { self.require_admin(user) }
    }

    /// Answers what rotators ask: who is there, who am I, which server is it. Each column that is not understood
    /// is the number 1.
    fn select(&self, dialect: Dialect, user: &str, tokens: &[Token], parameters: &[Value]) -> Rows {
        let word = |wanted: &str| {
            tokens.iter().position(|token| matches!(token, Token::Word(word) if word == wanted))
        };
        let account = match dialect {
            Dialect::Postgres => user.to_owned(),
            Dialect::Mysql | Dialect::Mariadb => format!("{user}@{ANY_HOST}"),
        };
        if word("grants").is_some() {
            let named = tokens.iter().find_map(|token| match token {
                Token::Name(name) | Token::Text(name) => Some(name.as_str()),
                _ => None,
            });
            let named = named.unwrap_or(user);
            return rows([vec![Value::Text(format!("GRANT USAGE ON *.* TO `{named}`@`{ANY_HOST}`"))]]);
        }
        if let (Some(_), Some(Token::Text(name))) = (word("status"), tokens.last()) {
            return rows([vec![Value::Text(name.clone()), Value::Text(CIPHER.to_owned())]]);
        }
        let from = word("from").unwrap_or(tokens.len());
        let columns = tokens[..from].split(|token| *token == Token::Other(','));
        let row: Vec<Value> = columns.map(|column| cell(dialect, &account, column)).collect();
        let asks_for_users = tokens[from..]
            .iter()
            .any(|token| matches!(token, Token::Word(word) if USER_TABLES.contains(&word.as_str())));
        if !asks_for_users {
            return rows([row]);
        }
        let bound = parameters.iter().filter_map(|value| match value {
            Value::Text(text) => Some(text.as_str()),
            _ => None,
        });
        let written = tokens[from..].iter().filter_map(|token| match token {
            Token::Text(text) => Some(text.as_str()),
            _ => None,
        });
        let known = bound.chain(written).any(|name| self.users.contains_key(name));
        rows(known.then_some(row))
    }
}

/// What stands in a column.
fn cell(dialect: Dialect, account: &str, column: &[Token]) -> Value {
    let asks = |words: &[&str]| {
        column.iter().any(|token| matches!(token, Token::Word(word) if words.contains(&word.as_str())))
    };
    let text = |text: &str| Value::Text(text.to_owned());
    if asks(&["current_user", "session_user", "user"]) {
        text(account)
    } else if asks(&["version", "server_version"]) {
        text(dialect.version())
    } else if asks(&["sql_mode"]) {
        text(SQL_MODE)
    } else if asks(&["host"]) {
        text(ANY_HOST)
    } else {
        Value::Integer(1)
    }
}

fn credential(dialect: Dialect, given: &Given) -> Result<Credential, Error> {
    let made = match (dialect, given) {
        (Dialect::Postgres, Given::Text(text)) => Credential::postgres(text),
        (_, Given::Text(text)) => Some(Credential::clear(text)),
        (_, Given::Hash(text)) => Credential::native(text),
    };
    made.ok_or_else(|| {
        refused(
            "0A000",
            "the simulated server does not verify this form of a password: it knows clear text, SCRAM-SHA-256 \
             verifiers and the hashes of mysql_native_password",
        )
    })
}

fn room(entries: usize) -> Result<(), Error> {
    if entries < ENTRIES_MAX { Ok(()) } else { Err(refused("53000", "the simulated server is full")) }
}

fn exists(name: &str) -> Error {
    refused("42710", &format!("`{name}` already exists"))
}

/// A refusal of a statement.
pub(super) fn refused(state: &str, message: &str) -> Error {
    Error {
        kind: ErrorKind::Statement,
        sqlstate: Some(state.to_owned()),
        message: message.to_owned(),
        transient: false,
    }
}

/// No rows.
pub(super) const fn nothing() -> Rows {
    Rows { columns: Vec::new(), rows: Vec::new() }
}

fn rows(rows: impl IntoIterator<Item = Vec<Value>>) -> Rows {
    let rows: Vec<Vec<Value>> = rows.into_iter().collect();
    let width = rows.first().map_or(0, Vec::len);
    Rows { columns: (1..=width).map(|number| format!("column{number}")).collect(), rows }
}
