//! KMS keys as resources.

use keywheel_domain::kms::{KeyManager, KmsKey};
use keywheel_domain::policy::ResourceRule;

use super::{Resource, ResourcePolicy};

/// What every key is, in the terms of conditions; the older names of two of them among them.
const KIND: [(&str, &str); 6] = [
    ("kms:keyspec", "SYMMETRIC_DEFAULT"),
    ("kms:customermasterkeyspec", "SYMMETRIC_DEFAULT"),
    ("kms:keyusage", "ENCRYPT_DECRYPT"),
    ("kms:customermasterkeyusage", "ENCRYPT_DECRYPT"),
    ("kms:keyorigin", "AWS_KMS"),
    ("kms:multiregion", "false"),
];
/// What decisions call the policy of a key.
const POLICY_NAME: &str = "default";

impl<'a> Resource<'a> {
    /// A key. Its own policy has to let the account in before policies of users and roles count.
    pub(in crate::ops) fn kms_key(key: &'a KmsKey) -> Self {
        let policy = ResourcePolicy::put(&key.policy, POLICY_NAME);
        // The service's own keys have a policy that only describes what the service lets happen.
        let is_own = key.manager == KeyManager::Aws;
        let tags = key.tags.iter().map(|tag| (tag.tag_key.as_str(), tag.tag_value.as_str()));
        let mut resource = Self {
            policy: (!is_own).then_some(policy),
            rule: if is_own { ResourceRule::Optional } else { ResourceRule::Required },
            ..Self::plain(key.arn(), &key.scope.account)
        };
        if !key.aliases.is_empty() {
            let aliases = key.aliases.iter().map(String::as_str).collect();
            resource.keys.push(("kms:resourcealiases".into(), aliases));
        }
        resource.with_tags(None, tags).of_key_kind()
    }

    /// A key that is to be made.
    pub(in crate::ops) fn new_kms_key(account: &'a str) -> Self {
        Self::plain("*", account).of_key_kind()
    }

    fn of_key_kind(self) -> Self {
        KIND.into_iter().fold(self, |resource, (key, value)| resource.with(key, Some(value)))
    }
}
