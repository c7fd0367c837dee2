//! What Invoke may do: one step for one secret, as a rotation would run it.

use std::sync::Arc;

use keywheel_domain::api::lambda::{InvocationEvent, InvokeRequest, LambdaError, LambdaErrorCode};
use keywheel_domain::secret::Secret;

use super::{Resolved, action};
use crate::ops::access::Access;
use crate::ops::change::Change;
use crate::ops::load::check_live;
use crate::ops::{Caller, Operations, Principal, Seen};

/// A step that somebody runs by hand.
#[derive(Clone, Debug)]
pub struct HandRun {
    /// What runs.
    pub resolved: Resolved,
    /// Full ARN of the secret.
    pub secret_arn: String,
    /// Who the function is when it calls back.
    pub caller: Caller,
}

impl Operations {
    /// What an invocation would run, when it is allowed.
    pub async fn check_invocation(
        &self,
        caller: &Caller,
        request: &InvokeRequest,
    ) -> Result<Resolved, LambdaError> {
        let scope = caller.scope();
        let arn = request.function.arn(&scope);
        self.authorize(caller, &action("InvokeFunction"), Some(&arn))?;
        let resolved = self.resolve_id(&request.function, &scope).await?;
        resolved.ok_or_else(|| LambdaError::function_not_found(&arn))
    }

    /// The secret that an invocation is about.
    pub async fn secret_of_invocation(
        &self,
        caller: &Caller,
        event: &InvocationEvent,
    ) -> Result<Arc<Seen<Secret>>, LambdaError> {
        let seen = self.find_secret(caller, &Access::secret("RotateSecret", &event.secret_id)).await;
        let seen = seen.map_err(|error| {
            LambdaError::new(LambdaErrorCode::InvalidRequestContent, format!("SecretId: {}", error.message))
        })?;
        check_live(&seen.record)?;
        Ok(seen)
    }

    /// Everything about an invocation but the run of it. A rotation that is unfinished comes first: a step by
    /// hand could change what it has probed. One that begins later waits for the step, if it waits for room for
    /// this secret, as the step has before this is called.
    pub async fn prepare_invocation(
        &self,
        caller: &Caller,
        secret: &Secret,
        resolved: Resolved,
        event: &InvocationEvent,
        digest: &str,
    ) -> Result<HandRun, LambdaError> {
        let detail = Some(format!("{} by {}, code {digest}", event.step, resolved.function.arn()));
        let token = Some(event.client_request_token.as_str());
        let row = self.audit_row(&caller.arn(), "Invoke", &secret.arn, token, detail);
        if !self.commit(Change::new().expect_no_job(Some(&secret.arn)).audit(&row)).await? {
            return Err(LambdaError::conflict(format!(
                "A rotation of {} is unfinished: it comes first.",
                secret.name
            )));
        }
        let principal = Principal::ByHand {
            function_arn: resolved.function.arn(),
            secret_arn: secret.arn.clone(),
            secret_name: secret.name.clone(),
            readable: secret
                .policy
                .as_ref()
                .map(|policy| policy.readable_secret_ids.clone())
                .unwrap_or_default(),
            token: event.client_request_token.clone(),
            step: event.step,
        };
        let caller = Caller::new(caller.account.clone(), caller.region.clone(), principal);
        let caller = self.identify(caller).await?;
        Ok(HandRun { resolved, secret_arn: secret.arn.clone(), caller })
    }
}
