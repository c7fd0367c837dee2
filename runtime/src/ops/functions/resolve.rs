//! From the ARN in a secret to what runs.

use keywheel_domain::api::{ApiError, ErrorCode};
use keywheel_domain::function::{Function, FunctionId, Version};
use keywheel_domain::secret::{Scope, Secret};

use crate::ops::change::Change;
use crate::ops::{Operations, Seen, keys};
use crate::store::Batch;

/// What an ARN names at this moment.
#[derive(Clone, Debug)]
pub struct Resolved {
    /// The function.
    pub function: Function,
    /// The version of it that runs.
    pub version: Version,
    /// Whether it comes with the program.
    pub is_builtin: bool,
}

impl Operations {
    /// What this ARN names for a secret in this scope; `None` when it names nothing.
    pub async fn resolve_function(&self, arn: &str, scope: &Scope) -> Result<Option<Resolved>, ApiError> {
        let Some(id) = FunctionId::of_arn(arn, scope) else { return Ok(None) };
        self.resolve_id(&id, scope).await
    }

    pub(super) async fn resolve_id(
        &self,
        id: &FunctionId,
        scope: &Scope,
    ) -> Result<Option<Resolved>, ApiError> {
        let Some(function) = self.find_function(scope, &id.name).await? else { return Ok(None) };
        let Some(version) = function.select(id.qualifier.as_ref()).cloned() else { return Ok(None) };
        let is_builtin = self.functions.has(&function.name);
        Ok(Some(Resolved { function, version, is_builtin }))
    }

    /// Whether Secrets Manager may still invoke what this ARN names on behalf of a secret: a permission may be
    /// taken away while a rotation runs.
    pub fn lets_rotate(resolved: &Resolved, arn: &str, scope: &Scope, secret_arn: &str) -> bool {
        let qualifier = FunctionId::of_arn(arn, scope).and_then(|id| id.qualifier);
        resolved.is_builtin || resolved.function.lets_rotate(qualifier.as_ref(), &scope.account, secret_arn)
    }

    /// Checks that Secrets Manager may invoke the function that a secret is to be rotated by. The change that
    /// makes the secret name it holds what is returned, so that the function is not deleted meanwhile.
    pub(in crate::ops) async fn check_invocable(
        &self,
        arn: &str,
        secret: &Secret,
    ) -> Result<Change, ApiError> {
        let scope = &secret.scope;
        let Some(id) = FunctionId::of_arn(arn, scope) else { return Err(not_invocable()) };
        if self.functions.has(&id.name) {
            let is_there = self.resolve_id(&id, scope).await?.is_some();
            return if is_there { Ok(Change::new()) } else { Err(not_invocable()) };
        }
        let place = keys::function(scope, &id.name);
        let seen: Option<Seen<Function>> = self.load(place.clone()).await?;
        let Some(seen) = seen else { return Err(not_invocable()) };
        let qualifier = id.qualifier.as_ref();
        let allowed = seen.record.lets_rotate(qualifier, &scope.account, &secret.arn);
        if !allowed || seen.record.select(qualifier).is_none() {
            return Err(not_invocable());
        }
        let batch = Batch::new().expect(place, Some(seen.revision));
        let known = secret.rotation.as_ref().is_some_and(|rotation| rotation.function_arn == arn);
        Ok(Change::of(if known {
            batch
        } else {
            batch.put(keys::function_uses(scope, &id.name), secret.name.as_bytes())
        }))
    }
}

fn not_invocable() -> ApiError {
    ApiError::new(
        ErrorCode::AccessDenied,
        "Secrets Manager cannot invoke the specified Lambda function. Ensure that the function policy grants access \
         to the principal secretsmanager.amazonaws.com.",
    )
}
