//! A simulated PostgreSQL server: users who log in, and the statements that rotators issue.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use postgres_protocol::authentication::sasl::{ChannelBinding, ScramSha256};
use sha2::{Digest as _, Sha256};

use super::statement::{Token, tokens};
use crate::sql::{Error, ErrorKind, Rows, Value};

const VERIFIER_PREFIX: &str = "SCRAM-SHA-256$";

/// How a server can be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Reach {
    /// It answers.
    #[default]
    Open,
    /// It does not answer.
    Stopped,
    /// The sandbox does not allow to connect to it.
    Forbidden,
}

/// A server: what each user's password is, kept as it was given, in clear or as a SCRAM verifier.
#[derive(Default)]
pub struct SqlServer {
    passwords: BTreeMap<String, String>,
    admins: BTreeSet<String>,
    statements: Vec<String>,
    reach: Reach,
}

impl SqlServer {
    /// Adds a user, or changes its password.
    pub fn set_password(&mut self, user: &str, password: &str) {
        self.passwords.insert(user.to_owned(), password.to_owned());
    }

    /// Adds a user who may change the password of any other.
    pub fn set_admin(&mut self, user: &str, password: &str) {
        self.set_password(user, password);
        self.admins.insert(user.to_owned());
    }

    /// Removes a user.
    pub fn drop_user(&mut self, user: &str) {
        self.passwords.remove(user);
        self.admins.remove(user);
    }

    /// Changes how the server can be reached.
    pub fn set_reach(&mut self, reach: Reach) {
        self.reach = reach;
    }

    /// Whether a user can log in with a password.
    pub fn accepts(&self, user: &str, password: &str) -> bool {
        self.passwords.get(user).is_some_and(|held| match held.strip_prefix(VERIFIER_PREFIX) {
            Some(verifier) => verifies(verifier, password).unwrap_or(false),
            None => held == password,
        })
    }

    /// The statements run so far.
    pub fn statements(&self) -> &[String] {
        &self.statements
    }

    /// Opens a session.
    pub fn log_in(&self, user: &str, password: &str) -> Result<(), Error> {
        self.reachable()?;
        if self.accepts(user, password) {
            return Ok(());
        }
        Err(Error {
            kind: ErrorKind::Authentication,
            sqlstate: Some("28P01".to_owned()),
            message: format!("password authentication failed for user \"{user}\""),
            transient: false,
        })
    }

    /// Runs a statement in a session of `user`: `ALTER ROLE … PASSWORD …` of that user, by an admin of any, or
    /// a `SELECT`, which is answered by one row with the number 1.
    pub fn run(&mut self, user: &str, statement: &str) -> Result<Rows, Error> {
        self.reachable()?;
        self.statements.push(statement.to_owned());
        let syntax = || refused("42601", "syntax error");
        match tokens(statement, true).ok_or_else(syntax)?.as_slice() {
            [Token::Word(select), ..] if select == "select" => {
                Ok(Rows { columns: vec!["?column?".to_owned()], rows: vec![vec![Value::Integer(1)]] })
            }
            [Token::Word(alter), Token::Word(role), Token::Name(name), rest @ ..]
                if alter == "alter" && (role == "role" || role == "user") =>
            {
                let rest = match rest {
                    [Token::Word(with), rest @ ..] if with == "with" => rest,
                    rest => rest,
                };
                let [Token::Word(word), Token::Text(password)] = rest else { return Err(syntax()) };
                if word != "password" {
                    return Err(syntax());
                }
                let is_known = self.passwords.contains_key(name);
                if self.admins.contains(user) && !is_known {
                    return Err(refused("42704", &format!("role \"{name}\" does not exist")));
                }
                if (name != user && !self.admins.contains(user)) || !is_known {
                    return Err(refused("42501", "permission denied to alter role"));
                }
                self.set_password(name, password);
                Ok(Rows { columns: Vec::new(), rows: Vec::new() })
            }
            _ => Err(syntax()),
        }
    }

