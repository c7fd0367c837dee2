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
    /// Roles that cannot log in yet.
    without_login: BTreeSet<String>,
    /// Roles, each with one of its members.
    members: BTreeSet<(String, String)>,
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

    /// Makes a user a member of a role.
    pub fn grant(&mut self, user: &str, role: &str) {
        self.members.insert((role.to_owned(), user.to_owned()));
    }

    /// The roles that a user is a member of, in alphabetical order.
    pub fn grants(&self, user: &str) -> Vec<String> {
        self.members.iter().filter(|(_, member)| member == user).map(|(role, _)| role.clone()).collect()
    }

    /// Removes a user.
    pub fn drop_user(&mut self, user: &str) {
        self.members.retain(|(role, member)| role != user && member != user);
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
        reachable(self.reach)?;
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

    /// Runs a statement without parameters; see [`run_with`](Self::run_with).
    pub fn run(&mut self, user: &str, statement: &str) -> Result<Rows, Error> {
        self.run_with(user, statement, &[])
    }

    /// Runs a statement in a session of `user`: `ALTER ROLE … PASSWORD …` of that user, by an admin of any;
    /// what an admin makes roles and members with; a `SELECT` from the catalogs of roles. Any other `SELECT` is
    /// answered by one row with the number 1.
    pub fn run_with(&mut self, user: &str, statement: &str, parameters: &[Value]) -> Result<Rows, Error> {
        reachable(self.reach)?;
        self.statements.push(statement.to_owned());
        let tokens = tokens(statement, true).ok_or_else(syntax)?;
        let verb: Vec<&str> = tokens.iter().map_while(word).collect();
        match (verb.as_slice(), &tokens[verb.len()..]) {
            (["select", ..], _) => self.select(statement, parameters),
            (["alter", "role" | "user"], [Token::Name(name), rest @ ..]) => self.alter(user, name, rest),
            (["create", "role"], [Token::Name(name), rest @ ..])
                if rest.iter().all(|token| word(token) == Some("nologin")) =>
            {
                self.require_admin(user)?;
                if self.is_known(name) {
                    return Err(refused("42710", &format!("role \"{name}\" already exists")));
                }
                self.without_login.insert(name.clone());
                Ok(nothing())
            }
            (["grant"], [Token::Name(role), to, Token::Name(member)]) if word(to) == Some("to") => {
                self.require_admin(user)?;
                if self.members.contains(&(member.clone(), role.clone())) {
                    return Err(refused(
                        "0LP01",
                        &format!("role \"{member}\" is a member of role \"{role}\""),
                    ));
                }
                self.grant(member, role);
                Ok(nothing())
            }
            _ => Err(syntax()),
        }
    }

    fn select(&self, statement: &str, parameters: &[Value]) -> Result<Rows, Error> {
        let found = match parameters {
            [Value::Text(role), Value::Text(other)] if statement.contains("FROM pg_auth_members") => {
                let is_member =
                    |role: &String, member: &String| self.members.contains(&(role.clone(), member.clone()));
                is_member(role, other) || is_member(other, role)
            }
            [Value::Text(role)] if statement.contains("FROM pg_roles") => self.is_known(role),
            [] => true,
            _ => return Err(syntax()),
        };
        let rows = if found { vec![vec![Value::Integer(1)]] } else { Vec::new() };
        Ok(Rows { columns: vec!["?column?".to_owned()], rows })
    }

    /// Behind the name: `[WITH] [LOGIN] PASSWORD '…'`, or `SET role TO '…'`, which changes nothing here.
    fn alter(&mut self, user: &str, name: &str, rest: &[Token]) -> Result<Rows, Error> {
        let options: Vec<&str> = rest.iter().map_while(word).collect();
        let [Token::Text(value)] = &rest[options.len()..] else { return Err(syntax()) };
        if self.admins.contains(user) && !self.is_known(name) {
            return Err(refused("42704", &format!("role \"{name}\" does not exist")));
        }
        if (name != user && !self.admins.contains(user)) || !self.is_known(name) {
            return Err(refused("42501", "permission denied to alter role"));
        }
        match options.strip_prefix(&["with"]).unwrap_or(&options) {
            ["password"] | ["login", "password"] => {
                if self.without_login.contains(name) && !options.contains(&"login") {
                    return Err(refused(
                        "42501",
                        "this server keeps no password of a role that cannot log in",
                    ));
                }
                self.without_login.remove(name);
                self.set_password(name, value);
                Ok(nothing())
            }
            ["set", "role", "to"] => Ok(nothing()),
            _ => Err(syntax()),
        }
    }

    fn is_known(&self, role: &str) -> bool {
        self.passwords.contains_key(role) || self.without_login.contains(role)
    }

    fn require_admin(&self, user: &str) -> Result<(), Error> {
        if self.admins.contains(user) { Ok(()) } else { Err(refused("42501", "permission denied")) }
    }
}

pub(super) fn reachable(reach: Reach) -> Result<(), Error> {
    let (kind, message, transient) = match reach {
        Reach::Open => return Ok(()),
        Reach::Stopped => (ErrorKind::Connection, "connection refused", true),
        Reach::Forbidden => (ErrorKind::Egress, "the function may not connect to this server", false),
    };
    Err(Error { kind, sqlstate: None, message: message.to_owned(), transient })
}

fn word(token: &Token) -> Option<&str> {
    match token {
        Token::Word(word) => Some(word),
        _ => None,
    }
}

const fn nothing() -> Rows {
    Rows { columns: Vec::new(), rows: Vec::new() }
}

fn syntax() -> Error {
    refused("42601", "syntax error")
}

pub(super) fn refused(sqlstate: &str, message: &str) -> Error {
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
