//! Names, paths, ids and ARNs.

use super::EntityKind;

/// The path of what was given none.
pub const ROOT_PATH: &str = "/";
/// What ids are made of, behind the prefix of their kind.
pub const ID_ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
/// Characters of an id behind its prefix.
pub const ID_RANDOM_CHARS: usize = 17;
/// A path, as IAM's service model says it.
pub const PATH_PATTERN: &str = r"(\u002F)|(\u002F[\u0021-\u007E]+\u002F)";
/// The path of a managed policy.
pub const POLICY_PATH_PATTERN: &str = r"((/[A-Za-z0-9\.,\+@=_-]+)*)/";
const PATH_CHARS_MAX: usize = 512;
const BUILTIN_ACCOUNT: &str = "aws";

/// Whether a name is made of what names are made of, and not longer than its kind allows.
pub fn is_name(text: &str, chars_max: usize) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"+=,.@_-".contains(&byte);
    (1..=chars_max).contains(&text.len()) && text.bytes().all(fits)
}

/// Whether a user, group or role can have this path.
pub fn is_path(text: &str) -> bool {
    let fits = |byte: u8| (b'!'..=b'~').contains(&byte);
    text.len() <= PATH_CHARS_MAX
        && (text == ROOT_PATH
            || (text.len() > 2 && text.starts_with('/') && text.ends_with('/') && text.bytes().all(fits)))
}

/// Whether a managed policy can have this path.
pub fn is_policy_path(text: &str) -> bool {
    let Some(inner) = text.strip_suffix('/') else { return false };
    let segments = inner.split('/').skip(1);
    text.len() <= PATH_CHARS_MAX
        && (inner.is_empty() || inner.starts_with('/'))
        && segments.into_iter().all(|segment| is_name(segment, PATH_CHARS_MAX))
}

/// A name as it is looked up: no two of one kind differ in capitals only.
pub fn lookup_name(name: &str) -> String {
    name.to_ascii_lowercase()
}

/// The ARN of a user, group or role.
pub fn arn(account: &str, kind: EntityKind, path: &str, name: &str) -> String {
    format!("arn:aws:iam::{account}:{}{path}{name}", kind.word())
}

/// The ARN of a managed policy of an account.
pub fn policy_arn(account: &str, path: &str, name: &str) -> String {
    format!("arn:aws:iam::{account}:policy{path}{name}")
}

/// The ARN of a managed policy, taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PolicyArn<'a> {
    /// Twelve digits; `None` for a built-in policy.
    pub account: Option<&'a str>,
    /// Begins and ends with `/`.
    pub path: &'a str,
    /// Behind the path.
    pub name: &'a str,
}

impl<'a> PolicyArn<'a> {
    /// Reads an ARN; `None` when it is none of a managed policy.
    pub fn parse(arn: &'a str) -> Option<Self> {
        let (account, resource) = arn.strip_prefix("arn:aws:iam::")?.split_once(':')?;
        let path_and_name = resource.strip_prefix("policy")?;
        let (path, name) = path_and_name.split_at(path_and_name.rfind('/')? + 1);
        let is_account = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
        let is_known = is_account || account == BUILTIN_ACCOUNT;
        let fits = is_known && is_policy_path(path) && is_name(name, super::policy::NAME_CHARS_MAX);
        fits.then_some(Self { account: is_account.then_some(account), path, name })
    }
}
