//! [`Invoke`] over the wasm host, and the way back from a guest to the API's own actions.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use keywheel_domain::api::{
    ApiError, DescribeSecretRequest, DescribeSecretResponse, GetRandomPasswordRequest,
    GetRandomPasswordResponse, GetSecretValueRequest, GetSecretValueResponse, PutSecretValueRequest,
    PutSecretValueResponse, SecretValue, UpdateSecretVersionStageRequest, UpdateSecretVersionStageResponse,
};
use keywheel_domain::rotation::Outcome;
use keywheel_domain::secret::Scope;
use keywheel_domain::target::Target;
use keywheel_domain::version::CURRENT;
use keywheel_host::{Catalog, Egress, Function, Limits, Secrets};
use tokio::sync::OnceCell;

use super::{Invocation, Invoke, Report};
use crate::ops::{Caller, Operations, function_name};

/// A function before it is compiled: its name and its component.
#[derive(Clone, Debug)]
pub struct Source {
    /// As in its ARN.
    pub name: String,
    /// The component.
    pub wasm: &'static [u8],
}

/// Runs functions in the sandbox. Each is compiled on its first use, or by [`HostInvoke::preload`].
pub struct HostInvoke {
    ops: Arc<Operations>,
    catalog: Catalog,
    functions: BTreeMap<String, (Source, OnceCell<Arc<Function>>)>,
    limits: Limits,
}

impl HostInvoke {
    /// The host with these functions.
    pub fn new(ops: Arc<Operations>, catalog: Catalog, sources: Vec<Source>, limits: Limits) -> Self {
        let functions =
            sources.into_iter().map(|source| (source.name.clone(), (source, OnceCell::new()))).collect();
        Self { ops, catalog, functions, limits }
    }

    /// Compiles every function that is not compiled yet, so that no rotation waits for it.
    pub async fn preload(&self) {
        for name in self.functions.keys() {
            if let Err(message) = self.function(name).await {
                tracing::error!(function = name, message, "a function cannot be loaded");
            }
        }
    }

    async fn function(&self, name: &str) -> Result<Arc<Function>, String> {
        let Some((source, loaded)) = self.functions.get(name) else {
            return Err(format!("there is no function `{name}`"));
        };
        let load = || async { self.catalog.load(source.wasm).await };
        loaded
            .get_or_try_init(load)
            .await
            .cloned()
            .map_err(|error| format!("`{name}` cannot be loaded: {error}"))
    }

    /// Where the function may dial: the host and port in the secret's current value.
    async fn egress(&self, invocation: &Invocation) -> Egress {
        let denied = Egress::deny_all();
        let Ok(Some(seen)) = self.ops.secret_by_arn(&invocation.secret_arn).await else { return denied };
        let Some(current) = seen.record.versions.holder(CURRENT) else { return denied };
        let Ok(SecretValue::Text(text)) = self.ops.open(&seen.record, &current.id).await else {
            return denied;
        };
        match Target::of(text.expose()) {
            Some(Target { host, port }) => denied.allow(&host, port),
            None => denied,
        }
    }
}

#[async_trait]
impl Invoke for HostInvoke {
    async fn invoke(&self, invocation: Invocation) -> Report {
        let name = function_name(&invocation.function_arn, &invocation.caller.scope()).unwrap_or_default();
        let function = match self.function(name).await {
            Ok(function) => function,
            Err(message) => {
                return Report::not_run(Outcome::permanent(message));
            }
        };
        let egress = self.egress(&invocation).await;
        let report = function
            .invoke(keywheel_host::Invocation {
                event: keywheel_host::Event {
                    step: invocation.step,
                    secret_id: invocation.secret_arn,
                    client_request_token: invocation.token,
                    rotation_token: invocation.rotation_token,
                },
                secrets: Arc::new(GuestSecrets { ops: Arc::clone(&self.ops), caller: invocation.caller }),
                egress,
                limits: self.limits.clone(),
                environment: Vec::new(),
                approved: invocation.approved,
            })
            .await;
        let outcome = match report.outcome {
            keywheel_host::Outcome::Done => Outcome::Done,
            keywheel_host::Outcome::Failed { kind, message } => Outcome::Failed { kind, message },
            keywheel_host::Outcome::Asked { summary } => Outcome::Asked { summary },
            // A trap or a limit may be the target's fault as well as the function's: it is tried again.
            broken => Outcome::retry(broken.to_string()),
        };
        let mut log: Vec<String> = report.log.iter().map(ToString::to_string).collect();
        if report.log_truncated {
            log.push("warn: the log reached its limit; lines are missing".to_owned());
        }
        Report {
            outcome,
            log,
            duration_us: u64::try_from(report.wall.as_micros()).unwrap_or(u64::MAX),
            digest: function.digest().to_owned(),
        }
    }

    async fn digest(&self, function_arn: &str, scope: &Scope) -> Option<String> {
        let name = function_name(function_arn, scope)?;
        Some(self.function(name).await.ok()?.digest().to_owned())
    }

    fn wall_ms_max(&self) -> i64 {
        i64::try_from(self.limits.wall_ms_max).unwrap_or(i64::MAX)
    }
}

/// The `secrets` interface of a running function: the API's own actions, with a narrower caller.
pub(crate) struct GuestSecrets {
    pub(crate) ops: Arc<Operations>,
    pub(crate) caller: Caller,
}

#[async_trait]
impl Secrets for GuestSecrets {
    async fn get_secret_value(
        &self,
        request: GetSecretValueRequest,
    ) -> Result<GetSecretValueResponse, ApiError> {
        self.ops.get_secret_value(&self.caller, request).await
    }

    async fn put_secret_value(
        &self,
        request: PutSecretValueRequest,
    ) -> Result<PutSecretValueResponse, ApiError> {
        self.ops.put_secret_value(&self.caller, request).await
    }

    async fn describe_secret(
        &self,
        request: DescribeSecretRequest,
    ) -> Result<DescribeSecretResponse, ApiError> {
        self.ops.describe_secret(&self.caller, request).await
    }

    async fn update_secret_version_stage(
        &self,
        request: UpdateSecretVersionStageRequest,
    ) -> Result<UpdateSecretVersionStageResponse, ApiError> {
        self.ops.update_secret_version_stage(&self.caller, request).await
    }

    async fn get_random_password(
        &self,
        request: GetRandomPasswordRequest,
    ) -> Result<GetRandomPasswordResponse, ApiError> {
        self.ops.get_random_password(&self.caller, request).await
    }
}
