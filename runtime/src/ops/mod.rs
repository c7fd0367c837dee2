//! What the API does: one file per action, from a request's members to its answer.
//!
//! Two doors lead here: the HTTP server, and the `secrets` interface of a running function. Both bring
//! a [`Caller`], and `authorize` is asked for each call. An action loads what it needs,
//! lets the domain decide, and commits one batch that expects what it saw; on a conflict it begins
//! again, a bounded number of times.
//!
//! Deliberately absent: calls to the host. RotateSecret only commits a job.

mod authorize;
mod cancel_rotate_secret;
mod change;
mod create_secret;
mod delete_secret;
mod describe_rotation;
mod describe_secret;
mod due;
mod end_job;
mod functions;
mod get_random_password;
mod get_secret_value;
pub mod keys;
mod list_secret_version_ids;
mod list_secrets;
mod load;
mod next_token;
mod put_secret_value;
mod record_cache;
mod restore_secret;
mod rotate_secret;
mod tag_resource;
mod untag_resource;
mod update_secret;
mod update_secret_version_stage;
mod values;

use std::sync::Arc;

use keywheel_domain::api::{self, ApiError, ErrorCode, Request};
use keywheel_domain::secret::Scope;
use serde::Serialize;

pub use self::authorize::{Caller, Principal};
pub use self::change::{Change, Seen};
pub use self::functions::{Functions, name_of as function_name};
use crate::clock::Clock;
use crate::entropy::Entropy;
use crate::store::Store;
use crate::vault::Vault;

/// Conflicts after which an action gives up: so many others were faster on the same secret.
const COMMIT_ATTEMPTS_MAX: usize = 32;

/// The API's actions over one store.
pub struct Operations {
    store: Arc<dyn Store>,
    vault: Arc<Vault>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    functions: Functions,
    records: record_cache::RecordCache,
}

impl Operations {
    /// The actions over these ports.
    pub fn new(
        store: Arc<dyn Store>,
        vault: Arc<Vault>,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        functions: Functions,
    ) -> Self {
        Self { store, vault, clock, entropy, functions, records: record_cache::RecordCache::default() }
    }

    /// The store that the actions work on.
    pub const fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// Runs the action of `X-Amz-Target: <target>` and returns the JSON of its answer.
    pub async fn dispatch(&self, caller: &Caller, target: &str, body: &[u8]) -> Result<Vec<u8>, ApiError> {
        macro_rules! actions {
            ($($service:literal: $request:ident => $action:ident),+ $(,)?) => {
                match target.split_once('.') {
                    $(Some(($service, name)) if name == api::$request::NAME => {
                        encode(&self.$action(caller, api::decode(body)?).await?)
                    })+
                    _ => Err(ApiError::new(ErrorCode::UnknownOperation, "")),
                }
            };
        }
        actions! {
            "secretsmanager": GetSecretValueRequest => get_secret_value,
            "secretsmanager": DescribeSecretRequest => describe_secret,
            "secretsmanager": PutSecretValueRequest => put_secret_value,
            "secretsmanager": CreateSecretRequest => create_secret,
            "secretsmanager": UpdateSecretRequest => update_secret,
            "secretsmanager": UpdateSecretVersionStageRequest => update_secret_version_stage,
            "secretsmanager": ListSecretsRequest => list_secrets,
            "secretsmanager": ListSecretVersionIdsRequest => list_secret_version_ids,
            "secretsmanager": DeleteSecretRequest => delete_secret,
            "secretsmanager": RestoreSecretRequest => restore_secret,
            "secretsmanager": TagResourceRequest => tag_resource,
            "secretsmanager": UntagResourceRequest => untag_resource,
            "secretsmanager": RotateSecretRequest => rotate_secret,
            "secretsmanager": CancelRotateSecretRequest => cancel_rotate_secret,
            "secretsmanager": GetRandomPasswordRequest => get_random_password,
            "Keywheel": DescribeRotationRequest => describe_rotation,
        }
    }
}

/// The JSON of an answer; an action without an output answers an empty body, as the service does.
fn encode<T: Serialize>(answer: &T) -> Result<Vec<u8>, ApiError> {
    if size_of::<T>() == 0 {
        return Ok(Vec::new());
    }
    serde_json::to_vec(answer).map_err(|error| {
        tracing::error!(%error, "an answer cannot be written as JSON");
        ApiError::internal()
    })
}

/// The answer of an action that has no output.
#[derive(Serialize)]
struct Empty {}

/// What an action answers when others always were faster.
fn contended() -> ApiError {
    ApiError::new(ErrorCode::Throttling, "Rate exceeded: too many changes of this secret at once")
}

/// The scope of a caller.
impl Caller {
    /// Where names without an ARN are looked up.
    pub fn scope(&self) -> Scope {
        Scope { account: self.account.clone(), region: self.region.clone() }
    }
}
