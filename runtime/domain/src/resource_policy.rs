//! What may be attached to a secret as its resource policy: the form of the JSON, and whether it lets anybody in.
//!
//! It deliberately does not decide requests.

use serde_json::Value;

use crate::policy::{self, Document, Fault, Kind, MalformedDocument, Place};

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
pub struct ResourcePolicy(Document);

const fn bad(element: &'static str) -> MalformedPolicy {
    MalformedPolicy::Element { element }
}

impl ResourcePolicy {
    /// Reads a policy.
    pub fn parse(text: &str) -> Result<Self, MalformedPolicy> {
        let document = Document::parse(text, Kind::Resource).map_err(|error| of_fault(&error))?;
        let statements = serde_json::from_str(text).map(|document: Value| document["Statement"].clone());
        match statements.map_err(|_| MalformedPolicy::NotJson)? {
            Value::Array(statements) => statements.iter().try_for_each(check_statement)?,
            statement => check_statement(&statement)?,
        }
        Ok(Self(document))
    }

    /// Whether it lets anybody in: a statement allows every principal and no condition binds it.
    pub fn is_public(&self) -> bool {
        policy::is_public(&self.0)
    }
}

/// Which element the service names.
fn of_fault(error: &MalformedDocument) -> MalformedPolicy {
    let element = match &error.fault {
        Fault::NotJson => return MalformedPolicy::NotJson,
        Fault::TooLong => "Policy",
        Fault::Unknown { .. } if error.place == Place::Document => "Policy",
        Fault::Unknown { .. } => "Statement",
        Fault::Form { element }
        | Fault::Pair { element }
        | Fault::Unfit { element }
        | Fault::TooMany { element } => element.strip_prefix("Not").unwrap_or(element),
        Fault::RepeatedSid => "Sid",
        Fault::Principal { .. } | Fault::AllowedException => "Principal",
        Fault::Action { .. } => "Action",
        Fault::Resource { .. } => "Resource",
        Fault::Operator { .. } | Fault::Operand { .. } => "Condition",
    };
    bad(element)
}

/// A secret's policy is about secrets: what is about something else was meant for another place.
fn check_statement(statement: &Value) -> Result<(), MalformedPolicy> {
    let all = |names: [&str; 2], is_right: fn(&str) -> bool| {
        names.iter().flat_map(|name| texts(&statement[*name])).all(is_right)
    };
    if !all(["Action", "NotAction"], is_action) {
        return Err(bad("Action"));
    }
    if !all(["Resource", "NotResource"], is_resource) {
        return Err(bad("Resource"));
    }
    Ok(())
}

fn texts(value: &Value) -> impl Iterator<Item = &str> {
    let list = value.as_array().map_or_else(|| std::slice::from_ref(value), Vec::as_slice);
    list.iter().filter_map(Value::as_str)
}

fn is_action(text: &str) -> bool {
    let is_ours = |(service, _): (&str, &str)| service.eq_ignore_ascii_case("secretsmanager");
    text == "*" || text.split_once(':').is_some_and(is_ours)
}

fn is_resource(text: &str) -> bool {
    text == "*" || text.starts_with("arn:aws:secretsmanager:") || text.starts_with("arn:*:")
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
