//! A simulated MySQL or MariaDB server: accounts that log in, what they are granted, and the statements that
//! rotators issue.

use std::collections::{BTreeMap, BTreeSet};

use super::Reach;
use super::mysql_statement::{Mode, tokens};
use super::sql_server::{reachable, refused};
use super::statement::Token;
use crate::native_password;
use crate::sql::{Error, ErrorKind, Rows, Value};

/// The host of an account that was made without one.
const ANYWHERE: &str = "%";

/// Which server is simulated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Brand {
    /// It stores hashes, and takes them in place of passwords.
    #[default]
    MariaDb,
    /// It takes passwords only; all its connections are encrypted.
    Mysql,
    /// The same, with connections that are not encrypted.
    UnencryptedMysql,
}

impl Brand {
    const fn version(self) -> &'static str {
        match self {
            Self::MariaDb => "10.11.6-MariaDB",
            Self::Mysql | Self::UnencryptedMysql => "8.4.2",
        }
    }
}

#[derive(Default)]
struct Account {
    /// As `mysql_native_password` stores it.
    hash: String,
    /// What stands between `GRANT` and `TO`, and after the account.
    grants: BTreeSet<(String, String)>,
    is_admin: bool,
}

/// A server with its accounts, by user and host.
#[derive(Default)]
pub struct MysqlServer {
    brand: Brand,
    accounts: BTreeMap<(String, String), Account>,
    statements: Vec<String>,
    reach: Reach,
}

impl MysqlServer {
    /// A server without accounts.
    pub fn new(brand: Brand) -> Self {
        Self { brand, ..Self::default() }
    }

    /// Adds a user for every host, or changes its password for each host that it has.
    pub fn set_password(&mut self, user: &str, password: &str) {
        let hash = native_password::hash(&password.into());
        if !self.accounts.keys().any(|(name, _)| name == user) {
            self.accounts.insert((user.to_owned(), ANYWHERE.to_owned()), Account::default());
        }
        for ((name, _), account) in &mut self.accounts {
            if name == user {
                account.hash.clone_from(&hash);
            }
        }
    }

    /// Adds a user who may make others and change their passwords.
    pub fn set_admin(&mut self, user: &str, password: &str) {
        self.set_password(user, password);
        for ((name, _), account) in &mut self.accounts {
            account.is_admin |= name == user;
        }
    }

    /// Removes a user.
    pub fn drop_user(&mut self, user: &str) {
        self.accounts.retain(|(name, _), _| name != user);
    }

    /// Grants a user something, such as ``SELECT ON `shop`.*``.
    pub fn grant(&mut self, user: &str, what: &str) {
        for ((name, _), account) in &mut self.accounts {
            if name == user {
                account.grants.insert((what.to_owned(), String::new()));
            }
        }
    }

    /// What a user was granted, in alphabetical order.
    pub fn grants(&self, user: &str) -> Vec<String> {
        let of_user = self.accounts.iter().filter(|((name, _), _)| name == user);
        of_user.flat_map(|(_, account)| account.grants.iter().map(|(what, _)| what.clone())).collect()
    }

    /// Changes how the server can be reached.
    pub fn set_reach(&mut self, reach: Reach) {
        self.reach = reach;
    }

    /// Whether a user can log in with a password.
    pub fn accepts(&self, user: &str, password: &str) -> bool {
        self.account_of(user)
            .is_some_and(|(_, account)| account.hash == native_password::hash(&password.into()))
    }

