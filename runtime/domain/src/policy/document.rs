//! The grammar of a policy document.

use std::collections::BTreeSet;
use std::fmt;

use super::condition::{self, Condition};
use super::fault::{DOCUMENT_BYTES_MAX, Fault};
use super::json::{Json, texts};
use super::pattern::{ArnPattern, Pattern, Reading};
use super::principal::{self, Principal};

/// Statements in a document.
const STATEMENTS_MAX: usize = 100;

/// What a document is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Attached to a user, group or role.
    Identity,
    /// The most that a user or role may do.
    Boundary,
    /// Passed when a role is assumed.
    Session,
    /// Attached to a secret or a key.
    Resource,
    /// Who may assume a role.
    Trust,
}

/// What a statement that matches does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Allows.
    Allow,
    /// Denies, whatever else allows.
    Deny,
}

/// A list, or everything but a list.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Selection<T> {
    pub(super) listed: Vec<T>,
    pub(super) inverted: bool,
}

/// One statement.
#[derive(Clone, Debug, PartialEq)]
pub struct Statement {
    pub(super) number: usize,
    pub(super) sid: Option<String>,
    pub(super) effect: Effect,
    pub(super) principals: Option<Selection<Principal>>,
    pub(super) actions: Selection<Pattern>,
    pub(super) resources: Option<Selection<ArnPattern>>,
    pub(super) conditions: Vec<Condition>,
}

/// A document whose form is right.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    kind: Kind,
    statements: Vec<Statement>,
}

/// Where in a document something is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// Outside of the statements.
    Document,
    /// In one statement.
    Statement {
        /// Counted from 1.
        number: usize,
        /// Its name, when it has one.
        sid: Option<String>,
    },
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Document => formatter.write_str("the policy"),
            Self::Statement { number, sid: None } => write!(formatter, "statement {number}"),
            Self::Statement { number, sid: Some(sid) } => write!(formatter, "statement {number} (`{sid}`)"),
        }
    }
}

/// Why a text is no policy document of its kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place} {fault}")]
pub struct MalformedDocument {
    /// Where.
    pub place: Place,
    /// What.
    pub fault: Fault,
}

type Members = [(String, Json)];

impl Document {
    /// Reads a document.
    pub fn parse(text: &str, kind: Kind) -> Result<Self, MalformedDocument> {
        let wrong = |fault| MalformedDocument { place: Place::Document, fault };
        let members = document_members(text).map_err(wrong)?;
        let variables = has_variables(&members).map_err(wrong)?;
        let values = match member(&members, "Statement") {
            Some(Json::List(list)) => list.as_slice(),
            Some(one @ Json::Object(_)) => std::slice::from_ref(one),
            _ => return Err(wrong(Fault::Form { element: "Statement" })),
        };
        if values.is_empty() {
            return Err(wrong(Fault::Form { element: "Statement" }));
        }
        if values.len() > STATEMENTS_MAX {
            return Err(wrong(Fault::TooMany { element: "Statement" }));
        }
        let mut sids = BTreeSet::new();
        let mut statements = Vec::with_capacity(values.len());
        for (index, value) in values.iter().enumerate() {
            let number = index + 1;
            let statement =
                parse_statement(value, number, kind, variables).and_then(|statement| match &statement.sid {
                    Some(sid) if !sids.insert(sid.clone()) => Err(Fault::RepeatedSid),
                    _ => Ok(statement),
                });
            statements.push(statement.map_err(|fault| {
                let sid = sid_of(value);
                MalformedDocument { place: Place::Statement { number, sid }, fault }
            })?);
        }
        Ok(Self { kind, statements })
    }

    /// What it is for.
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// Its statements, in order.
    pub fn statements(&self) -> &[Statement] {
        &self.statements
    }
}

impl Statement {
    /// Its place in the document, counted from 1.
    pub const fn number(&self) -> usize {
        self.number
    }

    /// Its name, when it has one.
    pub fn sid(&self) -> Option<&str> {
        self.sid.as_deref()
    }

    /// What it does when it matches.
    pub const fn effect(&self) -> Effect {
        self.effect
    }
}

fn document_members(text: &str) -> Result<Vec<(String, Json)>, Fault> {
    if text.len() > DOCUMENT_BYTES_MAX {
        return Err(Fault::TooLong);
    }
    let Ok(Json::Object(members)) = serde_json::from_str(text) else { return Err(Fault::NotJson) };
    match members.iter().find(|(key, _)| !["Version", "Id", "Statement"].contains(&key.as_str())) {
        Some((key, _)) => Err(Fault::Unknown { element: key.clone() }),
        None => Ok(members),
    }
}

/// Whether the document's version knows policy variables.
fn has_variables(members: &Members) -> Result<bool, Fault> {
    if !matches!(member(members, "Id"), None | Some(Json::Text(_))) {
        return Err(Fault::Form { element: "Id" });
    }
    match member(members, "Version") {
        None => Ok(false),
        Some(Json::Text(version)) if version == "2008-10-17" => Ok(false),
        Some(Json::Text(version)) if version == "2012-10-17" => Ok(true),
        Some(_) => Err(Fault::Form { element: "Version" }),
    }
}

fn member<'a>(members: &'a Members, name: &str) -> Option<&'a Json> {
    members.iter().find(|(key, _)| key == name).map(|(_, value)| value)
}

