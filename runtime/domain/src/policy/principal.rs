//! Who a statement of a resource or trust policy is about.

use super::fault::Fault;
use super::json::Json;

/// One name in a `Principal` element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Principal {
    Everybody,
    /// An account: its id or the ARN of its root.
    Account(String),
    /// A user, a role, or a session of a role.
    Arn(String),
    Service(String),
    Federated(String),
}

/// Digits in an account's id.
const ACCOUNT_DIGITS: usize = 12;

/// Reads the value of `Principal` or `NotPrincipal`.
pub(super) fn parse(value: &Json, element: &'static str) -> Result<Vec<Principal>, Fault> {
    let wrong = || Fault::Form { element };
    let Json::Object(kinds) = value else {
        return match value {
            Json::Text(text) if text == "*" => Ok(vec![Principal::Everybody]),
            _ => Err(wrong()),
        };
    };
    let mut principals = Vec::new();
    for (kind, names) in kinds {
        for name in super::json::texts(names, element)? {
            let principal = match kind.as_str() {
                "AWS" => account_principal(name),
                "Service" if is_service(name) => Some(Principal::Service(name.to_owned())),
                "Federated" if !name.is_empty() => Some(Principal::Federated(name.to_owned())),
                _ => None,
            };
            principals.push(principal.ok_or_else(|| Fault::Principal { name: name.to_owned() })?);
        }
    }
    if principals.is_empty() { Err(wrong()) } else { Ok(principals) }
}

fn is_account(text: &str) -> bool {
    text.len() == ACCOUNT_DIGITS && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_service(name: &str) -> bool {
    let is_right = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
    name.contains('.') && name.bytes().all(is_right)
}

fn account_principal(name: &str) -> Option<Principal> {
    if name == "*" {
        return Some(Principal::Everybody);
    }
    if is_account(name) {
        return Some(Principal::Account(name.to_owned()));
    }
    let parts: Vec<&str> = name.splitn(6, ':').collect();
    let ["arn", partition, service, "", account, rest] = parts.as_slice() else { return None };
    if !partition.starts_with("aws") || !is_account(account) || rest.contains(['*', '?', ':']) {
        return None;
    }
    let (kind, path) = rest.split_once('/').unwrap_or((rest, ""));
    match (*service, kind) {
        ("iam", "root") if *rest == "root" => Some(Principal::Account((*account).to_owned())),
        ("iam", "user" | "role") | ("sts", "assumed-role" | "federated-user")
            if !path.is_empty() && !path.ends_with('/') && (kind != "assumed-role" || path.contains('/')) =>
        {
            Some(Principal::Arn(name.to_owned()))
        }
        _ => None,
    }
}
