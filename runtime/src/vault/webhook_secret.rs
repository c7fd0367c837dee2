//! What deliveries to webhooks are signed with, sealed like values.

use keywheel_domain::envelope::{Binding, Purpose, Sealed};
use keywheel_domain::secret::Scope;
use keywheel_domain::sensitive::Sensitive;

use super::{Vault, VaultError};

impl Vault {
    /// Seals the signing secret of a webhook. It opens for this ARN and id only.
    pub async fn seal_webhook_secret(
        &self,
        scope: &Scope,
        arn: &str,
        id: &str,
        secret: &Sensitive<String>,
    ) -> Result<Vec<u8>, VaultError> {
        let key_id = wrapping_key_id(&scope.account);
        self.seal_bound(&binding(scope, arn, id, &key_id), secret.expose().as_bytes()).await
    }

    /// Opens the signing secret of a webhook.
    pub async fn open_webhook_secret(
        &self,
        scope: &Scope,
        arn: &str,
        id: &str,
        sealed: &[u8],
    ) -> Result<Sensitive<Vec<u8>>, VaultError> {
        let sealed = Sealed::parse(sealed)?;
        self.open_bound(&binding(scope, arn, id, sealed.key_id), &sealed).await
    }
}

fn binding<'a>(scope: &'a Scope, arn: &'a str, id: &'a str, key_id: &'a str) -> Binding<'a> {
    Binding {
        purpose: Purpose::WebhookSecret,
        account: &scope.account,
        resource: arn,
        version_id: id,
        key_id,
    }
}

fn wrapping_key_id(account: &str) -> String {
    format!("arn:aws:kms::{account}:alias/keywheel/webhooks")
}
