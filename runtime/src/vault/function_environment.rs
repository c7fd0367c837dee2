//! The environment of a function, sealed like values.

use keywheel_domain::envelope::{Binding, Purpose, Sealed};
use keywheel_domain::secret::Scope;
use keywheel_domain::sensitive::Sensitive;

use super::{Vault, VaultError};

impl Vault {
    /// Seals the environment of a function. It opens for this ARN and id only.
    pub async fn seal_function_environment(
        &self,
        scope: &Scope,
        arn: &str,
        id: &str,
        environment: &Sensitive<Vec<u8>>,
    ) -> Result<Vec<u8>, VaultError> {
        let key_id = wrapping_key_id(scope);
        self.seal_bound(&binding(scope, arn, id, &key_id), environment.expose()).await
    }

    /// Opens the environment of a function.
    pub async fn open_function_environment(
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
        purpose: Purpose::FunctionEnvironment,
        account: &scope.account,
        resource: arn,
        version_id: id,
        key_id,
    }
}

fn wrapping_key_id(scope: &Scope) -> String {
    format!("arn:aws:kms:{}:{}:alias/aws/lambda", scope.region, scope.account)
}
