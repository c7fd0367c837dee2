//! The statements that rotators send, as far as a simulated database understands them: users and their
//! passwords, grants, tables, transactions, and reading.

use std::iter::Peekable;
use std::str::Chars;

use super::database::{Dialect, refused};
use crate::contract::keywheel::rotation::sql::Error;

/// Words of a statement that an outline shows.
const OUTLINE_WORDS_MAX: usize = 6;

/// One word of a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// A key word or a plain name, in small letters.
    Word(String),
    /// A quoted name.
    Name(String),
    /// A text.
    Text(String),
    /// Any other character.
    Other(char),
}

/// What is given as a password.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Given {
    /// The password or, for PostgreSQL, what stands for it.
    Text(String),
    /// What MySQL keeps of it.
    Hash(String),
}

/// What a statement asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Statement {
    /// Gives a user a password; the session's own user when none is named.
    SetPassword { user: Option<String>, given: Given },
    /// Makes a user.
    CreateUser { user: String, given: Option<Given>, if_absent: bool },
    /// Removes a user.
    DropUser { user: String, if_exists: bool },
    /// Makes a table.
    CreateTable { name: String, if_absent: bool },
    /// Removes a table.
    DropTable { name: String, if_exists: bool },
    /// Gives or takes rights.
    Grant(String),
    /// Begins a transaction.
    Begin,
    /// Ends it.
    Commit,
    /// Undoes it.
    Rollback,
    /// Reads something.
    Select(Vec<Token>),
    /// Changes nothing that is simulated.
    Accepted,
}

impl Statement {
    /// Reads a statement. What is not understood is refused by name, since a guess would be worse.
    pub(super) fn parse(dialect: Dialect, text: &str) -> Result<Self, Error> {
        let syntax = || refused(dialect.syntax_error(), "syntax error");
        let mut tokens = tokens(dialect, text).ok_or_else(syntax)?;
        if tokens.last() == Some(&Token::Other(';')) {
            tokens.pop();
        }
        // A text with two statements is refused, as the drivers do.
        if tokens.contains(&Token::Other(';')) {
            return Err(syntax());
        }
        let unknown = || {
            let told = format!(
                "the simulated server does not know `{}`: try the function on a real one with `keywheel function \
                 test --against`",
                outline(dialect, text)
            );
            refused(dialect.syntax_error(), &told)
        };
        Words { dialect, rest: &tokens }.statement().ok_or_else(unknown)
    }
}

/// What is left of a statement.
struct Words<'a> {
    dialect: Dialect,
    rest: &'a [Token],
}

