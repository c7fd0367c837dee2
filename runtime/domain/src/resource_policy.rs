//! What may be attached to a secret as its resource policy: the form of the JSON, and whether it lets anybody in.
//!
//! It deliberately does not decide requests.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

/// Statements of one policy.
const STATEMENTS_MAX: usize = 100;
/// Condition keys that bind a statement for everybody to somebody, in small letters.
const BINDING_KEYS: [&str; 12] = [
    "aws:principalaccount",
    "aws:principalarn",
    "aws:principalorgid",
    "aws:principalorgpaths",
    "aws:sourceaccount",
    "aws:sourcearn",
    "aws:sourceip",
    "aws:sourceorgid",
    "aws:sourcevpc",
    "aws:sourcevpce",
    "aws:userid",
    "aws:vpcsourceip",
];
/// Operators that bind, in small letters: those that ask for a value, and hold only when the key is there.
const BINDING_OPERATORS: [&str; 7] = [
    "arnequals",
    "arnlike",
    "ipaddress",
    "stringequals",
    "stringequalsignorecase",
    "stringlike",
    "foranyvalue:stringlike",
];

/// Why a text is no policy for a secret.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum MalformedPolicy {
    /// Not JSON, or not an object.
    #[error("This resource policy contains invalid Json")]
    NotJson,
    /// An element is missing, unknown, or of the wrong form.
    #[error("This resource policy contains an invalid element: {element}")]
    Element {
        /// Its name.
        element: &'static str,
    },
}

/// A policy whose form is right.
#[derive(Clone, Debug, PartialEq)]
pub struct ResourcePolicy {
    statements: Vec<Map<String, Value>>,
}

const fn bad(element: &'static str) -> MalformedPolicy {
    MalformedPolicy::Element { element }
}

impl ResourcePolicy {
    /// Reads a policy.
    pub fn parse(text: &str) -> Result<Self, MalformedPolicy> {
        let Ok(Value::Object(document)) = serde_json::from_str(text) else {
            return Err(MalformedPolicy::NotJson);
        };
        if document.keys().any(|key| !["Version", "Id", "Statement"].contains(&key.as_str())) {
            return Err(bad("Policy"));
        }
        let version = document.get("Version").map_or(Some("2008-10-17"), Value::as_str);
        if !matches!(version, Some("2008-10-17" | "2012-10-17")) {
            return Err(bad("Version"));
        }
        if document.get("Id").is_some_and(|id| !id.is_string()) {
            return Err(bad("Id"));
        }
        let statements = match document.get("Statement") {
            Some(Value::Array(statements)) => statements.clone(),
            Some(statement @ Value::Object(_)) => vec![statement.clone()],
            _ => return Err(bad("Statement")),
        };
        if statements.is_empty() || statements.len() > STATEMENTS_MAX {
            return Err(bad("Statement"));
        }
        let mut sids = BTreeSet::new();
        let statements = statements.into_iter().map(|statement| {
            let Value::Object(statement) = statement else { return Err(bad("Statement")) };
            check_statement(&statement)?;
            match statement.get("Sid").and_then(Value::as_str) {
                Some(sid) if !sids.insert(sid.to_owned()) => Err(bad("Sid")),
                _ => Ok(statement),
            }
        });
        Ok(Self { statements: statements.collect::<Result<_, _>>()? })
    }

    /// Whether it lets anybody in: a statement allows every principal and no condition binds it.
    pub fn is_public(&self) -> bool {
        self.statements.iter().any(is_public)
    }
}

