//! Texts of a policy that match others: `*`, `?` and policy variables.
//!
//! What a variable brings in is literal: a tag with a star in it is no wildcard.

use super::request::Context;

/// `arn:partition:service:region:account:resource`.
const ARN_SECTIONS: usize = 6;

/// One thing that a pattern asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// This text, which is not empty.
    Literal(String),
    /// `?`: any one character.
    One,
    /// `*`: any characters, or none.
    Many,
}

#[derive(Clone, Debug, PartialEq)]
enum Part {
    Pieces(Vec<Piece>),
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
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some(next) = rest.chars().next() {
            if reading.variables && rest.starts_with("${") {
                let (inside, after) = rest[2..].split_once('}')?;
                rest = after;
                match inside {
                    "*" | "?" | "$" => push_literal(&mut pieces, inside),
                    _ => {
                        parts.push(Part::Pieces(std::mem::take(&mut pieces)));
                        parts.push(variable(inside)?);
                    }
                }
                continue;
            }
            let (character, after) = rest.split_at(next.len_utf8());
            match next {
                '*' if reading.wildcards => pieces.push(Piece::Many),
                '?' if reading.wildcards => pieces.push(Piece::One),
                _ => push_literal(&mut pieces, character),
            }
            rest = after;
        }
        parts.push(Part::Pieces(pieces));
        Some(Self { parts })
    }

    /// The pieces, when no variable is among them.
    pub(super) fn pieces(&self) -> Option<&[Piece]> {
        match self.parts.as_slice() {
            [Part::Pieces(pieces)] => Some(pieces),
            _ => None,
        }
    }

    /// Hands over the pieces with each variable replaced; `None` when one has no value.
    fn with_pieces<R>(&self, context: &dyn Context, use_pieces: impl FnOnce(&[Piece]) -> R) -> Option<R> {
        if let Some(pieces) = self.pieces() {
            return Some(use_pieces(pieces));
        }
        let mut all = Vec::new();
        for part in &self.parts {
            match part {
                Part::Pieces(pieces) => all.extend_from_slice(pieces),
                Part::Variable { key, default } => match (context.values(key).as_deref(), default) {
                    (Some([value]), _) => push_literal(&mut all, value),
                    (None | Some([]), Some(default)) => push_literal(&mut all, default),
                    // A key with several values is no text.
                    _ => return None,
                },
            }
        }
        Some(use_pieces(&all))
    }

    /// Whether the whole of `text` is what this asks for.
    pub(super) fn matches(&self, text: &str, fold: bool, context: &dyn Context) -> Match {
        self.with_pieces(context, |pieces| is_match(pieces, text, fold)).into()
    }

    /// Whether it takes any text at all.
    pub(super) fn is_anything(&self) -> bool {
        self.pieces().is_some_and(is_anything)
    }
}

/// A text of a policy that matches ARNs section by section: a wildcard in one of the first five stays in it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum ArnPattern {
    /// What each section asks for.
    Sections(Vec<Vec<Piece>>),
    /// Where the sections end is known once the variables are.
    Variables(Pattern),
}

impl ArnPattern {
    /// Reads a text; `None` when a variable in it is malformed.
    pub(super) fn parse(text: &str, reading: Reading) -> Option<Self> {
        let pattern = Pattern::parse(text, reading)?;
        let sections = pattern.pieces().map(sections);
        Some(sections.map_or(Self::Variables(pattern), Self::Sections))
    }

    /// Whether `arn` is what this asks for.
    pub(super) fn matches(&self, arn: &Arn<'_>, context: &dyn Context) -> Match {
        match self {
            Self::Sections(sections) => Some(arn.is_match(sections)),
            Self::Variables(pattern) => {
                pattern.with_pieces(context, |pieces| arn.is_match(&sections(pieces)))
            }
        }
        .into()
    }