impl Words<'_> {
    fn statement(mut self) -> Option<Statement> {
        let Token::Word(first) = self.next()? else { return None };
        match first.as_str() {
            "select" | "show" | "with" | "values" => Some(Statement::Select(self.rest.to_vec())),
            "begin" | "start" => Some(Statement::Begin),
            "commit" | "end" => Some(Statement::Commit),
            "rollback" | "abort" => Some(Statement::Rollback),
            "grant" | "revoke" => Some(Statement::Grant(format!("{first} {}", written(self.rest)))),
            "set" if self.eat("password") => self.set_password(),
            "set" | "reset" | "flush" | "comment" => Some(Statement::Accepted),
            "alter" => self.alter(),
            "create" => self.create(),
            "drop" => self.drop(),
            _ => None,
        }
    }

    fn alter(&mut self) -> Option<Statement> {
        if !(self.eat("user") || self.eat("role")) {
            return None;
        }
        self.if_exists();
        let user = self.user()?;
        match self.options()? {
            Some(given) => Some(Statement::SetPassword { user, given }),
            None => Some(Statement::Accepted),
        }
    }

    fn create(&mut self) -> Option<Statement> {
        if self.eat("user") || self.eat("role") {
            let if_absent = self.if_not_exists();
            let user = self.user()??;
            return Some(Statement::CreateUser { user, given: self.options()?, if_absent });
        }
        self.eat("temporary");
        if self.eat("table") {
            let if_absent = self.if_not_exists();
            return Some(Statement::CreateTable { name: self.name()?, if_absent });
        }
        None
    }

    fn drop(&mut self) -> Option<Statement> {
        if self.eat("user") || self.eat("role") {
            let if_exists = self.if_exists();
            return Some(Statement::DropUser { user: self.user()??, if_exists });
        }
        if self.eat("table") {
            let if_exists = self.if_exists();
            return Some(Statement::DropTable { name: self.name()?, if_exists });
        }
        None
    }

    /// MySQL's `SET PASSWORD [FOR user] = …`.
    fn set_password(&mut self) -> Option<Statement> {
        if self.dialect == Dialect::Postgres {
            return None;
        }
        let user = if self.eat("for") { self.user()? } else { None };
        if self.next()? != Token::Other('=') {
            return None;
        }
        let clear = self.eat("password") && self.eat_other('(');
        let text = self.text()?;
        let given =
            if clear || self.dialect == Dialect::Mysql { Given::Text(text) } else { Given::Hash(text) };
        Some(Statement::SetPassword { user, given })
    }

    /// The password among the options of a user, if there is one.
    fn options(&mut self) -> Option<Option<Given>> {
        let mut given = None;
        while !self.rest.is_empty() {
            if self.dialect == Dialect::Postgres {
                if self.eat("password") {
                    given = if self.eat("null") { None } else { Some(Given::Text(self.text()?)) };
                    continue;
                }
            } else if self.eat("identified") {
                given = Some(self.identified()?);
                continue;
            }
            self.next()?;
        }
        Some(given)
    }

    /// MySQL's and MariaDB's ways to give a password, after `IDENTIFIED`.
    fn identified(&mut self) -> Option<Given> {
        if self.eat("with") || self.eat("via") {
            self.name()?;
        }
        if self.eat("as") {
            return Some(Given::Hash(self.text()?));
        }
        if self.eat("using") {
            let clear = self.eat("password") && self.eat_other('(');
            let text = self.text()?;
            if clear {
                self.eat_other(')');
            }
            return Some(if clear { Given::Text(text) } else { Given::Hash(text) });
        }
        if !self.eat("by") {
            return None;
        }
        let hash = self.eat("password");
        let text = self.text()?;
        if self.eat("replace") {
            self.text()?;
        }
        Some(if hash { Given::Hash(text) } else { Given::Text(text) })
    }

    /// A user, or nothing for the session's own. MySQL's accounts are told apart by their names only.
    fn user(&mut self) -> Option<Option<String>> {
        let name = match self.next()? {
            Token::Word(word) => {
                let is_call = self.eat_other('(') && self.eat_other(')');
                let own =
                    ["current_user", "session_user"].contains(&word.as_str()) || is_call && word == "user";
                if own {
                    return Some(None);
                }
                word
            }
            Token::Name(name) => name,
            Token::Text(name) if self.dialect != Dialect::Postgres => name,
            _ => return None,
        };
        if self.dialect != Dialect::Postgres && self.eat_other('@') {
            self.next()?;
        }
        Some(Some(name))
    }

    /// A name, with that of its schema before it.
    fn name(&mut self) -> Option<String> {
        let mut name = match self.next()? {
            Token::Word(name) | Token::Name(name) => name,
            Token::Text(name) if self.dialect != Dialect::Postgres => name,
            _ => return None,
        };
        while self.eat_other('.') {
            match self.next()? {
                Token::Word(part) | Token::Name(part) => name = format!("{name}.{part}"),
                _ => return None,
            }
        }
        Some(name)
    }

    fn text(&mut self) -> Option<String> {
        match self.next()? {
            Token::Text(text) => Some(text),
            _ => None,
        }
    }

    fn if_exists(&mut self) -> bool {
        self.eat("if") && self.eat("exists")
    }

    fn if_not_exists(&mut self) -> bool {
        self.eat("if") && self.eat("not") && self.eat("exists")
    }

    fn eat(&mut self, word: &str) -> bool {
        self.eat_token(&Token::Word(word.to_owned()))
    }

    fn eat_other(&mut self, character: char) -> bool {
        self.eat_token(&Token::Other(character))
    }

    fn eat_token(&mut self, token: &Token) -> bool {
        let found = self.rest.first() == Some(token);
        if found {
            self.rest = &self.rest[1..];
        }
        found
    }

    fn next(&mut self) -> Option<Token> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(first.clone())
    }
}

