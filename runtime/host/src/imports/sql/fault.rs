//! Errors of the driver and of the network as the contract tells them.

use std::error::Error as StdError;
use std::io;

use tokio_postgres::error::SqlState;

use super::tls;
use crate::contract::keywheel::rotation::sql::{Error, ErrorKind};
use crate::egress::EgressError;

/// SQLSTATEs, or their first characters, after which the same call may succeed: a connection that broke,
/// resources that ran out, a server that stops or starts, a transaction that lost a race. PostgreSQL calls it
/// an internal error (XX000) when two sessions change one role at once.
const TRANSIENT: [&str; 8] = ["08", "53", "57P", "40001", "40P01", "55P03", "58", "XX000"];
/// Class of broken connections.
const CONNECTION_EXCEPTION: &str = "08";

/// An error that the server has no part in, and that time does not heal.
pub(super) const fn permanent(kind: ErrorKind, message: String) -> Error {
    Error { kind, sqlstate: None, message, transient: false }
}

/// An error that the server has no part in, and that may pass.
pub(super) const fn transient(kind: ErrorKind, message: String) -> Error {
    Error { kind, sqlstate: None, message, transient: true }
}

/// What a rehearsal puts in the place of an answer: the connection broke.
pub(super) fn lost() -> Error {
    transient(ErrorKind::Connection, "the connection to the server broke off".to_owned())
}

pub(super) fn from_egress(error: &EgressError) -> Error {
    if error.is_refusal() {
        permanent(ErrorKind::Egress, error.to_string())
    } else {
        transient(ErrorKind::Connection, with_causes(error))
    }
}

/// An error while connecting and logging in.
pub(super) fn while_opening(error: &tokio_postgres::Error) -> Error {
    if let Some(message) = tls_cause(error).and_then(tls::refusal) {
        return permanent(ErrorKind::Connection, message);
    }
    let kind = match error.code() {
        // The rest of its class, such as a missing line in `pg_hba.conf`, is no matter of the password:
        // with another one the server would say the same.
        Some(&SqlState::INVALID_PASSWORD) => ErrorKind::Authentication,
        _ => ErrorKind::Connection,
    };
    from_driver(kind, error)
}

/// An error while a statement runs.
pub(super) fn while_running(error: &tokio_postgres::Error) -> Error {
    let kind = match error.code().map(SqlState::code) {
        Some(code) if code.starts_with(CONNECTION_EXCEPTION) || is_shutdown(code) => ErrorKind::Connection,
        None if error.is_closed() || io_cause(error).is_some() => ErrorKind::Connection,
        _ => ErrorKind::Statement,
    };
    from_driver(kind, error)
}

fn from_driver(kind: ErrorKind, error: &tokio_postgres::Error) -> Error {
    if let Some(refusal) = error.as_db_error() {
        let code = refusal.code().code();
        return Error {
            kind,
            sqlstate: Some(code.to_owned()),
            // Detail and hint may repeat what was sent; the message does so least.
            message: refusal.message().to_owned(),
            transient: is_transient(code),
        };
    }
    let transient = match io_cause(error) {
        Some(cause) => !matches!(
            cause.kind(),
            io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput | io::ErrorKind::PermissionDenied
        ),
        None => error.is_closed(),
    };
    Error { kind, sqlstate: None, message: with_causes(error), transient }
}

fn is_transient(code: &str) -> bool {
    // A statement that was cancelled would be so again: nobody but its timeout cancels it.
    code != SqlState::QUERY_CANCELED.code() && TRANSIENT.iter().any(|prefix| code.starts_with(prefix))
}

/// Codes that a server sends when it ends a session.
fn is_shutdown(code: &str) -> bool {
    [SqlState::ADMIN_SHUTDOWN, SqlState::CRASH_SHUTDOWN, SqlState::CANNOT_CONNECT_NOW]
        .iter()
        .any(|state| state.code() == code)
}

fn io_cause(error: &tokio_postgres::Error) -> Option<&io::Error> {
    let mut cause = error.source();
    while let Some(inner) = cause {
        if let Some(found) = inner.downcast_ref() {
            return Some(found);
        }
        cause = inner.source();
    }
    None
}

fn tls_cause(error: &tokio_postgres::Error) -> Option<&rustls::Error> {
    io_cause(error)?.get_ref()?.downcast_ref()
}

/// The message and those of its causes, each once.
fn with_causes(error: &(dyn StdError + 'static)) -> String {
    let mut message = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let text = inner.to_string();
        if !message.contains(&text) {
            message.push_str(": ");
            message.push_str(&text);
        }
        cause = inner.source();
    }
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_pass_is_transient() {
        for (code, expected) in [
            ("08006", true),
            ("53300", true),
            ("57P01", true),
            ("57P03", true),
            ("57014", false),
            ("40001", true),
            ("40P01", true),
            ("40002", false),
            ("55P03", true),
            ("XX000", true),
            ("XX001", false),
            ("28P01", false),
            ("42501", false),
        ] {
            assert_eq!(is_transient(code), expected, "{code}");
        }
    }
}
