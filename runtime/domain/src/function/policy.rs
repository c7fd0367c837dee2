//! Who may invoke a function: the statements that AddPermission makes.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// The principal that rotates secrets.
pub const SECRETS_MANAGER: &str = "secretsmanager.amazonaws.com";
/// The action of an invocation.
pub const INVOKE_ACTION: &str = "lambda:InvokeFunction";
/// Statements on one function, version or alias.
pub const STATEMENTS_MAX: usize = 50;
/// Colons between the six parts of an ARN.
const ARN_PARTS: usize = 6;

/// One permission. It only ever allows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statement {
    /// Its name, unique on the function, version or alias.
    pub sid: String,
    /// A service, an account, an ARN of IAM, or `*`.
    pub principal: String,
    /// `lambda:InvokeFunction`, `lambda:*` and so on.
    pub action: String,
    /// Only on behalf of this account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_account: Option<String>,
    /// Only on behalf of what this pattern matches.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_arn: Option<String>,
}

/// The statements on a function, or on one of its versions or aliases.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// The version or alias; none for the function without a qualifier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub qualifier: Option<String>,
    /// In the order in which they were added.
    pub statements: Vec<Statement>,
    /// Changes with each change.
    pub revision_id: String,
}

impl Policy {
    /// As GetPolicy tells it, for this ARN.
    pub fn to_document(&self, arn: &str) -> Value {
        let statements: Vec<Value> = self.statements.iter().map(|one| one.to_document(arn)).collect();
        json!({ "Version": "2012-10-17", "Id": "default", "Statement": statements })
    }

    /// Whether Secrets Manager may invoke on behalf of a secret.
    pub fn lets_rotate(&self, secret_account: &str, secret_arn: &str) -> bool {
        self.statements.iter().any(|statement| statement.lets_rotate(secret_account, secret_arn))
    }
}

impl Statement {
    /// As in a policy, for this ARN of a function.
    pub fn to_document(&self, arn: &str) -> Value {
        let mut document = json!({
            "Sid": self.sid,
            "Effect": "Allow",
            "Principal": principal(&self.principal),
            "Action": self.action,
            "Resource": arn,
        });
        let mut conditions = Map::new();
        if let Some(account) = &self.source_account {
            conditions.insert("StringEquals".into(), json!({ "AWS:SourceAccount": account }));
        }
        if let Some(pattern) = &self.source_arn {
            conditions.insert("ArnLike".into(), json!({ "AWS:SourceArn": pattern }));
        }
        if !conditions.is_empty() {
            document["Condition"] = conditions.into();
        }
        document
    }

    fn lets_rotate(&self, secret_account: &str, secret_arn: &str) -> bool {
        let action = [INVOKE_ACTION, "lambda:*", "*"].contains(&self.action.as_str());
        let principal = [SECRETS_MANAGER, "*"].contains(&self.principal.as_str());
        let account = self.source_account.as_ref().is_none_or(|account| account == secret_account);
        action && principal && account && self.source_arn.as_ref().is_none_or(|arn| is_like(secret_arn, arn))
    }
}

fn principal(text: &str) -> Value {
    let is_account = text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
    match text {
        "*" => json!("*"),
        _ if is_account => json!({ "AWS": format!("arn:aws:iam::{text}:root") }),
        _ if text.starts_with("arn:") => json!({ "AWS": text }),
        _ => json!({ "Service": text }),
    }
}

/// `ArnLike`: each of the six parts matches its own pattern, so that a star does not reach over a colon
/// in the first five.
fn is_like(arn: &str, pattern: &str) -> bool {
    let (arn, pattern): (Vec<_>, Vec<_>) =
        (arn.splitn(ARN_PARTS, ':').collect(), pattern.splitn(ARN_PARTS, ':').collect());
    arn.len() == pattern.len()
        && arn.iter().zip(&pattern).all(|(part, pattern)| matches(part.as_bytes(), pattern.as_bytes()))
}