/// A statement as people may read it: its first words, and no text in it.
pub(super) fn outline(dialect: Dialect, text: &str) -> String {
    let Some(tokens) = tokens(dialect, text) else {
        return "a statement with a quote that is not closed".to_owned();
    };
    let shown = written(&tokens[..tokens.len().min(OUTLINE_WORDS_MAX)]);
    if tokens.len() > OUTLINE_WORDS_MAX { format!("{shown} …") } else { shown }
}

/// Tokens as text, without the texts in them.
fn written(tokens: &[Token]) -> String {
    let mut shown = String::new();
    let mut glued = true;
    for token in tokens {
        let part = match token {
            Token::Word(word) => word.to_uppercase(),
            Token::Name(name) => name.clone(),
            Token::Text(_) => "'…'".to_owned(),
            Token::Other(character) => character.to_string(),
        };
        let tight = matches!(token, Token::Other('.' | ',' | ')' | '(' | '@'));
        if !glued && !tight {
            shown.push(' ');
        }
        shown.push_str(&part);
        glued = matches!(token, Token::Other('.' | '(' | '@'));
    }
    shown
}

/// Splits a statement. Nothing when a quote is not closed.
pub(super) fn tokens(dialect: Dialect, statement: &str) -> Option<Vec<Token>> {
    let mysql = dialect != Dialect::Postgres;
    let mut characters = statement.chars().peekable();
    let mut found = Vec::new();
    while let Some(first) = characters.next() {
        found.push(match first {
            space if space.is_whitespace() => continue,
            '`' if mysql => Token::Name(quoted(&mut characters, '`', false)?),
            '"' if mysql => Token::Text(quoted(&mut characters, '"', true)?),
            '"' => Token::Name(quoted(&mut characters, '"', false)?),
            '\'' => Token::Text(quoted(&mut characters, '\'', mysql)?),
            'E' | 'e' if !mysql && characters.next_if_eq(&'\'').is_some() => {
                Token::Text(quoted(&mut characters, '\'', true)?)
            }
            letter if letter.is_alphanumeric() || letter == '_' => {
                let mut word = letter.to_lowercase().to_string();
                while let Some(next) =
                    characters.next_if(|next| next.is_alphanumeric() || "_$".contains(*next))
                {
                    word.extend(next.to_lowercase());
                }
                Token::Word(word)
            }
            other => Token::Other(other),
        });
    }
    Some(found)
}

