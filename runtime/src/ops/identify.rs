//! What the store says of a caller, looked up once for each request.

use keywheel_domain::api::ApiError;
use keywheel_domain::secret::Scope;

use super::{Caller, Operations, Principal, Standing};

impl Operations {
    /// The caller with what the store says of the user or the role. A user that is not there may do nothing.
    pub async fn identify(&self, caller: Caller) -> Result<Caller, ApiError> {
        let standing = match &caller.principal {
            Principal::User { name, .. } => {
                self.identity_of_user(&caller.account, name).await?.map(Standing::User)
            }
            Principal::Role { name, .. } => {
                self.identity_of_role(&caller.account, name).await?.map(Standing::Role)
            }
            Principal::Root { .. } => None,
            Principal::Rotation { function_arn, .. } | Principal::ByHand { function_arn, .. } => {
                Some(Box::pin(self.standing_of_function(function_arn, &caller.scope())).await?)
            }
        };
        Ok(Caller { standing: standing.unwrap_or_default(), ..caller })
    }

    /// What the store says of the role that a function runs as; nothing, when IAM has no such role.
    pub async fn standing_of_function(
        &self,
        function_arn: &str,
        scope: &Scope,
    ) -> Result<Standing, ApiError> {
        let resolved = self.resolve_function(function_arn, scope).await?;
        let Some(role_arn) = resolved.map(|resolved| resolved.version.role) else {
            return Ok(Standing::Nothing);
        };
        let prefix = format!("arn:aws:iam::{}:role/", scope.account);
        let name = role_arn.strip_prefix(&prefix).and_then(|path| path.rsplit('/').next());
        let Some(name) = name else { return Ok(Standing::Nothing) };
        let role = self.identity_of_role(&scope.account, name).await?;
        let role = role.filter(|role| role.identity.arn == role_arn);
        Ok(role.map_or(Standing::Nothing, Standing::Role))
    }
}
