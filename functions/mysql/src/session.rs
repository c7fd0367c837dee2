//! Sessions of a user: asking what the server is, changing passwords.

use keywheel_sdk::sql::{Connection, Rows, Value};
use keywheel_sdk::{Failure, Sensitive};

use crate::sql::{self, Account, Server};

/// A session that can tell a server a password.
pub(crate) struct Session {
    pub(crate) connection: Connection,
    pub(crate) server: Server,
    /// The account that the server takes the user for.
    pub(crate) account: Account,
}

impl Session {
    /// Asks what the server is. Refuses to go on where a password would have to be sent in clear text.
    pub(crate) fn of(mut connection: Connection) -> Result<Self, Failure> {
        const ASKING: &str = "asking which server it is";
        let answer = ask(&mut connection, sql::WHO, &[], ASKING)?;
        let [Some(version), Some(mode), Some(user)] = [0, 1, 2].map(|column| cell(&answer, column)) else {
            return Err(Failure::Permanent(format!("{ASKING}: the answer has another form")));
        };
        let account = Account::parse(user)
            .ok_or_else(|| Failure::Permanent(format!("{ASKING}: `{user}` is not an account")))?;
        let server = Server::of(version, mode);
        if server != Server::MariaDb {
            let answer = ask(&mut connection, sql::CIPHER, &[], ASKING)?;
            if cell(&answer, 1).unwrap_or_default().is_empty() {
                let told = "MySQL is sent a new password itself, and the connection is not encrypted: let the server \
                            offer TLS, and do not set `\"ssl\": false` in the secret";
                return Err(Failure::Permanent(told.to_owned()));
            }
        }
        Ok(Self { connection, server, account })
    }

    /// Runs a statement that may hold a secret.
    pub(crate) fn run(&mut self, statement: &Sensitive<String>, doing: &str) -> Result<(), Failure> {
        let answer = self.connection.execute(statement.expose(), &[]);
        answer.map(drop).map_err(|error| Failure::from(error).while_doing(doing))
    }

    /// The first column of a query.
    pub(crate) fn texts(
        &mut self,
        statement: &str,
        parameters: &[Value],
        doing: &str,
    ) -> Result<Vec<String>, Failure> {
        let answer = ask(&mut self.connection, statement, parameters, doing)?;
        let first = |row: Vec<Value>| match row.into_iter().next() {
            Some(Value::Text(text)) => Ok(text),
            _ => Err(Failure::Permanent(format!("{doing}: the answer has another form"))),
        };
        answer.rows.into_iter().map(first).collect()
    }

    /// The hosts of the accounts of a user.
    pub(crate) fn hosts(&mut self, user: &str) -> Result<Vec<String>, Failure> {
        let doing = format!("looking for the accounts of `{user}`");
        self.texts(sql::HOSTS, &[Value::Text(user.to_owned())], &doing)
    }
}

fn ask(
    connection: &mut Connection,
    statement: &str,
    parameters: &[Value],
    doing: &str,
) -> Result<Rows, Failure> {
    connection.query(statement, parameters).map_err(|error| Failure::from(error).while_doing(doing))
}

/// A text in the first row of an answer.
fn cell(answer: &Rows, column: usize) -> Option<&str> {
    match answer.rows.first()?.get(column)? {
        Value::Text(text) => Some(text),
        _ => None,
    }
}
