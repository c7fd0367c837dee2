//! The `Condition` element: operators over the keys of a request.

use std::borrow::Cow;

use super::fault::Fault;
use super::json::Json;
use super::operand::Operand;
use super::request::Context;

/// Operators and keys in one `Condition` element, multiplied out.
const CONDITIONS_MAX: usize = 100;
/// Values for one key.
const CONDITION_VALUES_MAX: usize = 1_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Quantifier {
    All,
    Any,
}

/// One operator and one key; all of a statement's must hold.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    operator: String,
    key: String,
    quantifier: Option<Quantifier>,
    if_exists: bool,
    negated: bool,
    operand: Operand,
}

impl Condition {
    /// The operator as it stands in the document.
    pub fn operator(&self) -> &str {
        &self.operator
    }

    /// The key, in small letters.
    pub fn key(&self) -> &str {
        &self.key
    }

    pub(super) const fn operand(&self) -> &Operand {
        &self.operand
    }

    /// Whether it asks for one of its values, and fails when the key is missing.
    pub(super) fn asks_for_value(&self) -> bool {
        !self.negated && !self.if_exists && self.quantifier != Some(Quantifier::All)
    }

    /// Whether the request meets it.
    pub(super) fn holds(&self, context: &dyn Context) -> bool {
        let values = context.values(&self.key).filter(|values| !values.is_empty());
        if let Operand::Null(missing) = &self.operand {
            return missing.contains(&values.is_none());
        }
        let Some(values) = values else {
            return match self.quantifier {
                _ if self.if_exists => true,
                Some(Quantifier::All) => true,
                Some(Quantifier::Any) => false,
                None => self.negated,
            };
        };
        let is_among = |value: &Cow<'_, str>| self.operand.is_among(value, context);
        match self.quantifier {
            Some(Quantifier::All) => values.iter().all(|value| is_among(value) != self.negated),
            Some(Quantifier::Any) => values.iter().any(|value| is_among(value) != self.negated),
            None => values.iter().any(is_among) != self.negated,
        }
    }
}

/// Reads a `Condition` element.
pub(super) fn parse(value: &Json, variables: bool) -> Result<Vec<Condition>, Fault> {
    let wrong = || Fault::Form { element: "Condition" };
    let Json::Object(operators) = value else { return Err(wrong()) };
    let mut conditions = Vec::new();
    for (operator, keys) in operators {
        let Json::Object(keys) = keys else { return Err(wrong()) };
        if keys.is_empty() {
            return Err(wrong());
        }
        for (key, values) in keys {
            conditions.push(parse_one(operator, key, values, variables)?);
        }
    }
    if conditions.len() > CONDITIONS_MAX {
        return Err(Fault::TooMany { element: "Condition" });
    }
    Ok(conditions)
}

fn parse_one(operator: &str, key: &str, values: &Json, variables: bool) -> Result<Condition, Fault> {
    if key.is_empty() || !key.contains(':') {
        return Err(Fault::Form { element: "Condition" });
    }
    let unknown = || Fault::Operator { operator: operator.to_owned() };
    let (quantifier, rest) = match operator.split_once(':') {
        None => (None, operator),
        Some((set, rest)) if set.eq_ignore_ascii_case("ForAllValues") => (Some(Quantifier::All), rest),
        Some((set, rest)) if set.eq_ignore_ascii_case("ForAnyValue") => (Some(Quantifier::Any), rest),
        Some(_) => return Err(unknown()),
    };
    let small = rest.to_ascii_lowercase();
    let (name, if_exists) = match small.strip_suffix("ifexists") {
        Some(name) => (name, true),
        None => (small.as_str(), false),
    };
    // Whether a key is missing is no question about one of its values.
    if name == "null" && (if_exists || quantifier.is_some()) {
        return Err(unknown());
    }
    let texts = scalars(values)?;
    let (operand, negated) = Operand::parse(name, &texts, variables).ok_or_else(unknown)?;
    let operand =
        operand.ok_or_else(|| Fault::Operand { operator: operator.to_owned(), key: key.to_owned() })?;
    Ok(Condition {
        operator: operator.to_owned(),
        key: key.to_ascii_lowercase(),
        quantifier,
        if_exists,
        negated,
        operand,
    })
}

/// One value or a list; numbers and booleans stand for their texts.
fn scalars(value: &Json) -> Result<Vec<Cow<'_, str>>, Fault> {
    let values = match value {
        Json::List(list) => list.as_slice(),
        value => std::slice::from_ref(value),
    };
    if values.len() > CONDITION_VALUES_MAX {
        return Err(Fault::TooMany { element: "Condition" });
    }
    let scalar = |value| match value {
        &Json::Bool(value) => Ok(Cow::Borrowed(if value { "true" } else { "false" })),
        Json::Number(text) | Json::Text(text) => Ok(Cow::Borrowed(text.as_str())),
        _ => Err(Fault::Form { element: "Condition" }),
    };
    values.iter().map(scalar).collect()
}
