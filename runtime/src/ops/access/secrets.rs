//! Secrets as resources.

use keywheel_domain::policy::ResourceRule;
use keywheel_domain::secret::{self, Scope, Secret, SecretId};

use super::{Resource, ResourcePolicy};

/// In the place of the random characters of a secret that is not there: what ends in six `?` matches it, as it
/// matches each secret of the name.
const NO_SUFFIX: &str = "??????";
/// What decisions call the policy of a secret.
const POLICY_NAME: &str = "ResourcePolicy";

impl<'a> Resource<'a> {
    /// A secret.
    pub(in crate::ops) fn secret(secret: &'a Secret) -> Self {
        let rotation = secret.rotation.as_ref();
        let primary = secret.replication.primary_region.as_deref().unwrap_or(&secret.scope.region);
        let policy = secret.resource_policy.as_deref().map(|text| ResourcePolicy::put(text, POLICY_NAME));
        let tags = secret.tags.iter().map(|tag| (tag.key.as_str(), tag.value.as_str()));
        let resource = Self {
            policy,
            rule: ResourceRule::Optional,
            ..Self::plain(secret.arn.as_str(), &secret.scope.account)
        };
        resource
            .with_tags(Some("secretsmanager"), tags)
            .with("secretsmanager:secretprimaryregion", Some(primary))
            .with(
                "secretsmanager:resource/allowrotationlambdaarn",
                rotation.map(|rotation| rotation.function_arn.as_str()),
            )
    }
}

/// The ARN that stands for what a caller named, whether it is there or not.
pub(in crate::ops) fn named_secret_arn(scope: &Scope, secret_id: &str) -> String {
    match SecretId::parse(secret_id) {
        Ok(SecretId::FullArn { arn, .. }) => arn,
        Ok(SecretId::PartialArn { scope, name }) => secret::arn(&scope, &name, NO_SUFFIX),
        Ok(SecretId::Name(name)) => secret::arn(scope, &name, NO_SUFFIX),
        Err(_) => secret::arn(scope, secret_id, NO_SUFFIX),
    }
}