fn check_statement(statement: &Map<String, Value>) -> Result<(), MalformedPolicy> {
    for (key, value) in statement {
        match key.as_str() {
            "Sid" if value.is_string() => {}
            "Sid" => return Err(bad("Sid")),
            "Effect" if matches!(value.as_str(), Some("Allow" | "Deny")) => {}
            "Effect" => return Err(bad("Effect")),
            "Principal" | "NotPrincipal" => check_principal(value)?,
            "Action" | "NotAction" if texts(value).is_some_and(|actions| actions.iter().all(is_action)) => {}
            "Action" | "NotAction" => return Err(bad("Action")),
            "Resource" | "NotResource"
                if texts(value).is_some_and(|resources| resources.iter().all(is_resource)) => {}
            "Resource" | "NotResource" => return Err(bad("Resource")),
            "Condition" => check_condition(value)?,
            _ => return Err(bad("Statement")),
        }
    }
    if !statement.contains_key("Effect") {
        return Err(bad("Effect"));
    }
    for (one, other) in [("Principal", "NotPrincipal"), ("Action", "NotAction"), ("Resource", "NotResource")]
    {
        if statement.contains_key(one) == statement.contains_key(other) {
            return Err(bad(one));
        }
    }
    // An exception that allows would let in everybody who is not named.
    if statement.contains_key("NotPrincipal") && statement["Effect"] == "Allow" {
        return Err(bad("Principal"));
    }
    Ok(())
}

/// One text, or a list of at least one.
fn texts(value: &Value) -> Option<Vec<&str>> {
    match value {
        Value::String(text) => Some(vec![text]),
        Value::Array(list) if !list.is_empty() => list.iter().map(Value::as_str).collect(),
        _ => None,
    }
}

fn is_action(text: &&str) -> bool {
    let is_name = |name: &str| {
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"*?".contains(&byte))
    };
    let service = |name: &str| name.eq_ignore_ascii_case("secretsmanager");
    *text == "*" || text.split_once(':').is_some_and(|(name, action)| service(name) && is_name(action))
}

fn is_resource(text: &&str) -> bool {
    *text == "*" || text.starts_with("arn:aws:secretsmanager:") || text.starts_with("arn:*:")
}

fn check_principal(value: &Value) -> Result<(), MalformedPolicy> {
    let known = |kind: &str| ["AWS", "Service", "Federated", "CanonicalUser"].contains(&kind);
    let is_right = match value {
        Value::String(text) => text == "*",
        Value::Object(kinds) => {
            !kinds.is_empty()
                && kinds.iter().all(|(kind, value)| {
                    known(kind)
                        && texts(value).is_some_and(|names| {
                            names.iter().all(|name| kind != "AWS" || is_account_principal(name))
                        })
                })
        }
        _ => false,
    };
    if is_right { Ok(()) } else { Err(bad("Principal")) }
}

/// Everybody, an account, or an ARN of IAM or STS without a wildcard.
fn is_account_principal(name: &str) -> bool {
    let is_account = |text: &str| text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
    let mut parts = name.splitn(6, ':');
    let arn = [parts.next(), parts.next(), parts.next(), parts.next(), parts.next(), parts.next()];
    name == "*"
        || is_account(name)
        || matches!(arn, [Some("arn"), Some("aws"), Some("iam" | "sts"), Some(""), Some(account), Some(rest)]
            if is_account(account) && !rest.is_empty() && !rest.contains('*'))
}

fn check_condition(value: &Value) -> Result<(), MalformedPolicy> {
    let scalar = |value: &Value| value.is_string() || value.is_boolean() || value.is_number();
    let is_value = |value: &Value| match value {
        Value::Array(list) => list.iter().all(scalar),
        value => scalar(value),
    };
    let is_operator =
        |keys: &Value| keys.as_object().is_some_and(|keys| !keys.is_empty() && keys.values().all(is_value));
    let is_right = value.as_object().is_some_and(|operators| operators.values().all(is_operator));
    if is_right { Ok(()) } else { Err(bad("Condition")) }
}

fn is_public(statement: &Map<String, Value>) -> bool {
    let everybody = match statement.get("Principal") {
        Some(Value::Object(kinds)) => {
            kinds.get("AWS").and_then(texts).is_some_and(|names| names.contains(&"*"))
        }
        Some(Value::String(text)) => text == "*",
        _ => false,
    };
    everybody && statement["Effect"] == "Allow" && !statement.get("Condition").is_some_and(binds)
}

