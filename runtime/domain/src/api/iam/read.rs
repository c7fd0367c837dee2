//! Members that many requests have, and how answers write times and documents.

use std::fmt::Write as _;

use serde::{Serialize, Serializer};

use crate::api::ApiError;
use crate::api::members::{Bounds, Members};
use crate::iam::{
    EntityKind, PATH_PATTERN, POLICY_PATH_PATTERN, ROOT_PATH, TAGS_MAX, Tag, is_path, is_policy_path,
};
use crate::time::{SECOND_MS, Timestamp};

/// A name, as IAM's service model says it.
const NAME_PATTERN: &str = r"[\w+=,.@-]+";
const NAME_CHARS: Bounds = 1..=128;
const PATH_CHARS: Bounds = 1..=512;
const ARN_CHARS: Bounds = 20..=2048;
const DOCUMENT_CHARS: Bounds = 1..=131_072;
const MARKER_CHARS: Bounds = 1..=320;
const ITEMS: Bounds = 1..=1000;
/// Items of a page whose request names no number.
const ITEMS_DEFAULT: usize = 100;

fn is_name_char(char: char) -> bool {
    char.is_ascii_alphanumeric() || "_+=,.@-".contains(char)
}

/// An optional name of so many characters.
fn name_within(members: &mut Members, member: &str, chars: Bounds) -> Result<Option<String>, ApiError> {
    members.matching_text(member, chars, (NAME_PATTERN, is_name_char))
}

/// The name that a new entity gets.
pub(super) fn new_name(
    members: &mut Members,
    member: &str,
    kind: EntityKind,
) -> Result<Option<String>, ApiError> {
    name_within(members, member, 1..=kind.name_chars_max())
}

/// The name of an entity that there may be.
pub(super) fn optional_name(members: &mut Members, member: &str) -> Result<Option<String>, ApiError> {
    name_within(members, member, NAME_CHARS)
}

/// A name that must be there.
pub(super) fn name(members: &mut Members, member: &str) -> Result<String, ApiError> {
    let name = optional_name(members, member)?;
    Ok(members.require(member, name).unwrap_or_default())
}

/// The name of an entity of a kind: `UserName`, `GroupName` or `RoleName`. Names of users may be longer here than those of
/// new ones.
pub(super) fn entity_name(members: &mut Members, kind: EntityKind) -> Result<String, ApiError> {
    match kind {
        EntityKind::User => name(members, "UserName"),
        EntityKind::Group | EntityKind::Role => short_entity_name(members, kind),
    }
}

/// The same, within the bounds of new names.
pub(super) fn short_entity_name(members: &mut Members, kind: EntityKind) -> Result<String, ApiError> {
    let member = format!("{}Name", kind.noun());
    let name = new_name(members, &member, kind)?;
    Ok(members.require(&member, name).unwrap_or_default())
}

/// An optional path of a user, group or role.
pub(super) fn path(members: &mut Members, member: &str) -> Result<Option<String>, ApiError> {
    checked(members, member, PATH_PATTERN, is_path)
}

/// An optional path of a managed policy.
pub(super) fn policy_path(members: &mut Members, member: &str) -> Result<Option<String>, ApiError> {
    checked(members, member, POLICY_PATH_PATTERN, is_policy_path)
}

/// What the paths of a listing begin with.
pub(super) fn path_prefix(members: &mut Members) -> Result<String, ApiError> {
    let prefix = checked(members, "PathPrefix", r"\u002F[\u0021-\u007F]*", |text| {
        text.starts_with('/') && text.bytes().all(|byte| (b'!'..=b'\x7f').contains(&byte))
    })?;
    Ok(prefix.unwrap_or_else(|| ROOT_PATH.to_owned()))
}

fn checked(
    members: &mut Members,
    member: &str,
    pattern: &str,
    fits: fn(&str) -> bool,
) -> Result<Option<String>, ApiError> {
    let text = members.text(member, PATH_CHARS)?;
    // What is wrong with its length has been said.
    if text.as_ref().is_some_and(|text| PATH_CHARS.contains(&text.chars().count()) && !fits(text)) {
        members.violation(member, &format!("satisfy regular expression pattern: {pattern}"));
    }
    Ok(text)
}

/// An optional ARN.
pub(super) fn optional_arn(members: &mut Members, member: &str) -> Result<Option<String>, ApiError> {
    members.text(member, ARN_CHARS)
}

