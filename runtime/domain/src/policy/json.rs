//! JSON in which a doubled key is an error: which of the two counts must not depend on who reads.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::fault::Fault;

/// Values in one list: actions, resources, principals, values of a condition.
const VALUES_MAX: usize = 1_000;
/// Characters of one action, resource, principal or condition value.
const VALUE_CHARS_MAX: usize = 2_048;

/// A value of JSON; members keep their order.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Json {
    Null,
    Bool(bool),
    Number(String),
    Text(String),
    List(Vec<Self>),
    Object(Vec<(String, Self)>),
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(JsonVisitor)
    }
}

struct JsonVisitor;

impl<'de> Visitor<'de> for JsonVisitor {
    type Value = Json;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Json, E> {
        Ok(Json::Number(value.to_string()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Json, E> {
        Ok(Json::Number(value.to_string()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Json, E> {
        Ok(Json::Number(value.to_string()))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Json, E> {
        Ok(Json::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Json::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Json, A::Error> {
        let mut object: Vec<(String, Json)> = Vec::new();
        let mut keys = std::collections::BTreeSet::new();
        while let Some((key, value)) = members.next_entry::<String, Json>()? {
            if !keys.insert(key.clone()) {
                return Err(A::Error::custom("a key is there twice"));
            }
            object.push((key, value));
        }
        Ok(Json::Object(object))
    }
}

/// One text, or a list of at least one.
pub(super) fn texts<'a>(value: &'a Json, element: &'static str) -> Result<Vec<&'a str>, Fault> {
    let values = match value {
        Json::List(list) if !list.is_empty() => list.as_slice(),
        Json::Text(_) => std::slice::from_ref(value),
        _ => return Err(Fault::Form { element }),
    };
    if values.len() > VALUES_MAX {
        return Err(Fault::TooMany { element });
    }
    let text = |value: &'a Json| match value {
        Json::Text(text) if text.chars().count() <= VALUE_CHARS_MAX => Ok(text.as_str()),
        _ => Err(Fault::Form { element }),
    };
    values.iter().map(text).collect()
}
