//! The lexical rules of MySQL and MariaDB, as far as the statements of rotators need them. Written against
//! the manual, not against [`quote`](crate::sql), so that the one can test the other.

use std::iter::Peekable;
use std::str::Chars;

use super::statement::Token;

/// The parts of `sql_mode` that change how a statement is read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Mode {
    /// `ANSI_QUOTES`: a double quote begins a name, and not a text.
    pub(super) ansi_quotes: bool,
    /// `NO_BACKSLASH_ESCAPES`: a backslash is a character like any other.
    pub(super) no_backslash_escapes: bool,
}

/// Splits a statement. Nothing when a quote or a comment is not closed.
pub(super) fn tokens(statement: &str, mode: Mode) -> Option<Vec<Token>> {
    let mut characters = statement.chars().peekable();
    let mut found = Vec::new();
    while let Some(first) = characters.next() {
        found.push(match first {
            space if space.is_whitespace() => continue,
            '`' => Token::Name(name(&mut characters, '`')?),
            '"' if mode.ansi_quotes => Token::Name(name(&mut characters, '"')?),
            '\'' | '"' => Token::Text(text(&mut characters, first, mode)?),
            '#' => {
                while characters.next_if(|next| *next != '\n').is_some() {}
                continue;
            }
            letter if is_plain(letter) => {
                let mut word = letter.to_lowercase().to_string();
                while let Some(next) = characters.next_if(|next| is_plain(*next)) {
                    word.extend(next.to_lowercase());
                }
                Token::Word(word)
            }
            other => Token::Other(other),
        });
    }
    Some(found)
}

fn is_plain(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '_' | '$' | '\u{80}'..)
}

fn name(characters: &mut Peekable<Chars<'_>>, quote: char) -> Option<String> {
    let mut name = String::new();
    loop {
        match characters.next()? {
            end if end == quote && characters.next_if_eq(&quote).is_none() => return Some(name),
            '\0' => return None,
            other => name.push(other),
        }
    }
}

fn text(characters: &mut Peekable<Chars<'_>>, quote: char, mode: Mode) -> Option<String> {
    let mut text = String::new();
    loop {
        match characters.next()? {
            '\\' if !mode.no_backslash_escapes => match characters.next()? {
                '0' => text.push('\0'),
                'b' => text.push('\u{8}'),
                'n' => text.push('\n'),
                'r' => text.push('\r'),
                't' => text.push('\t'),
                'Z' => text.push('\u{1a}'),
                wildcard @ ('%' | '_') => text.extend(['\\', wildcard]),
                other => text.push(other),
            },
            end if end == quote && characters.next_if_eq(&quote).is_none() => return Some(text),
            other => text.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::sql::{Backslash, quote_mysql_identifier, quote_mysql_literal};

    /// Text in which the characters that matter are common.
    fn texts() -> impl Strategy<Value = String> {
        prop_oneof!["[^\0]{0,24}", r#"['"`\\n0%_Z#; -]{0,24}"#]
    }

    fn modes() -> impl Strategy<Value = Mode> {
        (any::<bool>(), any::<bool>())
            .prop_map(|(ansi_quotes, no_backslash_escapes)| Mode { ansi_quotes, no_backslash_escapes })
    }

    /// As `@@SESSION.sql_mode` shows it.
    fn sql_mode(mode: Mode) -> String {
        let names = [("ANSI_QUOTES", mode.ansi_quotes), ("NO_BACKSLASH_ESCAPES", mode.no_backslash_escapes)];
        let set = names.into_iter().filter(|(_, set)| *set).map(|(name, _)| name);
        ["STRICT_TRANS_TABLES"].into_iter().chain(set).collect::<Vec<_>>().join(",")
    }

    proptest! {
        #[test]
        fn a_quoted_identifier_is_one_name_in_every_mode(text in texts(), mode in modes()) {
            let quoted = quote_mysql_identifier(&text).unwrap();
            let expected = vec![Token::Name(text), Token::Other('@'), Token::Name("%".to_owned())];
            prop_assert_eq!(tokens(&format!("{quoted}@`%`"), mode), Some(expected));
        }

        #[test]
        fn a_quoted_literal_is_one_text_in_its_mode(text in texts(), mode in modes()) {
            let backslash = Backslash::under(&sql_mode(mode));
            let statement = format!("BY {} ;", quote_mysql_literal(&text, backslash).unwrap());
            let expected = vec![Token::Word("by".to_owned()), Token::Text(text), Token::Other(';')];
            prop_assert_eq!(tokens(&statement, mode), Some(expected));
        }

        #[test]
        fn without_a_backslash_the_mode_does_not_matter(text in "[^\0\\\\]{0,24}", mode in modes()) {
            for backslash in [Backslash::Escapes, Backslash::IsItself] {
                let quoted = quote_mysql_literal(&text, backslash).unwrap();
                prop_assert_eq!(tokens(&quoted, mode), Some(vec![Token::Text(text.clone())]));
            }
        }

        #[test]
        fn a_zero_byte_is_refused(before in texts(), after in texts()) {
            let text = format!("{before}\0{after}");
            prop_assert!(quote_mysql_identifier(&text).is_err());
            prop_assert!(quote_mysql_literal(&text, Backslash::Escapes).is_err());
        }
    }
}