/// `*` stands for any bytes and `?` for one. Each star is tried anew from where it last matched, so that the
/// time is bounded by the product of both lengths.
fn matches(text: &[u8], pattern: &[u8]) -> bool {
    let (mut at, mut next) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while at < text.len() {
        match pattern.get(next) {
            Some(b'*') => {
                star = Some((next, at));
                next += 1;
            }
            Some(wanted) if *wanted == b'?' || *wanted == text[at] => (at, next) = (at + 1, next + 1),
            _ => match star {
                Some((place, reached)) => {
                    star = Some((place, reached + 1));
                    (at, next) = (reached + 1, place + 1);
                }
                None => return false,
            },
        }
    }
    pattern[next..].iter().all(|rest| *rest == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "arn:aws:secretsmanager:us-east-1:123456789012:secret:prod/Db-AbCdEf";

    fn statement() -> Statement {
        Statement {
            sid: "rotate".into(),
            principal: SECRETS_MANAGER.into(),
            action: INVOKE_ACTION.into(),
            source_account: None,
            source_arn: None,
        }
    }

    #[test]
    fn only_what_is_meant_for_secrets_manager_and_the_secret_lets_it_rotate() {
        let check = |statement: Statement, expected: bool| {
            assert_eq!(statement.lets_rotate("123456789012", SECRET), expected, "{statement:?}");
        };
        check(statement(), true);
        for (principal, expected) in [("*", true), ("events.amazonaws.com", false), ("123456789012", false)] {
            check(Statement { principal: principal.into(), ..statement() }, expected);
        }
        for (action, expected) in [
            ("lambda:*", true),
            ("*", true),
            ("lambda:GetFunction", false),
            ("lambda:InvokeFunctionUrl", false),
        ] {
            check(Statement { action: action.into(), ..statement() }, expected);
        }
        for (account, expected) in [("123456789012", true), ("210987654321", false)] {
            check(Statement { source_account: Some(account.into()), ..statement() }, expected);
        }
        for (pattern, expected) in [
            (SECRET, true),
            ("arn:aws:secretsmanager:*:123456789012:secret:prod/*", true),
            ("arn:aws:secretsmanager:us-east-1:123456789012:secret:prod/Db-??????", true),
            ("arn:aws:secretsmanager:us-east-1:123456789012:secret:prod/Db-?????", false),
            ("arn:aws:secretsmanager:us-east-1:123456789012:secret:test/*", false),
            ("arn:aws:secretsmanager:*", false),
            ("*", false),
            ("arn:aws:*:secret:prod/Db-AbCdEf", false),
            ("", false),
        ] {
            check(Statement { source_arn: Some(pattern.into()), ..statement() }, expected);
        }
    }

    #[test]
    fn a_document_is_as_lambda_writes_it() {
        let full = Statement {
            source_account: Some("123456789012".into()),
            source_arn: Some("arn:aws:secretsmanager:*".into()),
            ..statement()
        };
        let expected = r#"{"Action":"lambda:InvokeFunction","Condition":{"ArnLike":{"AWS:SourceArn":"arn:aws:secretsmanager:*"},"StringEquals":{"AWS:SourceAccount":"123456789012"}},"Effect":"Allow","Principal":{"Service":"secretsmanager.amazonaws.com"},"Resource":"arn:f","Sid":"rotate"}"#;
        assert_eq!(full.to_document("arn:f").to_string(), expected);
        assert!(statement().to_document("arn:f").get("Condition").is_none());
        assert_eq!(principal("123456789012"), json!({ "AWS": "arn:aws:iam::123456789012:root" }));
    }

    #[test]
    fn stars_match_what_they_should() {
        for (text, pattern, expected) in [
            ("", "", true),
            ("", "*", true),
            ("a", "", false),
            ("abc", "a*c", true),
            ("abc", "*b*", true),
            ("abc", "*d*", false),
            ("aab", "*ab", true),
            ("abab", "a*ab", true),
            ("abc", "a?c", true),
            ("ac", "a?c", false),
        ] {
            assert_eq!(matches(text.as_bytes(), pattern.as_bytes()), expected, "{text} {pattern}");
        }
        assert!(!matches("a".repeat(2000).as_bytes(), format!("{}b", "*a".repeat(200)).as_bytes()));
    }
}
