//! Texts of a policy that match others: `*`, `?` and policy variables.
//!
//! What a variable brings in is literal: a tag with a star in it is no wildcard.

use super::request::Context;

/// `arn:partition:service:region:account:resource`.
const ARN_PARTS: usize = 6;

/// One thing that a pattern asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// This character.
    Literal(char),
    /// `?`: any one character.
    One,
    /// `*`: any characters, or none.
    Many,
}

#[derive(Clone, Debug, PartialEq)]
enum Part {
    Tokens(Vec<Token>),
    /// A policy variable: its key in small letters, and what counts when it has no value.
    Variable {
        key: String,
        default: Option<String>,
    },
}

/// How a text of a policy is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reading {
    /// `*` and `?` are wildcards.
    pub(super) wildcards: bool,
    /// `${…}` is a variable.
    pub(super) variables: bool,
}

/// A text of a policy, read.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Pattern {
    parts: Vec<Part>,
}

/// How a pattern met a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Match {
    Yes,
    No,
    /// A variable in it has no value.
    Unresolved,
}

impl Pattern {
    /// Reads a text; `None` when a variable in it is malformed.
    pub(super) fn parse(text: &str, reading: Reading) -> Option<Self> {
        let mut parts = Vec::new();
        let mut tokens = Vec::new();
        let mut rest = text;
        while let Some(next) = rest.chars().next() {
            if reading.variables && rest.starts_with("${") {
                let (inside, after) = rest[2..].split_once('}')?;
                rest = after;
                match inside {
                    "*" | "?" | "$" => tokens.extend(inside.chars().map(Token::Literal)),
                    _ => {
                        parts.push(Part::Tokens(std::mem::take(&mut tokens)));
                        parts.push(variable(inside)?);
                    }
                }
                continue;
            }
            tokens.push(match next {
                '*' if reading.wildcards => Token::Many,
                '?' if reading.wildcards => Token::One,
                literal => Token::Literal(literal),
            });
            rest = &rest[next.len_utf8()..];
        }
        parts.push(Part::Tokens(tokens));
        Some(Self { parts })
    }

    /// Hands over the tokens with each variable replaced; `None` when one has no value.
    fn with_tokens<R>(&self, context: &dyn Context, use_tokens: impl FnOnce(&[Token]) -> R) -> Option<R> {
        if let [Part::Tokens(tokens)] = self.parts.as_slice() {
            return Some(use_tokens(tokens));
        }
        let mut all = Vec::new();
        for part in &self.parts {
            match part {
                Part::Tokens(tokens) => all.extend_from_slice(tokens),
                Part::Variable { key, default } => match (context.values(key).as_deref(), default) {
                    (Some([value]), _) => all.extend(value.chars().map(Token::Literal)),
                    (None | Some([]), Some(default)) => all.extend(default.chars().map(Token::Literal)),
                    // A key with several values is no text.
                    _ => return None,
                },
            }
        }
        Some(use_tokens(&all))
    }

    /// Whether the whole of `text` is what this asks for.
    pub(super) fn matches(&self, text: &str, fold: bool, context: &dyn Context) -> Match {
        self.with_tokens(context, |tokens| is_match(tokens, text, fold)).into()
    }

    /// Whether `arn` is what this asks for, part by part: a wildcard in one of the first five parts stays in it.
    pub(super) fn matches_arn(&self, arn: &ArnParts<'_>, context: &dyn Context) -> Match {
        self.with_tokens(context, |tokens| is_arn_match(tokens, arn)).into()
    }

    /// The text when nothing in it is a wildcard or a variable.
    #[cfg(test)]
    pub(super) fn tokens(&self) -> Option<&[Token]> {
        match self.parts.as_slice() {
            [Part::Tokens(tokens)] => Some(tokens),
            _ => None,
        }
    }

    /// Whether it takes any text at all.
    pub(super) fn is_anything(&self) -> bool {
        self.parts.iter().all(|part| match part {
            Part::Tokens(tokens) => tokens.iter().all(|token| !matches!(token, Token::Literal(_))),
            Part::Variable { .. } => false,
        })
    }
}

impl From<Option<bool>> for Match {
    fn from(found: Option<bool>) -> Self {
        match found {
            Some(true) => Self::Yes,
            Some(false) => Self::No,
            None => Self::Unresolved,
        }
    }
}

/// `key` or `key, 'default'`.
fn variable(inside: &str) -> Option<Part> {
    let (key, default) = match inside.split_once(',') {
        None => (inside, None),
        Some((key, default)) => {
            (key, Some(default.trim().strip_prefix('\'')?.strip_suffix('\'')?.to_owned()))
        }
    };
    let key = key.trim();
    let is_key = !key.is_empty() && key.contains(':') && !key.contains(['$', '{', '*', '?']);
    is_key.then(|| Part::Variable { key: key.to_ascii_lowercase(), default })
}

fn is_same(one: char, other: char, fold: bool) -> bool {
    one == other || fold && one.to_lowercase().eq(other.to_lowercase())
}

/// Only the last star is ever tried again, so that the time is at most the product of both lengths.
pub(super) fn is_match(tokens: &[Token], text: &str, fold: bool) -> bool {
    let mut at = 0;
    let mut rest = text.chars();
    let mut retry: Option<(usize, std::str::Chars<'_>)> = None;
    loop {
        let here = rest.clone();
        let next = rest.next();
        match (tokens.get(at), next) {
            (Some(Token::Many), _) => {
                at += 1;
                if at == tokens.len() {
                    return true;
                }
                rest = here.clone();
                retry = Some((at, here));
                continue;
            }
            (None, None) => return true,
            (Some(Token::One), Some(_)) => {
                at += 1;
                continue;
            }
            (Some(Token::Literal(literal)), Some(found)) if is_same(*literal, found, fold) => {
                at += 1;
                continue;
            }
            (Some(_), None) => return false,
            _ => {}
        }
        let Some((after_star, from)) = &mut retry else { return false };
        if from.next().is_none() {
            return false;
        }
        at = *after_star;
        rest = from.clone();
    }
}

/// The parts of an ARN, of which the last one may hold colons; of what is no ARN the first ones are there.
pub(super) struct ArnParts<'a>([Option<&'a str>; ARN_PARTS]);

impl<'a> ArnParts<'a> {
    pub(super) fn of(arn: &'a str) -> Self {
        let mut parts = arn.splitn(ARN_PARTS, ':');
        Self(std::array::from_fn(|_| parts.next()))
    }
}

fn is_arn_match(tokens: &[Token], arn: &ArnParts<'_>) -> bool {
    if tokens == [Token::Many] {
        return true;
    }
    let mut patterns = tokens.splitn(ARN_PARTS, |token| *token == Token::Literal(':'));
    arn.0.iter().all(|part| match (patterns.next(), part) {
        (Some(pattern), Some(part)) => is_match(pattern, part, false),
        _ => false,
    })
}