    /// The statements run so far, as the server's own log shows them.
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
            sqlstate: Some("28000".to_owned()),
            message: format!("Access denied for user '{user}'@'10.0.0.1' (using password: YES)"),
            transient: false,
        })
    }

    /// Runs a statement in a session of `user`.
    pub fn run(&mut self, user: &str, statement: &str, parameters: &[Value]) -> Result<Rows, Error> {
        reachable(self.reach)?;
        let words = tokens(statement, Mode::default()).ok_or_else(syntax)?;
        self.statements.push(self.logged(statement, &words));
        let verb: Vec<&str> = words.iter().map_while(word).collect();
        match verb.as_slice() {
            ["select", ..] => self.select(user, statement, parameters),
            ["show", "session", ..] => {
                let cipher = if self.brand == Brand::Mysql { "TLS_AES_256_GCM_SHA384" } else { "" };
                Ok(row(vec![Value::Text("Ssl_cipher".to_owned()), Value::Text(cipher.to_owned())]))
            }
            ["show", "grants", "for"] => self.show_grants(user, &words[3..]),
            ["set", "password", ..] => self.change(user, &words[2..]),
            ["alter", "user", ..] => self.alter(user, &words[2..]),
            ["create", "user"] => self.create(user, &words[2..]),
            ["grant", ..] => self.take_grant(user, statement, &words),
            _ => Err(syntax()),
        }
    }

    /// MySQL leaves passwords out of its log.
    fn logged(&self, statement: &str, words: &[Token]) -> String {
        let before = statement.split_once(" BY '").map(|(before, _)| before);
        match before {
            Some(before) if self.brand != Brand::MariaDb && words.iter().any(|word| text(word).is_some()) => {
                format!("{before} BY <secret>")
            }
            _ => statement.to_owned(),
        }
    }

    fn account_of(&self, user: &str) -> Option<(&(String, String), &Account)> {
        self.accounts.iter().find(|((name, _), _)| name == user)
    }

    fn require_admin(&self, user: &str) -> Result<(), Error> {
        match self.account_of(user) {
            Some((_, account)) if account.is_admin => Ok(()),
            _ => Err(refused("42000", "Access denied; you need the CREATE USER privilege")),
        }
    }

    fn select(&self, user: &str, statement: &str, parameters: &[Value]) -> Result<Rows, Error> {
        if statement == "SELECT 1" {
            return Ok(row(vec![Value::Integer(1)]));
        }
        if statement.contains("CURRENT_USER()") {
            let ((name, host), _) = self.account_of(user).ok_or_else(syntax)?;
            let texts = [self.brand.version(), "STRICT_TRANS_TABLES", &format!("{name}@{host}")];
            return Ok(row(texts.map(|text| Value::Text(text.to_owned())).to_vec()));
        }
        let ([Value::Text(wanted)], true) = (parameters, statement.contains("FROM mysql.user")) else {
            return Err(syntax());
        };
        self.require_admin(user)?;
        let of_user = self.accounts.keys().filter(|(name, _)| name == wanted);
        let rows = of_user.map(|(_, host)| vec![Value::Text(host.clone())]).collect();
        Ok(Rows { columns: vec!["Host".to_owned()], rows })
    }

    /// Behind `SET PASSWORD`: `[FOR account] = 'hash'`.
    fn change(&mut self, user: &str, rest: &[Token]) -> Result<Rows, Error> {
        if self.brand != Brand::MariaDb {
            return Err(syntax());
        }
        match rest {
            [Token::Other('='), Token::Text(hash)] => self.store_own(user, hash.clone()),
            [Token::Word(_for), account @ .., Token::Other('='), Token::Text(hash)] => {
                self.store(user, account, hash.clone())
            }
            _ => Err(syntax()),
        }
    }

    /// Behind `ALTER USER`: `account IDENTIFIED BY 'password'`, or `account DEFAULT ROLE ALL`.
    fn alter(&mut self, user: &str, rest: &[Token]) -> Result<Rows, Error> {
        match rest {
            [account @ .., Token::Word(identified), Token::Word(by), Token::Text(password)]
                if identified == "identified" && by == "by" =>
            {
                let hash = native_password::hash(&password.as_str().into());
                match account {
                    [Token::Word(own), Token::Other('('), Token::Other(')')] if own == "current_user" => {
                        self.store_own(user, hash)
                    }
                    account => self.store(user, account, hash),
                }
            }
            [account @ .., Token::Word(default), Token::Word(_), Token::Word(_)] if default == "default" => {
                self.require_admin(user)?;
                let account = self.known(account)?;
                account.grants.insert(("default roles".to_owned(), String::new()));
                Ok(nothing())
            }
            _ => Err(syntax()),
        }
    }

    /// Behind `CREATE USER`: `account IDENTIFIED BY [PASSWORD] '…'`.
    fn create(&mut self, user: &str, rest: &[Token]) -> Result<Rows, Error> {
        self.require_admin(user)?;
        let (account, hash) = match rest {
            [
                account @ ..,
                Token::Word(_identified),
                Token::Word(_by),
                Token::Word(_password),
                Token::Text(hash),
            ] if self.brand == Brand::MariaDb => (account, hash.clone()),
            [account @ .., Token::Word(_identified), Token::Word(_by), Token::Text(password)] => {
                (account, native_password::hash(&password.as_str().into()))
            }
            _ => return Err(syntax()),
        };
        let account = name(account).ok_or_else(syntax)?;
        if self.accounts.contains_key(&account) {
            return Err(refused("HY000", "Operation CREATE USER failed"));
        }
        self.accounts.insert(account, Account { hash, ..Account::default() });
        Ok(nothing())
    }

    fn show_grants(&self, user: &str, account: &[Token]) -> Result<Rows, Error> {
        self.require_admin(user)?;
        let key = name(account).ok_or_else(syntax)?;
        let account = self.accounts.get(&key).ok_or_else(unknown)?;
        let (user, host) = &key;
        let login = match self.brand {
            Brand::MariaDb => format!(" IDENTIFIED BY PASSWORD '{}'", account.hash),
            Brand::Mysql | Brand::UnencryptedMysql => String::new(),
        };
        let mut lines = vec![format!("GRANT USAGE ON *.* TO `{user}`@`{host}`{login}")];
        lines.extend(
            account
                .grants
                .iter()
                .map(|(what, options)| format!("GRANT {what} TO `{user}`@`{host}`{options}")),
        );
        let rows = lines.into_iter().map(|line| vec![Value::Text(line)]).collect();
        Ok(Rows { columns: vec!["Grants".to_owned()], rows })
    }

    fn take_grant(&mut self, user: &str, statement: &str, words: &[Token]) -> Result<Rows, Error> {
        self.require_admin(user)?;
        let to = words.iter().rposition(|token| word(token) == Some("to")).ok_or_else(syntax)?;
        let account = words.get(to + 1..to + 4).ok_or_else(syntax)?;
        let (what, rest) = statement.rsplit_once(" TO ").ok_or_else(syntax)?;
        let what = what.strip_prefix("GRANT ").ok_or_else(syntax)?.to_owned();
        let options = rest.split_once(' ').map(|(_, options)| format!(" {options}")).unwrap_or_default();
        let account = self.known(account)?;
        if what != "USAGE ON *.*" {
            account.grants.insert((what, options));
        }
        Ok(nothing())
    }

    fn store_own(&mut self, user: &str, hash: String) -> Result<Rows, Error> {
        let (key, _) = self.account_of(user).ok_or_else(unknown)?;
        let key = key.clone();
        self.accounts.get_mut(&key).ok_or_else(unknown)?.hash = hash;
        Ok(nothing())
    }

    fn store(&mut self, user: &str, account: &[Token], hash: String) -> Result<Rows, Error> {
        self.require_admin(user)?;
        self.known(account)?.hash = hash;
        Ok(nothing())
    }

    fn known(&mut self, account: &[Token]) -> Result<&mut Account, Error> {
        let key = name(account).ok_or_else(syntax)?;
        self.accounts.get_mut(&key).ok_or_else(unknown)
    }
}