/// An ARN that must be there.
pub(super) fn arn(members: &mut Members, member: &str) -> Result<String, ApiError> {
    members.required_text(member, ARN_CHARS)
}

/// A document that must be there.
pub(super) fn document(members: &mut Members, member: &str) -> Result<String, ApiError> {
    let text = optional_document(members, member)?;
    Ok(members.require(member, text).unwrap_or_default())
}

/// An optional policy document.
pub(super) fn optional_document(members: &mut Members, member: &str) -> Result<Option<String>, ApiError> {
    let allowed = |char: char| matches!(char, '\t' | '\n' | '\r' | ' '..='\u{ff}');
    let pattern = r"[\u0009\u000A\u000D\u0020-\u00FF]+";
    members.matching_text(member, DOCUMENT_CHARS, (pattern, allowed))
}

/// Letters, marks of them and white space of any language, digits, and what the service model names.
fn is_tag_char(char: char) -> bool {
    char.is_alphanumeric() || (char.is_whitespace() && !char.is_control()) || "_.:/=+-@".contains(char)
}

/// Optional `Tags`.
pub(in crate::api) fn tags(members: &mut Members) -> Result<Option<Vec<Tag>>, ApiError> {
    members.structures("Tags", 0..=TAGS_MAX, |tag| {
        let key = tag.matching_text("Key", 1..=128, (r"[\p{L}\p{Z}\p{N}_.:/=+\-@]+", is_tag_char))?;
        let value = tag.matching_text("Value", 0..=256, (r"[\p{L}\p{Z}\p{N}_.:/=+\-@]*", is_tag_char))?;
        let key = tag.require("Key", key).unwrap_or_default();
        Ok(Tag { key, value: tag.require("Value", value).unwrap_or_default() })
    })
}

/// Which page of a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageRequest {
    /// Most items.
    pub limit: usize,
    /// Where to go on, as the last page said.
    pub marker: Option<String>,
}

impl PageRequest {
    pub(super) fn read(members: &mut Members) -> Result<Self, ApiError> {
        let printable = |char: char| ('\u{20}'..='\u{ff}').contains(&char);
        Ok(Self {
            marker: members.matching_text("Marker", MARKER_CHARS, (r"[\u0020-\u00FF]+", printable))?,
            limit: members.bounded_integer("MaxItems", ITEMS)?.unwrap_or(ITEMS_DEFAULT),
        })
    }
}

/// The end of a page, in an answer.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct PageEnd {
    /// Whether there are more.
    pub is_truncated: bool,
    /// Where to go on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub marker: Option<String>,
}

impl PageEnd {
    /// The end of a page before that of this marker.
    pub const fn before(marker: Option<String>) -> Self {
        Self { is_truncated: marker.is_some(), marker }
    }
}

/// A policy that says the most that somebody may do, in an answer.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct AttachedBoundary {
    permissions_boundary_type: &'static str,
    permissions_boundary_arn: String,
}

impl AttachedBoundary {
    pub(super) fn of(arn: Option<&String>) -> Option<Self> {
        let arn = arn?.clone();
        Some(Self { permissions_boundary_type: "Policy", permissions_boundary_arn: arn })
    }
}

/// Writes a moment to the second, in UTC.
pub(in crate::api) fn moment<S: Serializer>(moment: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    let seconds = Timestamp::from_millis(moment.millis().div_euclid(SECOND_MS) * SECOND_MS);
    serializer.serialize_str(&seconds.to_string().replace(".000Z", "Z"))
}

/// The same of one that is not always known.
pub(super) fn optional_moment<S: Serializer>(
    known: &Option<Timestamp>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match known {
        Some(known) => moment(known, serializer),
        None => serializer.serialize_none(),
    }
}

/// Writes a document percent-encoded, as the service does.
pub(super) fn encoded<S: Serializer>(document: &str, serializer: S) -> Result<S::Ok, S::Error> {
    let mut text = String::with_capacity(document.len() * 2);
    for byte in document.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            write!(text, "%{byte:02X}").expect("a string takes any text");
        }
    }
    serializer.serialize_str(&text)
}

/// The same of one that is not always shown.
pub(super) fn optional_encoded<S: Serializer>(
    document: &Option<String>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match document {
        Some(document) => encoded(document, serializer),
        None => serializer.serialize_none(),
    }
}
