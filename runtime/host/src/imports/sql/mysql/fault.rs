//! Errors of a MySQL or MariaDB server as the contract tells them.

use std::io;

use super::packet::{REFUSED, Reader, violation};
use crate::contract::keywheel::rotation::sql::{Error, ErrorKind};
use crate::imports::sql::tls;

pub(super) use crate::imports::sql::fault::{permanent, transient};

/// This password is not accepted: wrong, or the account takes none.
const PASSWORD_REFUSED: [u16; 2] = [1045, 1698];
/// After these the same call may succeed: too many connections or sessions, no memory, a lost race for a lock.
const TRANSIENT: [u16; 7] = [1040, 1041, 1203, 1205, 1213, 1226, 3024];
/// The session is over: the server stops, or somebody or a timeout has ended it. The last ones are codes of
/// clients, which proxies send on. They are transient too.
const SESSION_ENDED: [u16; 12] = [1053, 1079, 1158, 1159, 1160, 1161, 1184, 1927, 4031, 2003, 2006, 2013];

/// What a server says no with.
struct Refusal {
    code: u16,
    sqlstate: Option<String>,
    message: String,
}

impl Refusal {
    fn read(message: &[u8]) -> Option<Self> {
        let mut reader = Reader(message);
        if reader.u8()? != REFUSED {
            return None;
        }
        let code = reader.u16()?;
        // Absent before the client has said which protocol it speaks.
        let sqlstate = match reader.0.first() {
            Some(b'#') => Some(text(&reader.take(6)?[1..])),
            _ => None,
        };
        Some(Self { code, sqlstate, message: text(reader.0) })
    }

    fn into_error(self, kind: ErrorKind) -> Error {
        let transient = TRANSIENT.contains(&self.code) || SESSION_ENDED.contains(&self.code);
        Error { kind, sqlstate: self.sqlstate, message: self.message, transient }
    }
}

/// The error in a message that came while logging in; [`violation`] when it is none.
pub(super) fn while_opening(message: &[u8]) -> Error {
    let Some(refusal) = Refusal::read(message) else { return violation() };
    let kind = match refusal.code {
        code if PASSWORD_REFUSED.contains(&code) => ErrorKind::Authentication,
        _ => ErrorKind::Connection,
    };
    refusal.into_error(kind)
}

/// The error in a message that came while a statement ran; [`violation`] when it is none.
pub(super) fn while_running(message: &[u8]) -> Error {
    let Some(refusal) = Refusal::read(message) else { return violation() };
    let kind = match refusal.code {
        code if SESSION_ENDED.contains(&code) => ErrorKind::Connection,
        _ => ErrorKind::Statement,
    };
    refusal.into_error(kind)
}

/// The code of the error in a message.
pub(super) fn code(message: &[u8]) -> Option<u16> {
    Refusal::read(message).map(|refusal| refusal.code)
}

/// An error of the connection, or of TLS on it.
pub(super) fn from_io(error: &io::Error) -> Error {
    let refused = error.get_ref().and_then(|cause| cause.downcast_ref()).and_then(tls::refusal);
    if let Some(message) = refused {
        return permanent(ErrorKind::Connection, message);
    }
    let message = match error.kind() {
        io::ErrorKind::UnexpectedEof => "the server closed the connection".to_owned(),
        _ => error.to_string(),
    };
    match error.kind() {
        io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput => permanent(ErrorKind::Connection, message),
        _ => transient(ErrorKind::Connection, message),
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(code: u16, rest: &str) -> Vec<u8> {
        [&[REFUSED][..], &code.to_le_bytes(), rest.as_bytes()].concat()
    }

    #[test]
    fn codes_tell_what_a_caller_may_do() {
        let check = |error: Error, kind: ErrorKind, transient: bool| {
            assert_eq!((error.kind, error.transient), (kind, transient), "{}", error.message);
            assert_eq!(error.sqlstate.as_deref(), Some("HY000"));
        };
        for (code, kind, transient) in [
            (1045, ErrorKind::Authentication, false),
            (1698, ErrorKind::Authentication, false),
            (1040, ErrorKind::Connection, true),
            (1049, ErrorKind::Connection, false),
            (1053, ErrorKind::Connection, true),
            (1130, ErrorKind::Connection, false),
            (3159, ErrorKind::Connection, false),
            (4151, ErrorKind::Connection, false),
        ] {
            check(while_opening(&message(code, &format!("#HY000{code}"))), kind, transient);
        }
        for (code, kind, transient) in [
            (1045, ErrorKind::Statement, false),
            (1064, ErrorKind::Statement, false),
            (1205, ErrorKind::Statement, true),
            (1213, ErrorKind::Statement, true),
            (1290, ErrorKind::Statement, false),
            (1927, ErrorKind::Connection, true),
            (2013, ErrorKind::Connection, true),
        ] {
            check(while_running(&message(code, &format!("#HY000{code}"))), kind, transient);
        }
    }

    #[test]
    fn a_server_that_is_full_says_so_before_it_knows_who_asks() {
        let error = while_opening(&message(1040, "Too many connections"));
        assert_eq!((error.sqlstate, error.message.as_str()), (None, "Too many connections"));
        assert_eq!(while_opening(b"HTTP/1.1 400").message, violation().message);
        assert_eq!(while_opening(&[REFUSED, 1]).message, violation().message);
    }
}