fn word(token: &Token) -> Option<&str> {
    match token {
        Token::Word(word) => Some(word),
        _ => None,
    }
}

fn text(token: &Token) -> Option<&str> {
    match token {
        Token::Text(text) => Some(text),
        _ => None,
    }
}

/// An account: a user and a host, both quoted.
fn name(tokens: &[Token]) -> Option<(String, String)> {
    match tokens {
        [Token::Name(user), Token::Other('@'), Token::Name(host)] => Some((user.clone(), host.clone())),
        _ => None,
    }
}

fn row(values: Vec<Value>) -> Rows {
    Rows { columns: (1..=values.len()).map(|number| number.to_string()).collect(), rows: vec![values] }
}

const fn nothing() -> Rows {
    Rows { columns: Vec::new(), rows: Vec::new() }
}

fn syntax() -> Error {
    refused("42000", "You have an error in your SQL syntax")
}

fn unknown() -> Error {
    refused("HY000", "there is no such account")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server() -> MysqlServer {
        let mut server = MysqlServer::default();
        server.set_password("app", "first");
        server.set_admin("root", "master");
        server
    }

    #[test]
    fn a_hash_is_the_password_that_it_is_of() {
        let mut server = server();
        let statement = format!("SET PASSWORD = '{}'", native_password::hash(&"second".into()));
        server.run("app", &statement, &[]).unwrap();
        assert!(server.accepts("app", "second") && !server.accepts("app", "first"));
        let statement = format!("SET PASSWORD FOR `app`@`%` = '{}'", native_password::hash(&"third".into()));
        assert!(server.run("app", &statement, &[]).is_err());
        server.run("root", &statement, &[]).unwrap();
        assert!(server.accepts("app", "third"));
    }

    #[test]
    fn other_statements_are_refused() {
        let check = |user: &str, statement: &str| {
            let error = server().run(user, statement, &[]).unwrap_err();
            assert_eq!(error.kind, ErrorKind::Statement, "{statement}");
        };
        check("app", "CREATE USER `x`@`%` IDENTIFIED BY 'x'");
        check("app", "SHOW GRANTS FOR `root`@`%`");
        check("root", "SHOW GRANTS FOR `gone`@`%`");
        check("root", "CREATE USER `app`@`%` IDENTIFIED BY 'x'");
        check("root", "DROP USER `app`@`%`");
        check("root", "SET PASSWORD = 'x");
    }
}
