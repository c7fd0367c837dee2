//! The lexical rules of PostgreSQL, as far as the statements of rotators need them. Written against
//! the manual, not against [`quote`](crate::sql), so that the one can test the other.

use std::iter::Peekable;
use std::str::Chars;

/// One word of a statement.
#[derive(Debug, PartialEq, Eq)]
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

/// Splits a statement. Nothing when a quote is not closed. In a server where
/// `standard_conforming_strings` is off, a backslash is special in every text.
pub(super) fn tokens(statement: &str, standard_conforming_strings: bool) -> Option<Vec<Token>> {
    let mut characters = statement.chars().peekable();
    let mut found = Vec::new();
    while let Some(first) = characters.next() {
        found.push(match first {
            space if space.is_whitespace() => continue,
            '"' => Token::Name(quoted(&mut characters, '"', false)?),
            '\'' => Token::Text(quoted(&mut characters, '\'', !standard_conforming_strings)?),
            'E' | 'e' if characters.next_if_eq(&'\'').is_some() => {
                Token::Text(quoted(&mut characters, '\'', true)?)
            }
            letter if letter.is_alphanumeric() || letter == '_' => {
                let mut word = letter.to_lowercase().to_string();
                while let Some(next) = characters.next_if(|next| next.is_alphanumeric() || *next == '_') {
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
    use proptest::prelude::*;

    use super::*;
    use crate::sql::{quote_identifier, quote_literal};

    /// Text in which the characters that matter are common.
    fn texts() -> impl Strategy<Value = String> {
        prop_oneof!["[^\0]{0,24}", r#"['"\\Ee$; -]{0,24}"#]
    }

    proptest! {
        #[test]
        fn a_quoted_identifier_is_one_name(text in texts()) {
            let quoted = quote_identifier(&text).unwrap();
            prop_assert_eq!(tokens(&quoted, true), Some(vec![Token::Name(text)]));
        }

        #[test]
        fn a_quoted_literal_is_one_text_under_both_settings(text in texts(), standard: bool) {
            let statement = format!("PASSWORD{} ;", quote_literal(&text).unwrap());
            let expected = vec![Token::Word("password".to_owned()), Token::Text(text), Token::Other(';')];
            prop_assert_eq!(tokens(&statement, standard), Some(expected));
        }

        #[test]
        fn a_zero_byte_is_refused(before in texts(), after in texts()) {
            let text = format!("{before}\0{after}");
            prop_assert!(quote_identifier(&text).is_err() && quote_literal(&text).is_err());
        }
    }
}