    /// Whether it takes any text at all.
    pub(super) fn is_anything(&self) -> bool {
        match self {
            Self::Sections(sections) => matches!(sections.as_slice(), [only] if is_anything(only)),
            Self::Variables(_) => false,
        }
    }
}

/// An ARN by its sections, of which the last one may hold colons; of what is no ARN the first ones are there.
pub(super) struct Arn<'a>([Option<&'a str>; ARN_SECTIONS]);

impl<'a> Arn<'a> {
    pub(super) fn of(arn: &'a str) -> Self {
        let mut sections = arn.splitn(ARN_SECTIONS, ':');
        Self(std::array::from_fn(|_| sections.next()))
    }

    fn is_match(&self, sections: &[Vec<Piece>]) -> bool {
        if matches!(sections, [only] if only.as_slice() == [Piece::Many]) {
            return true;
        }
        let is_match = |(pieces, found): (&Vec<Piece>, &Option<&str>)| {
            found.is_some_and(|found| is_match(pieces, found, false))
        };
        sections.len() == ARN_SECTIONS && sections.iter().zip(&self.0).all(is_match)
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

fn push_literal(pieces: &mut Vec<Piece>, text: &str) {
    match pieces.last_mut() {
        _ if text.is_empty() => {}
        Some(Piece::Literal(before)) => before.push_str(text),
        _ => pieces.push(Piece::Literal(text.to_owned())),
    }
}

/// The pieces between colons; the last section may hold some.
fn sections(pieces: &[Piece]) -> Vec<Vec<Piece>> {
    let (mut sections, mut section) = (Vec::with_capacity(ARN_SECTIONS), Vec::new());
    for piece in pieces {
        let Piece::Literal(text) = piece else {
            section.push(piece.clone());
            continue;
        };
        let mut rest = text.as_str();
        while sections.len() + 1 < ARN_SECTIONS
            && let Some((before, after)) = rest.split_once(':')
        {
            push_literal(&mut section, before);
            sections.push(std::mem::take(&mut section));
            rest = after;
        }
        push_literal(&mut section, rest);
    }
    sections.push(section);
    sections
}

fn is_anything(pieces: &[Piece]) -> bool {
    !pieces.iter().any(|piece| matches!(piece, Piece::Literal(_)))
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

/// What follows a literal at the beginning of a text.
fn after<'t>(literal: &str, text: &'t str, fold: bool) -> Option<&'t str> {
    if !fold {
        return text.strip_prefix(literal);
    }
    let mut found = text.chars();
    let is_same =
        |wanted: char| found.next().is_some_and(|found| wanted.to_lowercase().eq(found.to_lowercase()));
    literal.chars().all(is_same).then_some(found.as_str())
}

/// What follows the first character of a text.
fn after_one(text: &str) -> Option<&str> {
    let mut chars = text.chars();
    chars.next().map(|_| chars.as_str())
}

/// Only the last star is ever tried again, so that the time is at most the product of both lengths.
pub(super) fn is_match(pieces: &[Piece], text: &str, fold: bool) -> bool {
    let (mut wanted, mut rest) = (pieces, text);
    let mut retry = None;
    loop {
        let step = match wanted.split_first() {
            None if rest.is_empty() => return true,
            None => None,
            Some((Piece::Many, [])) => return true,
            Some((Piece::Many, after)) => {
                retry = Some((after, rest));
                Some((after, rest))
            }
            Some((Piece::One, after)) => after_one(rest).map(|rest| (after, rest)),
            Some((Piece::Literal(literal), then)) => after(literal, rest, fold).map(|rest| (then, rest)),
        };
        if let Some(next) = step {
            (wanted, rest) = next;
            continue;
        }
        // Whatever is still wanted needs a character, and from further on there are fewer.
        if rest.is_empty() {
            return false;
        }
        let Some((after_star, from)) = retry else { return false };
        let Some(from) = after_one(from) else { return false };
        retry = Some((after_star, from));
        (wanted, rest) = (after_star, from);
    }
}
