//! Connections to SQL databases. The host holds the driver and TLS, and checks where a function may
//! dial: by default the host and the port that the secret names.

use std::fmt;

use thiserror::Error;

use crate::host::{self, Host, Session};
use crate::sensitive::Sensitive;

pub use crate::quote::{
    Backslash, EmbeddedNul, quote_identifier, quote_literal, quote_mysql_identifier, quote_mysql_literal,
};

/// The kind of database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Engine {
    /// PostgreSQL.
    Postgres,
    /// MySQL and MariaDB.
    Mysql,
}

/// How a connection is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Tls {
    /// Never encrypted.
    Disable,
    /// Encrypted when the server offers it; the certificate is not verified.
    Prefer,
    /// Encrypted, and the certificate must be valid for the host name.
    VerifyFull,
}

/// Where to connect, and as whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The kind of database.
    pub engine: Engine,
    /// A host name or an address.
    pub host: String,
    /// A TCP port.
    pub port: u16,
    /// The database; the server's default for the user when absent.
    pub database: Option<String>,
    /// Who logs in.
    pub username: String,
    /// With what.
    pub password: Sensitive<String>,
    /// How the connection is protected.
    pub tls: Tls,
}

/// A parameter or a cell.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// No value.
    Null,
    /// A truth value.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// A binary floating point number.
    Float(f64),
    /// Text, and every type that has no other form here.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
}

/// The answer to a query.
#[derive(Debug, Clone, PartialEq)]
pub struct Rows {
    /// The names of the columns.
    pub columns: Vec<String>,
    /// One list of cells for each row.
    pub rows: Vec<Vec<Value>>,
}

/// What went wrong, where a function would act differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The sandbox does not allow this host and port; the message holds the line that would.
    Egress,
    /// No connection: refused, timed out, no such host, TLS failed, broken in the middle.
    Connection,
    /// The server refused the password: another one may be the right one.
    Authentication,
    /// The server refused a statement.
    Statement,
    /// A limit of the sandbox: too many connections, too many rows.
    Limit,
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Egress => "not allowed by the sandbox",
            Self::Connection => "no connection",
            Self::Authentication => "login refused",
            Self::Statement => "statement refused",
            Self::Limit => "limit of the sandbox",
        })
    }
}

/// Why a connection or a statement failed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{kind}: {message}")]
pub struct Error {
    /// What went wrong.
    pub kind: ErrorKind,
    /// Five characters, when the server sent one.
    pub sqlstate: Option<String>,
    /// A sentence of the host or the server.
    pub message: String,
    /// Whether the same call may succeed later.
    pub transient: bool,
}

/// An open session. Dropping it closes it.
///
/// ```
/// # use keywheel_sdk::{sql, testing};
/// # let host = testing::InMemory::new();
/// # host.server("db", 5432).user("app", "first");
/// # testing::with_host(host, || -> Result<(), sql::Error> {
/// let mut connection = sql::Connection::open(&sql::Target {
///     engine: sql::Engine::Postgres,
///     host: "db".into(),
///     port: 5432,
///     database: None,
///     username: "app".into(),
///     password: "first".into(),
///     tls: sql::Tls::VerifyFull,
/// })?;
/// let answer = connection.query("SELECT 1", &[])?;
/// assert_eq!(answer.rows, [[sql::Value::Integer(1)]]);
/// # Ok(())
/// # }).unwrap();
/// ```
pub struct Connection(Box<dyn Session>);

impl Connection {
    /// Connects and logs in.
    pub fn open(target: &Target) -> Result<Self, Error> {
        Host::open(host::current().as_ref(), target).map(Self)
    }

    /// Runs one statement with bound parameters; returns the number of rows that it changed.
    pub fn execute(&mut self, statement: &str, parameters: &[Value]) -> Result<u64, Error> {
        self.0.execute(statement, parameters)
    }

    /// Runs one statement with bound parameters; returns its rows.
    pub fn query(&mut self, statement: &str, parameters: &[Value]) -> Result<Rows, Error> {
        self.0.query(statement, parameters)
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Connection")
    }
}