fn sid_of(value: &Json) -> Option<String> {
    match value {
        Json::Object(members) => match member(members, "Sid") {
            Some(Json::Text(sid)) => Some(sid.clone()),
            _ => None,
        },
        _ => None,
    }
}

fn parse_statement(value: &Json, number: usize, kind: Kind, variables: bool) -> Result<Statement, Fault> {
    let Json::Object(members) = value else { return Err(Fault::Form { element: "Statement" }) };
    const ELEMENTS: [&str; 9] = [
        "Sid",
        "Effect",
        "Principal",
        "NotPrincipal",
        "Action",
        "NotAction",
        "Resource",
        "NotResource",
        "Condition",
    ];
    if let Some((key, _)) = members.iter().find(|(key, _)| !ELEMENTS.contains(&key.as_str())) {
        return Err(Fault::Unknown { element: key.clone() });
    }
    let effect = match member(members, "Effect") {
        Some(Json::Text(effect)) if effect == "Allow" => Effect::Allow,
        Some(Json::Text(effect)) if effect == "Deny" => Effect::Deny,
        _ => return Err(Fault::Form { element: "Effect" }),
    };
    let actions = pair(members, "Action", "NotAction")?.ok_or(Fault::Pair { element: "Action" })?;
    let conditions = match member(members, "Condition") {
        None => Vec::new(),
        Some(value) => condition::parse(value, variables)?,
    };
    Ok(Statement {
        number,
        sid: parse_sid(member(members, "Sid"), kind)?,
        effect,
        principals: parse_principals(members, kind, effect)?,
        actions: Selection {
            listed: texts(actions.0, "Action")?.into_iter().map(parse_action).collect::<Result<_, _>>()?,
            inverted: actions.1,
        },
        resources: parse_resources(members, kind, variables)?,
        conditions,
    })
}

/// The element or its opposite, and whether it is the opposite.
fn pair<'a>(
    members: &'a Members,
    element: &'static str,
    opposite: &str,
) -> Result<Option<(&'a Json, bool)>, Fault> {
    match (member(members, element), member(members, opposite)) {
        (Some(_), Some(_)) => Err(Fault::Pair { element }),
        (Some(value), None) => Ok(Some((value, false))),
        (None, Some(value)) => Ok(Some((value, true))),
        (None, None) => Ok(None),
    }
}

fn parse_sid(value: Option<&Json>, kind: Kind) -> Result<Option<String>, Fault> {
    let is_plain = |sid: &str| sid.bytes().all(|byte| byte.is_ascii_alphanumeric());
    match value {
        None => Ok(None),
        Some(Json::Text(sid)) if sid.is_empty() => Ok(None),
        // A resource's policy may name its statements with spaces; IAM's own may not.
        Some(Json::Text(sid)) if kind == Kind::Resource && sid.chars().all(|c| !c.is_control()) => {
            Ok(Some(sid.clone()))
        }
        Some(Json::Text(sid)) if is_plain(sid) => Ok(Some(sid.clone())),
        Some(_) => Err(Fault::Form { element: "Sid" }),
    }
}

fn parse_principals(
    members: &Members,
    kind: Kind,
    effect: Effect,
) -> Result<Option<Selection<Principal>>, Fault> {
    let found = pair(members, "Principal", "NotPrincipal")?;
    match (found, matches!(kind, Kind::Resource | Kind::Trust)) {
        (None, false) => Ok(None),
        (Some(_), false) => Err(Fault::Unfit { element: "Principal" }),
        (None, true) => Err(Fault::Pair { element: "Principal" }),
        (Some((_, true)), true) if effect == Effect::Allow => Err(Fault::AllowedException),
        (Some((value, inverted)), true) => {
            Ok(Some(Selection { listed: principal::parse(value, "Principal")?, inverted }))
        }
    }
}

fn parse_action(name: &str) -> Result<Pattern, Fault> {
    let is_prefix = |text: &str| {
        !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let is_name = |text: &str| {
        !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"*?".contains(&byte))
    };
    let is_right =
        name == "*" || name.split_once(':').is_some_and(|(prefix, rest)| is_prefix(prefix) && is_name(rest));
    let pattern = Pattern::parse(&name.to_ascii_lowercase(), Reading { wildcards: true, variables: false });
    pattern.filter(|_| is_right).ok_or_else(|| Fault::Action { name: name.to_owned() })
}

fn parse_resources(
    members: &Members,
    kind: Kind,
    variables: bool,
) -> Result<Option<Selection<ArnPattern>>, Fault> {
    let Some((value, inverted)) = pair(members, "Resource", "NotResource")? else {
        return if kind == Kind::Trust { Ok(None) } else { Err(Fault::Pair { element: "Resource" }) };
    };
    if kind == Kind::Trust {
        return Err(Fault::Unfit { element: "Resource" });
    }
    let resource = |name: &str| {
        let is_arn = name.starts_with("arn:") && name.split(':').count() >= 6;
        let pattern = ArnPattern::parse(name, Reading { wildcards: true, variables });
        // An ARN may come whole from a variable.
        let is_right = name == "*" || is_arn || variables && name.starts_with("${");
        pattern.filter(|_| is_right).ok_or_else(|| Fault::Resource { name: name.to_owned() })
    };
    let listed = texts(value, "Resource")?.into_iter().map(resource).collect::<Result<_, _>>()?;
    Ok(Some(Selection { listed, inverted }))
}
