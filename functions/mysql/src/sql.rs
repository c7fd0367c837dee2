//! The statements that these functions send. Pure, so that they are tested without a server.
//!
//! MariaDB is sent the hash that it stores, and its logs show that. MySQL is sent the password itself,
//! because which hash it stores is a matter of each account's plugin; it writes another text to its logs
//! (`<secret>`, or a hash), and is only sent it where the connection is encrypted.

use keywheel_sdk::sql::{Backslash, EmbeddedNul, quote_mysql_identifier, quote_mysql_literal};
use keywheel_sdk::{Sensitive, native_password};

/// Which server this is, how it reads a text, and whom it takes the user for.
pub(crate) const WHO: &str = "SELECT VERSION(), @@SESSION.sql_mode, CURRENT_USER()";
/// The second column is empty when the connection is not encrypted.
pub(crate) const CIPHER: &str = "SHOW SESSION STATUS LIKE 'Ssl_cipher'";
/// The hosts of the accounts with a name.
pub(crate) const HOSTS: &str = "SELECT Host FROM mysql.user WHERE User = ?";

/// How a server is told a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Server {
    MariaDb,
    Mysql(Backslash),
}

impl Server {
    /// From the first two columns of [`WHO`].
    pub(crate) fn of(version: &str, sql_mode: &str) -> Self {
        if version.to_ascii_lowercase().contains("mariadb") {
            return Self::MariaDb;
        }
        Self::Mysql(Backslash::under(sql_mode))
    }
}

/// Who logs in, and from where: the name alone is no account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Account {
    pub(crate) user: String,
    pub(crate) host: String,
}

impl Account {
    /// From a text such as `app@%`. A host holds no `@`; a user may.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (user, host) = text.rsplit_once('@')?;
        Some(Self { user: user.to_owned(), host: host.to_owned() })
    }

    pub(crate) fn quoted(&self) -> Result<String, EmbeddedNul> {
        Ok(format!("{}@{}", quote_mysql_identifier(&self.user)?, quote_mysql_identifier(&self.host)?))
    }
}

/// Gives the user of the session another password.
pub(crate) fn set_own_password(
    server: Server,
    password: &Sensitive<String>,
) -> Result<Sensitive<String>, EmbeddedNul> {
    Ok(Sensitive::new(match server {
        Server::MariaDb => format!("SET PASSWORD = '{}'", native_password::hash(password)),
        Server::Mysql(backslash) => {
            let literal = Sensitive::new(quote_mysql_literal(password.expose(), backslash)?);
            format!("ALTER USER CURRENT_USER() IDENTIFIED BY {}", literal.expose())
        }
    }))
}

/// Gives an account another password.
pub(crate) fn set_password(
    server: Server,
    account: &Account,
    password: &Sensitive<String>,
) -> Result<Sensitive<String>, EmbeddedNul> {
    let quoted = account.quoted()?;
    Ok(Sensitive::new(match server {
        Server::MariaDb => format!("SET PASSWORD FOR {quoted} = '{}'", native_password::hash(password)),
        Server::Mysql(_) => format!("ALTER USER {quoted} {}", identified_by(server, password)?.expose()),
    }))
}

/// Makes an account.
pub(crate) fn create_user(
    server: Server,
    account: &Account,
    password: &Sensitive<String>,
) -> Result<Sensitive<String>, EmbeddedNul> {
    let identified = identified_by(server, password)?;
    Ok(Sensitive::new(format!("CREATE USER {} {}", account.quoted()?, identified.expose())))
}

fn identified_by(server: Server, password: &Sensitive<String>) -> Result<Sensitive<String>, EmbeddedNul> {
    Ok(Sensitive::new(match server {
        Server::MariaDb => format!("IDENTIFIED BY PASSWORD '{}'", native_password::hash(password)),
        Server::Mysql(backslash) => {
            let literal = Sensitive::new(quote_mysql_literal(password.expose(), backslash)?);
            format!("IDENTIFIED BY {}", literal.expose())
        }
    }))
}

/// What an account is granted.
pub(crate) fn show_grants(account: &Account) -> Result<String, EmbeddedNul> {
    Ok(format!("SHOW GRANTS FOR {}", account.quoted()?))
}

/// MySQL lists no default roles among the grants; an account that has roles gets all of them when it logs in.
pub(crate) fn default_roles(account: &Account) -> Result<String, EmbeddedNul> {
    Ok(format!("ALTER USER {} DEFAULT ROLE ALL", account.quoted()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: &str = "*94BDCEBE19083CE2A1F959FD02F964C7AF4CFC29";
    const ESCAPES: Server = Server::Mysql(Backslash::Escapes);

    #[test]
    fn mariadb_is_sent_a_hash_and_mysql_a_quoted_password() {
        let account = Account { user: "a`b".to_owned(), host: "10.%".to_owned() };
        let check = |server: Server, password: &str, expected: [&str; 3]| {
            let password = password.into();
            let statements = [
                set_own_password(server, &password),
                set_password(server, &account, &password),
                create_user(server, &account, &password),
            ];
            for (statement, expected) in statements.into_iter().zip(expected) {
                assert_eq!(statement.unwrap().expose(), expected);
            }
        };
        check(
            Server::MariaDb,
            "test",
            [
                &format!("SET PASSWORD = '{HASH}'"),
                &format!("SET PASSWORD FOR `a``b`@`10.%` = '{HASH}'"),
                &format!("CREATE USER `a``b`@`10.%` IDENTIFIED BY PASSWORD '{HASH}'"),
            ],
        );
        check(
            ESCAPES,
            r"t'e\st",
            [
                r"ALTER USER CURRENT_USER() IDENTIFIED BY 't''e\\st'",
                r"ALTER USER `a``b`@`10.%` IDENTIFIED BY 't''e\\st'",
                r"CREATE USER `a``b`@`10.%` IDENTIFIED BY 't''e\\st'",
            ],
        );
    }

    #[test]
    fn a_server_is_told_by_its_version_and_its_mode() {
        assert_eq!(Server::of("10.11.19-MariaDB-0+deb12u1-log", ""), Server::MariaDb);
        assert_eq!(Server::of("8.4.2", "STRICT_TRANS_TABLES"), ESCAPES);
        let mode = "ANSI_QUOTES,NO_BACKSLASH_ESCAPES";
        assert_eq!(Server::of("8.0.35-azure", mode), Server::Mysql(Backslash::IsItself));
    }

    #[test]
    fn a_host_follows_the_last_at_sign() {
        let account = Account::parse("me@home@10.%").unwrap();
        assert_eq!((account.user.as_str(), account.host.as_str()), ("me@home", "10.%"));
        assert_eq!(Account::parse("nobody"), None);
    }
}