fn quoted(characters: &mut Peekable<Chars<'_>>, quote: char, escapes: bool) -> Option<String> {
    let mut text = String::new();
    loop {
        match characters.next()? {
            '\\' if escapes => text.push(match characters.next()? {
                'n' => '\n',
                't' => '\t',
                'r' => '\r',
                '0' => '\0',
                other => other,
            }),
            end if end == quote => {
                if characters.next_if_eq(&quote).is_none() {
                    return Some(text);
                }
                text.push(quote);
            }
            other => text.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(dialect: Dialect, text: &str, expected: Option<Statement>) {
        assert_eq!(Statement::parse(dialect, text).ok(), expected, "{text}");
    }

    fn sets(user: &str, given: Given) -> Option<Statement> {
        Some(Statement::SetPassword { user: (!user.is_empty()).then(|| user.to_owned()), given })
    }

    #[test]
    fn postgresql_sets_passwords() {
        let text = |text: &str| Given::Text(text.to_owned());
        check(Dialect::Postgres, r#"ALTER ROLE "a""b" WITH PASSWORD 'x''y'"#, sets(r#"a"b"#, text("x'y")));
        check(
            Dialect::Postgres,
            r"alter user App password E'a\'b' valid until 'infinity';",
            sets("app", text("a'b")),
        );
        check(Dialect::Postgres, "ALTER USER CURRENT_USER WITH ENCRYPTED PASSWORD 'x'", sets("", text("x")));
        check(Dialect::Postgres, "ALTER ROLE app PASSWORD $1", None);
        check(Dialect::Postgres, "ALTER ROLE app PASSWORD 'x'; SELECT 1", None);
        check(Dialect::Postgres, "ALTER ROLE app PASSWORD 'x", None);
        check(Dialect::Postgres, "SET PASSWORD = 'x'", None);
        check(Dialect::Postgres, "VACUUM", None);
    }

    #[test]
    fn mysql_sets_passwords() {
        let (text, hash) =
            (|text: &str| Given::Text(text.to_owned()), |text: &str| Given::Hash(text.to_owned()));
        check(Dialect::Mysql, r"ALTER USER 'app'@'%' IDENTIFIED BY 'a\'b'", sets("app", text("a'b")));
        check(
            Dialect::Mysql,
            "ALTER USER `app`@localhost IDENTIFIED WITH x AS '*F'",
            sets("app", hash("*F")),
        );
        check(Dialect::Mysql, "ALTER USER USER() IDENTIFIED BY 'x' REPLACE 'y'", sets("", text("x")));
        check(
            Dialect::Mariadb,
            "ALTER USER IF EXISTS app IDENTIFIED VIA x USING '*F'",
            sets("app", hash("*F")),
        );
        check(
            Dialect::Mariadb,
            "ALTER USER app IDENTIFIED VIA x USING PASSWORD('y')",
            sets("app", text("y")),
        );
        check(Dialect::Mariadb, "ALTER USER app IDENTIFIED BY PASSWORD '*F'", sets("app", hash("*F")));
        check(Dialect::Mariadb, "SET PASSWORD FOR app = PASSWORD(\"x\")", sets("app", text("x")));
        check(Dialect::Mariadb, "SET PASSWORD = '*F'", sets("", hash("*F")));
        check(Dialect::Mysql, "SET PASSWORD = 'x'", sets("", text("x")));
        check(Dialect::Mysql, "ALTER USER ? IDENTIFIED BY ?", None);
    }

    #[test]
    fn users_tables_and_transactions() {
        let create = |user: &str, given: Option<Given>, if_absent: bool| {
            Some(Statement::CreateUser { user: user.to_owned(), given, if_absent })
        };
        let given = || Some(Given::Text("x".to_owned()));
        check(
            Dialect::Postgres,
            "CREATE ROLE app_clone LOGIN PASSWORD 'x' IN ROLE app",
            create("app_clone", given(), false),
        );
        check(
            Dialect::Mysql,
            "CREATE USER IF NOT EXISTS 'c'@'%' IDENTIFIED BY 'x'",
            create("c", given(), true),
        );
        check(
            Dialect::Postgres,
            "DROP ROLE IF EXISTS c",
            Some(Statement::DropUser { user: "c".into(), if_exists: true }),
        );
        check(
            Dialect::Postgres,
            "create table s.t (n int)",
            Some(Statement::CreateTable { name: "s.t".into(), if_absent: false }),
        );
        check(Dialect::Postgres, "BEGIN", Some(Statement::Begin));
        check(
            Dialect::Postgres,
            r#"GRANT "app" TO clone"#,
            Some(Statement::Grant("grant app TO CLONE".into())),
        );
    }

    #[test]
    fn an_outline_holds_no_text() {
        let check =
            |dialect: Dialect, text: &str, expected: &str| assert_eq!(outline(dialect, text), expected);
        check(
            Dialect::Postgres,
            r#"ALTER ROLE "app" WITH PASSWORD 'hunter2'"#,
            "ALTER ROLE app WITH PASSWORD '…'",
        );
        check(Dialect::Mysql, "SET PASSWORD FOR 'app'@'%' = \"hunter2\"", "SET PASSWORD FOR '…'@'…' …");
        check(Dialect::Postgres, "SELECT 1", "SELECT 1");
        check(
            Dialect::Postgres,
            "ALTER ROLE app PASSWORD 'hunter2",
            "a statement with a quote that is not closed",
        );
    }
}
