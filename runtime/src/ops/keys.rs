//! Where records are in the store's ordered key space.
//!
//! A zero byte separates the parts: it is in no name, ARN, token or region, so no key is a prefix of
//! another record's key by accident.

use keywheel_domain::iam::lookup_name;
use keywheel_domain::secret::Scope;
use keywheel_domain::time::Timestamp;

use crate::store::Key;

/// What the worker does at a due time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// Look at the job of this secret.
    Job,
    /// Start a scheduled rotation of this secret.
    Rotation,
    /// Remove this secret for good.
    Purge,
    /// See whether the current value of this secret still logs in.
    Verify,
    /// Give this key of the key management service new material.
    KeyRotation,
    /// Remove this key for good.
    KeyDeletion,
}

impl Due {
    /// As in the key.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Job => "job",
            Self::Rotation => "rotation",
            Self::Purge => "purge",
            Self::Verify => "verify",
            Self::KeyRotation => "key-rotation",
            Self::KeyDeletion => "key-deletion",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        [Self::Job, Self::Rotation, Self::Purge, Self::Verify, Self::KeyRotation, Self::KeyDeletion]
            .into_iter()
            .find(|due| due.as_str() == text)
    }
}

/// An entry of the due index: what, of which secret, when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DueEntry {
    /// When.
    pub at: Timestamp,
    /// What.
    pub due: Due,
    /// Full ARN of the secret, or of the key.
    pub secret_arn: String,
}

fn joined(parts: &[&str]) -> Key {
    Key::new(parts.join("\0"))
}

/// Digits of a time in a key: as text, times sort as numbers do.
fn digits(at: Timestamp) -> String {
    format!("{:015}", at.millis().max(0))
}

/// The record of a secret.
pub fn secret(scope: &Scope, name: &str) -> Key {
    joined(&["secret", &scope.account, &scope.region, name])
}

/// First and last key of the secrets of a scope.
pub fn secrets(scope: &Scope) -> (Key, Key) {
    range(&["secret", &scope.account, &scope.region])
}

/// First and last key of all secrets.
pub fn all_secrets() -> (Key, Key) {
    range(&["secret"])
}

/// The sealed value of a version.
pub fn value(secret_arn: &str, version_id: &str) -> Key {
    joined(&["value", secret_arn, version_id])
}

/// The unfinished rotation of a secret.
pub fn job(secret_arn: &str) -> Key {
    joined(&["job", secret_arn])
}

/// A rotation that ended.
pub fn history(secret_arn: &str, requested: Timestamp, token: &str) -> Key {
    joined(&["history", secret_arn, &digits(requested), token])
}

/// First and last key of the ended rotations of a secret, oldest first.
pub fn histories(secret_arn: &str) -> (Key, Key) {
    range(&["history", secret_arn])
}

/// The log of one invocation in a rotation.
pub fn log(secret_arn: &str, token: &str, fence: u64) -> Key {
    joined(&["log", secret_arn, token, &format!("{fence:010}")])
}

/// First and last key of the logs of a rotation.
pub fn logs(secret_arn: &str, token: &str) -> (Key, Key) {
    range(&["log", secret_arn, token])
}

/// An open request for approval, by its id; what is there is the ARN of its secret.
pub fn approval(scope: &Scope, request_id: &str) -> Key {
    joined(&["approval", &scope.account, &scope.region, request_id])
}

/// First and last key of the open requests of a scope.
pub fn approvals(scope: &Scope) -> (Key, Key) {
    range(&["approval", &scope.account, &scope.region])
}

/// First and last key of the unfinished rotations of a scope.
pub fn jobs(scope: &Scope) -> (Key, Key) {
    let from = format!("job\0arn:aws:secretsmanager:{}:{}:", scope.region, scope.account);
    let to = format!("job\0arn:aws:secretsmanager:{}:{};", scope.region, scope.account);
    (Key::new(from), Key::new(to))
}

/// First and last key of all unfinished rotations.
pub fn all_jobs() -> (Key, Key) {
    range(&["job"])
}

/// A user of an account. No two users have names that differ in capitals only.
pub fn user(account: &str, name: &str) -> Key {
    joined(&["user", account, &lookup_name(name)])
}

/// First and last key of the users of an account.
pub fn users(account: &str) -> (Key, Key) {
    range(&["user", account])
}

/// How much of IAM an account has.
pub fn iam_census(account: &str) -> Key {
    joined(&["iam-census", account])
}

/// A group of an account.
pub fn iam_group(account: &str, id: &str) -> Key {
    joined(&["iam-group", account, id])
}

/// First and last key of the groups of an account.
pub fn iam_groups(account: &str) -> (Key, Key) {
    range(&["iam-group", account])
}

/// The id of the group of this name, capitals or not.
pub fn iam_group_name(account: &str, name: &str) -> Key {
    joined(&["iam-group-name", account, &lookup_name(name)])
}

/// A role of an account. No two have names that differ in capitals only.
pub fn iam_role(account: &str, name: &str) -> Key {
    joined(&["iam-role", account, &lookup_name(name)])
}

/// First and last key of the roles of an account.
pub fn iam_roles(account: &str) -> (Key, Key) {
    range(&["iam-role", account])
}

/// A managed policy of an account. No two have names that differ in capitals only, whatever their paths.
pub fn iam_policy(account: &str, name: &str) -> Key {
    joined(&["iam-policy", account, &lookup_name(name)])
}

/// First and last key of the managed policies of an account.
pub fn iam_policies(account: &str) -> (Key, Key) {
    range(&["iam-policy", account])
}

/// When an access key was last used, by the hour.
pub fn access_key_use(id: &str) -> Key {
    joined(&["access-key-use", id])
}