/// Whether a condition asks for somebody in particular: a wildcard alone is anybody.
fn binds(condition: &Value) -> bool {
    let narrow = |value: &Value| {
        texts(value).is_some_and(|texts| {
            !texts.iter().any(|text| text.bytes().all(|byte| b"*?".contains(&byte)) || text.ends_with("/0"))
        })
    };
    let operators = condition.as_object().into_iter().flatten();
    operators
        .filter(|(operator, _)| BINDING_OPERATORS.contains(&operator.to_ascii_lowercase().as_str()))
        .filter_map(|(_, keys)| keys.as_object())
        .flatten()
        .any(|(key, value)| BINDING_KEYS.contains(&key.to_ascii_lowercase().as_str()) && narrow(value))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(change: Value, expected: Result<bool, &'static str>) {
        let mut statement = json!({
            "Effect": "Allow",
            "Principal": {"AWS": "arn:aws:iam::123456789012:root"},
            "Action": "secretsmanager:GetSecretValue",
            "Resource": "*",
        });
        for (key, value) in change.as_object().unwrap() {
            statement[key] = value.clone();
            if value.is_null() {
                statement.as_object_mut().unwrap().remove(key);
            }
        }
        let text = json!({"Version": "2012-10-17", "Statement": [statement]}).to_string();
        let found = ResourcePolicy::parse(&text).map(|policy| policy.is_public());
        assert_eq!(found, expected.map_err(bad), "{change}");
    }

    #[test]
    fn a_policy_has_the_form_that_is_documented() {
        check(json!({}), Ok(false));
        check(json!({"Effect": "Maybe"}), Err("Effect"));
        check(json!({"Effect": null}), Err("Effect"));
        check(json!({"Principal": null}), Err("Principal"));
        check(json!({"Principal": "somebody"}), Err("Principal"));
        check(json!({"Principal": {"AWS": "arn:aws:iam::123456789012:*"}}), Err("Principal"));
        check(json!({"Principal": {"AWS": ["123456789012"], "Service": "lambda.amazonaws.com"}}), Ok(false));
        check(json!({"NotPrincipal": "*"}), Err("Principal"));
        check(json!({"Principal": null, "NotPrincipal": {"AWS": "123456789012"}}), Err("Principal"));
        check(json!({"Action": []}), Err("Action"));
        check(json!({"Action": "s3:GetObject"}), Err("Action"));
        check(json!({"Action": ["secretsmanager:*", "*"]}), Ok(false));
        check(json!({"Resource": 7}), Err("Resource"));
        check(json!({"Condition": {"StringEquals": "x"}}), Err("Condition"));
        check(json!({"Colour": "blue"}), Err("Statement"));
        check(json!({"Sid": 1}), Err("Sid"));
    }

    #[test]
    fn what_is_no_policy_at_all_is_told() {
        let check = |text: &str, expected: MalformedPolicy| {
            assert_eq!(ResourcePolicy::parse(text), Err(expected), "{text}");
        };
        check("", MalformedPolicy::NotJson);
        check("[]", MalformedPolicy::NotJson);
        check("{}", bad("Statement"));
        check(r#"{"Statement":[]}"#, bad("Statement"));
        check(r#"{"Version":"2020-01-01","Statement":[]}"#, bad("Version"));
        check(r#"{"Statements":[]}"#, bad("Policy"));
    }

    #[test]
    fn a_policy_for_everybody_is_public_unless_a_condition_binds_it() {
        let everybody = |condition: Value| json!({"Principal": {"AWS": "*"}, "Condition": condition});
        check(json!({"Principal": "*"}), Ok(true));
        check(json!({"Principal": {"AWS": ["123456789012", "*"]}}), Ok(true));
        check(json!({"Principal": "*", "Effect": "Deny"}), Ok(false));
        check(everybody(json!({"StringEquals": {"aws:PrincipalOrgID": "o-1"}})), Ok(false));
        check(everybody(json!({"StringEquals": {"AWS:sourceaccount": ["123456789012"]}})), Ok(false));
        check(everybody(json!({"StringLike": {"aws:PrincipalArn": "*"}})), Ok(true));
        check(everybody(json!({"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}})), Ok(true));
        check(everybody(json!({"StringNotEquals": {"aws:PrincipalOrgID": "o-1"}})), Ok(true));
        check(everybody(json!({"StringEquals": {"secretsmanager:VersionStage": "AWSCURRENT"}})), Ok(true));
    }
}
