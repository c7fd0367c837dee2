//! What the API does: one file per action, from a request's members to its answer.
//!
//! Two doors lead here: the HTTP server, and the `secrets` interface of a running function. Both bring
//! a [`Caller`], and `authorize` is asked for each call. An action loads what it needs,
//! lets the domain decide, and commits one batch that expects what it saw; on a conflict it begins
//! again, a bounded number of times.
//!
//! Deliberately absent: calls to the host. RotateSecret only commits a job.

mod access;
mod answer;
mod approve;
mod associate_cross_account_replica;
mod authorize;
mod batch_get_secret_value;
mod begin;
mod caller;
mod cancel_rotate_secret;
mod change;
mod create_approver;
mod create_secret;
mod delete_approver;
mod delete_resource_policy;
mod delete_rotation_policy;
mod delete_secret;
mod delete_webhook;
mod describe_approval;
mod describe_rotation;
mod describe_secret;
mod disassociate_cross_account_replica;
mod dispatch;
mod due;
mod end_job;
mod follow;
mod functions;
mod get_random_password;
mod get_resource_policy;
mod get_rotation_policy;
mod get_secret_value;
mod iam;
mod identify;
mod job_rows;
pub mod keys;
mod kms;
mod list_approvals;
mod list_approvers;
mod list_events;
mod list_resource_policies;
mod list_rotations;
mod list_secret_version_ids;
mod list_secrets;
mod list_webhooks;
mod load;
mod lookup_events;
mod next_token;
mod preview_schedule;
mod put_resource_policy;
mod put_rotation_policy;
mod put_secret_value;
mod put_webhook;
mod query;
mod quotas;
mod reject;
mod remove_regions_from_replication;
mod replicate_secret_to_regions;
mod resource_policies;
mod restore_secret;
mod retry_rotation;
mod roll_back_rotation;
mod rotate_secret;
mod secret_key;
mod simulate_policy;
mod skip_rotation;
mod stop_replication_to_replica;
mod sts;
mod tag_resource;
mod untag_resource;
mod update_secret;
mod update_secret_version_stage;
mod validate_resource_policy;
mod values;
mod verbs;
mod webhook_address;
mod webhook_records;

use std::sync::Arc;

use keywheel_domain::api::{ApiError, ErrorCode};
use keywheel_domain::secret::Secret;
use serde::Serialize;

pub(crate) use self::answer::encode;
pub use self::caller::{Caller, Principal, RequestOrigin, Session, Standing};
pub use self::change::{Change, Seen};
pub use self::functions::{BuiltinFunction, Deployed, Functions, HandRun, InvocationLog, Resolved};
pub use self::iam::{Identity, NamedPolicy, RoleIdentity};
pub use self::quotas::Quotas;
pub use self::sts::OpenSession;
pub use self::webhook_address::{ForbiddenAddress, check_webhook_address};
use crate::clock::Clock;
use crate::entropy::Entropy;
use crate::store::{Cache, Key, Store};
use crate::vault::Vault;

/// Conflicts after which an action gives up: so many others were faster on the same secret.
const COMMIT_ATTEMPTS_MAX: usize = 32;
/// Records of secrets kept in memory.
const RECORDS_CACHED_MAX: usize = 10_000;

/// The API's actions over one store.
pub struct Operations {
    store: Arc<dyn Store>,
    vault: Arc<Vault>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    functions: Functions,
    /// Records of secrets that were read; they hold no values.
    records: Cache<Key, Seen<Secret>>,
    quotas: Quotas,
    documents: access::Documents,
    identities: iam::Identities,
    key_uses: iam::KeyUses,
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
        let records = Cache::new(Arc::clone(&store), RECORDS_CACHED_MAX);
        let identities = iam::Identities::new(&store);
        Self {
            store,
            vault,
            clock,
            entropy,
            functions,
            records,
            quotas: Quotas::default(),
            documents: access::Documents::default(),
            identities,
            key_uses: iam::KeyUses::default(),
        }
    }

    /// The actions with other quotas.
    #[must_use]
    pub fn with_quotas(mut self, quotas: Quotas) -> Self {
        self.quotas = quotas;
        self
    }

    /// What an account may have.
    pub const fn quotas(&self) -> &Quotas {
        &self.quotas
    }

    /// The store that the actions work on.
    pub const fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }
}

/// The answer of an action that has no output.
#[derive(Serialize)]
struct Empty {}

/// What an action answers when others always were faster.
fn contended() -> ApiError {
    ApiError::new(ErrorCode::Throttling, "Rate exceeded: too many changes of this secret at once")
}