/// A webhook.
pub fn webhook(scope: &Scope, name: &str) -> Key {
    joined(&["webhook", &scope.account, &scope.region, name])
}

/// First and last key of the webhooks of a scope.
pub fn webhooks(scope: &Scope) -> (Key, Key) {
    range(&["webhook", &scope.account, &scope.region])
}

/// First and last key of the webhooks of an account.
pub fn webhooks_of_account(account: &str) -> (Key, Key) {
    range(&["webhook", account])
}

/// First and last key of all webhooks.
pub fn all_webhooks() -> (Key, Key) {
    range(&["webhook"])
}

/// Written with each change of what a webhook is, so that such a change is seen without a scan, and so that
/// those who make one at once do not pass the bound.
pub fn webhook_settings() -> Key {
    Key::new("webhook-settings")
}

/// The record of a deployed function.
pub fn function(scope: &Scope, name: &str) -> Key {
    joined(&["function", &scope.account, &scope.region, name])
}

/// First and last key of the functions of a scope.
pub fn functions(scope: &Scope) -> (Key, Key) {
    range(&["function", &scope.account, &scope.region])
}

/// First and last key of all functions.
pub fn all_functions() -> (Key, Key) {
    range(&["function"])
}

/// Written with each secret that comes to name a function, so that who deletes the function sees it.
pub fn function_uses(scope: &Scope, name: &str) -> Key {
    joined(&["function-uses", &scope.account, &scope.region, name])
}

/// A sealed environment of a function.
pub fn function_environment(function_arn: &str, id: &str) -> Key {
    joined(&["function-environment", function_arn, id])
}

/// What is known of some code.
pub fn code(digest: &str) -> Key {
    joined(&["code", digest])
}

/// First and last key of what is known of all code.
pub fn all_code() -> (Key, Key) {
    range(&["code"])
}

/// A part of some code.
pub fn code_part(digest: &str, part: u64) -> Key {
    joined(&["code-part", digest, &format!("{part:06}")])
}

/// How many invocations of a function there were.
pub fn function_ring(scope: &Scope, name: &str) -> Key {
    joined(&["function-ring", &scope.account, &scope.region, name])
}

/// The log of an invocation of a function, in one of the places of its ring.
pub fn function_log(scope: &Scope, name: &str, place: u64) -> Key {
    joined(&["function-log", &scope.account, &scope.region, name, &format!("{place:06}")])
}

/// First and last key of what is kept of the invocations of a function.
pub fn function_logs(scope: &Scope, name: &str) -> (Key, Key) {
    range(&["function-log", &scope.account, &scope.region, name])
}

/// First and last key of the keys of the key management service in a scope.
pub fn kms_keys(scope: &Scope) -> (Key, Key) {
    range(&["kms-key", &scope.account, &scope.region])
}

/// The range of all keys of an account.
pub fn kms_keys_of_account(account: &str) -> (Key, Key) {
    range(&["kms-key", account])
}

/// The range of all keys.
pub fn all_kms_keys() -> (Key, Key) {
    range(&["kms-key"])
}

/// Whose key this place is of.
pub fn account_of_kms_key(place: &Key) -> Option<String> {
    let account = place.as_bytes().split(|byte| *byte == 0).nth(1)?;
    String::from_utf8(account.to_vec()).ok()
}

/// An alias of a key.
pub fn kms_alias(scope: &Scope, name: &str) -> Key {
    joined(&["kms-alias", &scope.account, &scope.region, name])
}

/// First and last key of the aliases of a scope.
pub fn kms_aliases(scope: &Scope) -> (Key, Key) {
    range(&["kms-alias", &scope.account, &scope.region])
}

/// An entry of the due index.
pub fn due(entry: &DueEntry) -> Key {
    joined(&["due", &digits(entry.at), entry.due.as_str(), &entry.secret_arn])
}

/// First and last key of what is due at `until` or before.
pub fn due_until(until: Timestamp) -> (Key, Key) {
    (joined(&["due", ""]), joined(&["due", &digits(until.plus_millis(1))]))
}

/// First and last key of the whole due index.
pub fn due_all() -> (Key, Key) {
    range(&["due"])
}

/// Reads a key of the due index.
pub fn parse_due(key: &Key) -> Option<DueEntry> {
    let text = std::str::from_utf8(key.as_bytes()).ok()?;
    let mut parts = text.splitn(4, '\0');
    let ("due", at, due, secret_arn) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?) else {
        return None;
    };
    Some(DueEntry {
        at: Timestamp::from_millis(at.parse().ok()?),
        due: Due::parse(due)?,
        secret_arn: secret_arn.to_owned(),
    })
}

/// All keys below a prefix: the byte after the separator ends the range.
fn range(parts: &[&str]) -> (Key, Key) {
    let prefix = parts.join("\0");
    (Key::new(format!("{prefix}\0")), Key::new(format!("{prefix}\x01")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_due_index_sorts_by_time_and_reads_back() {
        let entry =
            |at| DueEntry { at: Timestamp::from_millis(at), due: Due::Job, secret_arn: "arn:x".into() };
        assert!(due(&entry(999)) < due(&entry(1_000)));
        assert_eq!(parse_due(&due(&entry(1_000))), Some(entry(1_000)));
        let (from, to) = due_until(Timestamp::from_millis(1_000));
        assert!(from <= due(&entry(0)) && due(&entry(1_000)) < to && due(&entry(1_001)) >= to);
    }

    #[test]
    fn a_scope_holds_its_own_secrets_only() {
        let scope = |region: &str| Scope { account: "1".into(), region: region.into() };
        let (from, to) = secrets(&scope("us-east-1"));
        assert!((&from..&to).contains(&&secret(&scope("us-east-1"), "zzz")));
        assert!(!(&from..&to).contains(&&secret(&scope("us-east-10"), "a")));
    }
}
