//! Forms: `Tags.member.1.Key=team&Tags.member.1.Value=blue` as a bounded tree.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// Members of one form, each a leaf of the tree.
pub const MEMBERS_MAX: usize = 512;
/// Parts of a name.
const DEPTH_MAX: usize = 8;
/// Bytes of a name, decoded.
const NAME_BYTES_MAX: usize = 256;
/// What stands between the name of a list and the numbers of its items.
const ITEM: &str = "member";

/// A request of the Query protocol.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Form {
    /// `Action`; empty when the form has none.
    pub action: String,
    /// `Version`; empty when the form has none.
    pub version: String,
    /// The other members: texts, lists and structures.
    pub members: Map<String, Value>,
}

/// Why a body is no form. None repeats what was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FormError {
    /// A percent sign without two hexadecimal digits, or bytes that are no text.
    #[error("a name or a value is not percent-encoded UTF-8")]
    Encoding,
    /// A pair without a name.
    #[error("a value has no name, or a part of its name is empty")]
    Name,
    /// A name beyond the bounds.
    #[error("a name is longer than {NAME_BYTES_MAX} bytes, or has more than {DEPTH_MAX} parts")]
    LongName,
    /// More pairs than allowed.
    #[error("the form has more than {MEMBERS_MAX} members")]
    TooMany,
    /// One name twice, or as a value and as what holds values.
    #[error("the form has a member twice")]
    Repeated,
    /// Items that are not counted from 1, without a gap.
    #[error("the items of a list are not numbered from 1 without a gap")]
    Numbers,
}

enum Node {
    Text(String),
    Branch(BTreeMap<String, Self>),
}

impl Form {
    /// Reads a body.
    pub fn parse(body: &[u8]) -> Result<Self, FormError> {
        let mut root = BTreeMap::new();
        let pairs = body.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty());
        for (index, pair) in pairs.enumerate() {
            if index >= MEMBERS_MAX {
                return Err(FormError::TooMany);
            }
            let mut halves = pair.splitn(2, |byte| *byte == b'=');
            let name = decoded(halves.next().unwrap_or_default())?;
            let value = decoded(halves.next().unwrap_or_default())?;
            insert(&mut root, &name, value)?;
        }
        let Value::Object(mut members) = object(root)? else { return Err(FormError::Name) };
        let mut text = |name: &str| match members.remove(name) {
            None => Ok(String::new()),
            Some(Value::String(text)) => Ok(text),
            Some(_) => Err(FormError::Name),
        };
        Ok(Self { action: text("Action")?, version: text("Version")?, members })
    }
}

impl Form {
    /// The members as a JSON body would have them.
    pub fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(&self.members).expect("members have text keys and values")
    }
}

fn insert(root: &mut BTreeMap<String, Node>, name: &str, value: String) -> Result<(), FormError> {
    let parts: Vec<&str> = name.split('.').collect();
    if name.len() > NAME_BYTES_MAX || parts.len() > DEPTH_MAX {
        return Err(FormError::LongName);
    }
    if parts.iter().any(|part| part.is_empty()) {
        return Err(FormError::Name);
    }
    let Some((last, above)) = parts.split_last() else { return Err(FormError::Name) };
    let mut branch = root;
    for part in above {
        let node = branch.entry((*part).to_owned()).or_insert_with(|| Node::Branch(BTreeMap::new()));
        let Node::Branch(below) = node else { return Err(FormError::Repeated) };
        branch = below;
    }
    match branch.insert((*last).to_owned(), Node::Text(value)) {
        None => Ok(()),
        Some(_) => Err(FormError::Repeated),
    }
}

fn value(node: Node) -> Result<Value, FormError> {
    match node {
        Node::Text(text) => Ok(Value::String(text)),
        Node::Branch(mut members) if members.len() == 1 => match members.remove(ITEM) {
            Some(Node::Branch(items)) => list(items),
            Some(text) => object(BTreeMap::from([(ITEM.to_owned(), text)])),
            None => object(members),
        },
        Node::Branch(members) => object(members),
    }
}

fn object(members: BTreeMap<String, Node>) -> Result<Value, FormError> {
    let members = members.into_iter().map(|(name, node)| Ok((name, value(node)?)));
    members.collect::<Result<Map<_, _>, _>>().map(Value::Object)
}

fn list(items: BTreeMap<String, Node>) -> Result<Value, FormError> {
    let mut numbered = BTreeMap::new();
    for (number, node) in items {
        let is_number = number.bytes().all(|byte| byte.is_ascii_digit()) && !number.starts_with('0');
        let number: usize = if is_number { number.parse().unwrap_or(0) } else { 0 };
        numbered.insert(number, value(node)?);
    }
    if !numbered.keys().copied().eq(1..=numbered.len()) {
        return Err(FormError::Numbers);
    }
    Ok(Value::Array(numbered.into_values().collect()))
}

/// A name or a value as it was before it was encoded.
fn decoded(encoded: &[u8]) -> Result<String, FormError> {
    let mut bytes = Vec::with_capacity(encoded.len());
    let mut rest = encoded;
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        match first {
            b'+' => bytes.push(b' '),
            b'%' => {
                let (digits, after) = rest.split_at_checked(2).ok_or(FormError::Encoding)?;
                let mut byte = [0];
                hex::decode_to_slice(digits, &mut byte).map_err(|_| FormError::Encoding)?;
                bytes.extend(byte);
                rest = after;
            }
            byte => bytes.push(*byte),
        }
    }
    String::from_utf8(bytes).map_err(|_| FormError::Encoding)
}