    fn reachable(&self) -> Result<(), Error> {
        let (kind, message, transient) = match self.reach {
            Reach::Open => return Ok(()),
            Reach::Stopped => (ErrorKind::Connection, "connection refused", true),
            Reach::Forbidden => (ErrorKind::Egress, "the function may not connect to this server", false),
        };
        Err(Error { kind, sqlstate: None, message: message.to_owned(), transient })
    }
}

fn refused(sqlstate: &str, message: &str) -> Error {
    Error {
        kind: ErrorKind::Statement,
        sqlstate: Some(sqlstate.to_owned()),
        message: message.to_owned(),
        transient: false,
    }
}

/// Plays the server's part of a SCRAM exchange (RFC 5802): the proof that the client makes from the
/// password must uncover a key whose hash is the stored one.
fn verifies(verifier: &str, password: &str) -> Option<bool> {
    let (cost, keys) = verifier.split_once('$')?;
    let (iterations, salt) = cost.split_once(':')?;
    let (stored_key, _) = keys.split_once(':')?;
    let stored_key = STANDARD.decode(stored_key).ok()?;

    let mut client = ScramSha256::new(password.as_bytes(), ChannelBinding::unsupported());
    let client_first = String::from_utf8(client.message().to_vec()).ok()?;
    let bare = client_first.strip_prefix("n,,")?;
    let (_, nonce) = bare.split_once("r=")?;
    let server_first = format!("r={nonce}-of-both,s={salt},i={iterations}");
    client.update(server_first.as_bytes()).ok()?;
    let client_final = String::from_utf8(client.message().to_vec()).ok()?;
    let (unproven, proof) = client_final.rsplit_once(",p=")?;

    let mut signature = Hmac::<Sha256>::new_from_slice(&stored_key).ok()?;
    signature.update(format!("{bare},{server_first},{unproven}").as_bytes());
    let signature = signature.finalize().into_bytes();
    let proof = STANDARD.decode(proof).ok()?;
    let client_key: Vec<u8> = proof.iter().zip(signature).map(|(byte, mask)| byte ^ mask).collect();
    Some(Sha256::digest(client_key).as_slice() == stored_key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verifier_accepts_its_password_only() {
        let mut server = SqlServer::default();
        server.set_password("app", "first");
        assert!(server.accepts("app", "first") && !server.accepts("app", ""));
        let statement = format!("ALTER ROLE \"app\" PASSWORD '{}'", crate::scram::verifier(&"second".into()));
        server.run("app", &statement).unwrap();
        assert!(server.accepts("app", "second"));
        assert!(!server.accepts("app", "first") && !server.accepts("app", &statement));
    }

    #[test]
    fn an_admin_changes_the_password_of_others() {
        let mut server = SqlServer::default();
        server.set_password("app", "first");
        server.set_admin("root", "master");
        server.run("root", "ALTER ROLE \"app\" PASSWORD 'second'").unwrap();
        assert!(server.accepts("app", "second"));
        let error = server.run("root", "ALTER ROLE \"gone\" PASSWORD 'x'").unwrap_err();
        assert_eq!(error.sqlstate.as_deref(), Some("42704"));
        server.drop_user("app");
        assert!(!server.accepts("app", "second"));
    }

    #[test]
    fn other_statements_are_refused() {
        let mut server = SqlServer::default();
        server.set_password("app", "first");
        server.set_password("other", "first");
        let mut check = |statement: &str, sqlstate: &str| {
            let error = server.run("app", statement).unwrap_err();
            assert_eq!(error.sqlstate.as_deref(), Some(sqlstate), "{statement}");
        };
        check("ALTER ROLE \"other\" PASSWORD 'x'", "42501");
        check("ALTER ROLE \"app\" PASSWORD 'x'; SELECT 1", "42601");
        check("ALTER ROLE \"app\" PASSWORD 'x", "42601");
        check("DROP ROLE \"app\"", "42601");
    }
}
