//! Policies that a simulation leaves out.

use super::error::{IamErrorCode, iam_error};
use super::{ApiError, Members, read};
use crate::api::members::Bounds;
use crate::iam::EntityKind;

const NAME_CHARS: Bounds = 1..=128;
/// Kinds of policies; what is not known here is never excluded.
const EXCLUDED_TYPES: [(&str, Option<ExcludedType>); 6] = [
    ("inline", Some(ExcludedType::Inline)),
    ("aws-managed", Some(ExcludedType::Builtin)),
    ("user-managed", Some(ExcludedType::Managed)),
    ("permission-boundary", Some(ExcludedType::Boundary)),
    ("scp", None),
    ("rcp", None),
];
const ATTACHMENT_TYPES: [(&str, EntityKind); 3] =
    [("user", EntityKind::User), ("group", EntityKind::Group), ("role", EntityKind::Role)];

/// A kind of policies that is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExcludedType {
    /// In a user, group or role.
    Inline,
    /// Built in.
    Builtin,
    /// Managed by the account.
    Managed,
    /// The permissions boundary.
    Boundary,
}

/// Policies that are left out, although they are there.
#[derive(Clone, Debug)]
pub enum PolicyExclusion {
    /// All of a kind.
    Type(ExcludedType),
    /// Managed ones whose ARN fits.
    Arn(NamePattern),
    /// The inline one of this name of entities whose name fits.
    Inline {
        /// Of the policy.
        name: String,
        /// Of the entities.
        kind: EntityKind,
        /// Of the entities.
        entity: NamePattern,
    },
}

/// A name in which `*`, once, stands for any characters, and `?` for any one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamePattern(String);

impl NamePattern {
    /// Reads one; `None` of a text with more than one star.
    pub fn parse(text: &str) -> Option<Self> {
        (text.matches('*').count() <= 1).then(|| Self(text.to_owned()))
    }

    /// Whether all of a name fits.
    pub fn fits(&self, name: &str) -> bool {
        let is_same = |pattern: &str, text: &str| {
            let mut chars = pattern.chars().zip(text.chars());
            pattern.chars().count() == text.chars().count()
                && chars.all(|(wanted, found)| wanted == '?' || wanted == found)
        };
        let Some((head, tail)) = self.0.split_once('*') else { return is_same(&self.0, name) };
        let chars: Vec<char> = name.chars().collect();
        let (before, behind) = (head.chars().count(), tail.chars().count());
        let part = |part: &[char]| part.iter().collect::<String>();
        chars.len() >= before + behind
            && is_same(head, &part(&chars[..before]))
            && is_same(tail, &part(&chars[chars.len() - behind..]))
    }
}

impl PolicyExclusion {
    /// `None` of what is never there.
    pub(super) fn read(members: &mut Members) -> Result<Option<Self>, ApiError> {
        let invalid = || {
            let told = "A PolicyIdentifier is one type of policies, one ARN or one inline policy, with at most one *.";
            iam_error(IamErrorCode::InvalidInput, told)
        };
        let kind = members.word("PolicyType", &EXCLUDED_TYPES)?;
        let arn = read::optional_arn(members, "PolicyArn")?;
        let inline = members.structure("InlinePolicyIdentifier", |inline| {
            let name = read::name(inline, "PolicyName")?;
            let kind = inline.required_word("AttachmentType", &ATTACHMENT_TYPES)?;
            Ok((name, kind, inline.required_text("AttachmentName", NAME_CHARS)?))
        })?;
        match (kind, arn, inline) {
            (Some(kind), None, None) => Ok(kind.map(Self::Type)),
            (None, Some(arn), None) => {
                // Of an ARN, wildcards are in the name of the policy only.
                let is_right = arn.split(':').take(5).all(|part| !part.contains(['*', '?']));
                let pattern = NamePattern::parse(&arn).filter(|_| is_right && arn.starts_with("arn:"));
                pattern.map(|pattern| Some(Self::Arn(pattern))).ok_or_else(invalid)
            }
            // A kind that is missing has been told.
            (None, None, Some((name, kind, entity))) => {
                let entity = NamePattern::parse(&entity).ok_or_else(invalid)?;
                Ok(kind.map(|kind| Self::Inline { name, kind, entity }))
            }
            _ => Err(invalid()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_and_question_marks_stand_for_characters() {
        let check = |pattern: &str, name: &str, expected: bool| {
            let pattern = NamePattern::parse(pattern).expect("one star at most");
            assert_eq!(pattern.fits(name), expected, "{pattern:?} {name}");
        };
        check("ann", "ann", true);
        check("ann", "anna", false);
        check("*", "", true);
        check("a*a", "aa", true);
        check("a*a", "a", false);
        check("a?n*", "ann", true);
        check("?*?", "é", false);
        check("?*?", "éa", true);
        check("*-dev", "x-dev", true);
        check("*-dev", "x-dev2", false);
        assert_eq!(NamePattern::parse("a*b*"), None);
    }
}
