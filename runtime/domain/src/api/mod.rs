//! Shapes of the AWS Secrets Manager protocol (awsJson 1.1, service model 2017-10-17).
//!
//! One file per action with its request and its response. A request is read member by member
//! ([`Members`]), so that a refusal names the member and never repeats its content.

mod approve;
mod associate_cross_account_replica;
mod batch_get_secret_value;
mod cancel_rotate_secret;
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
mod error;
mod get_random_password;
mod get_resource_policy;
mod get_rotation_policy;
mod get_secret_value;
pub mod iam;
mod json;
pub mod kms;
pub mod lambda;
mod list_approvals;
mod list_approvers;
mod list_events;
mod list_function_logs;
mod list_resource_policies;
mod list_rotations;
mod list_secret_version_ids;
mod list_secrets;
mod list_webhooks;
mod lookup_events;
mod members;
mod preview_schedule;
mod put_resource_policy;
mod put_rotation_policy;
mod put_secret_value;
mod put_webhook;
pub mod query;
mod reject;
mod remove_regions_from_replication;
mod replicate_secret_to_regions;
mod restore_secret;
mod rotate_secret;
mod rotation_verbs;
mod simulate_policy;
mod skip_rotation;
mod slot_description;
mod stop_replication_to_replica;
pub mod sts;
mod tag_resource;
mod untag_resource;
mod update_secret;
mod update_secret_version_stage;
mod validate_resource_policy;
mod value;

pub use approve::{ApproveRequest, ApproveResponse};
pub use associate_cross_account_replica::{
    AssociateCrossAccountReplicaRequest, AssociateCrossAccountReplicaResponse,
};
pub use batch_get_secret_value::{BatchError, BatchGetSecretValueRequest, BatchGetSecretValueResponse};
pub use cancel_rotate_secret::{CancelRotateSecretRequest, CancelRotateSecretResponse};
pub use create_approver::{CreateApproverRequest, CreateApproverResponse};
pub use create_secret::{CreateSecretRequest, CreateSecretResponse};
pub use delete_approver::{DeleteApproverRequest, DeleteApproverResponse};
pub use delete_resource_policy::{DeleteResourcePolicyRequest, DeleteResourcePolicyResponse};
pub use delete_rotation_policy::{DeleteRotationPolicyRequest, DeleteRotationPolicyResponse};
pub use delete_secret::{DeleteSecretRequest, DeleteSecretResponse};
pub use delete_webhook::{DeleteWebhookRequest, DeleteWebhookResponse};
pub use describe_approval::{DescribeApprovalRequest, DescribeApprovalResponse, GivenApproval};
pub use describe_rotation::{AttemptDescription, DescribeRotationRequest, DescribeRotationResponse};
pub use describe_secret::{
    CrossAccountPrimaryDescription, CrossAccountReplicaDescription, DescribeSecretRequest,
    DescribeSecretResponse, RotationRules,
};
pub use disassociate_cross_account_replica::{
    DisassociateCrossAccountReplicaRequest, DisassociateCrossAccountReplicaResponse,
};
pub use error::{ApiError, ErrorCode};
pub use get_random_password::{GetRandomPasswordRequest, GetRandomPasswordResponse};
pub use get_resource_policy::{GetResourcePolicyRequest, GetResourcePolicyResponse};
pub use get_rotation_policy::{GetRotationPolicyRequest, GetRotationPolicyResponse};
pub use get_secret_value::{GetSecretValueRequest, GetSecretValueResponse};
pub use list_approvals::{ApprovalSummary, ListApprovalsRequest, ListApprovalsResponse};
pub use list_approvers::{Approver, ListApproversRequest, ListApproversResponse};
pub use list_events::{Event, ListEventsRequest, ListEventsResponse};
pub use list_function_logs::{InvocationDescription, ListFunctionLogsRequest, ListFunctionLogsResponse};
pub use list_resource_policies::{
    ListResourcePoliciesRequest, ListResourcePoliciesResponse, ResourcePolicySummary,
};
pub use list_rotations::{ListRotationsRequest, ListRotationsResponse, RotationSummary};
pub use list_secret_version_ids::{
    ListSecretVersionIdsRequest, ListSecretVersionIdsResponse, SecretVersionsListEntry,
};
pub use list_secrets::{Filter, FilterKey, ListSecretsRequest, ListSecretsResponse, SecretListEntry, SortBy};
pub use list_webhooks::{ListWebhooksRequest, ListWebhooksResponse, WebhookDescription};
pub use lookup_events::{EventResource, LookedUpEvent, LookupEventsRequest, LookupEventsResponse, LookupKey};
pub use members::{Bounds, Members, VALUE_BYTES_MAX};
pub use preview_schedule::{PreviewScheduleRequest, PreviewScheduleResponse};
pub use put_resource_policy::{
    DEFAULT_POLICY, POLICY_CHARS_MAX, PutResourcePolicyRequest, PutResourcePolicyResponse,
};
pub use put_rotation_policy::{PutRotationPolicyRequest, PutRotationPolicyResponse};
pub use put_secret_value::{PutSecretValueRequest, PutSecretValueResponse};
pub use put_webhook::{PutWebhookRequest, PutWebhookResponse};
pub use reject::RejectRequest;
pub use remove_regions_from_replication::{
    RemoveRegionsFromReplicationRequest, RemoveRegionsFromReplicationResponse,
};
pub use replicate_secret_to_regions::{
    NewReplicas, ReplicaRegion, ReplicateSecretToRegionsRequest, ReplicateSecretToRegionsResponse,
    ReplicationStatus,
};
pub use restore_secret::{RestoreSecretRequest, RestoreSecretResponse};
pub use rotate_secret::{ExternalSecretRotationMetadata, RotateSecretRequest, RotateSecretResponse};
pub use rotation_verbs::{
    DryRunRotationRequest, ReconcileSecretRequest, RetryRotationRequest, RollBackRotationRequest,
    RotationVerb, RotationVerbResponse, VerifySecretRequest,
};
pub use simulate_policy::{SimulatePolicyRequest, SimulatePolicyResponse, SimulatedStatement};
pub use skip_rotation::{SkipRotationRequest, SkipRotationResponse};
pub use slot_description::SlotDescription;
pub use stop_replication_to_replica::{StopReplicationToReplicaRequest, StopReplicationToReplicaResponse};
pub use tag_resource::{Tag, TagResourceRequest};
pub use untag_resource::UntagResourceRequest;
pub use update_secret::{UpdateSecretRequest, UpdateSecretResponse};
pub use update_secret_version_stage::{UpdateSecretVersionStageRequest, UpdateSecretVersionStageResponse};
pub use validate_resource_policy::{
    PolicyValidationError, ValidateResourcePolicyRequest, ValidateResourcePolicyResponse,
};
pub use value::SecretValue;

/// A request that can be read from the members of a JSON body.
pub trait Request: Sized {
    /// The operation's name, as in `X-Amz-Target: secretsmanager.<NAME>`.
    const NAME: &'static str;

    /// Reads and checks the members.
    fn read(members: &mut Members) -> Result<Self, ApiError>;
}

/// Reads a whole request: JSON, then its members, then the constraints that they broke.
pub fn decode<R: Request>(body: &[u8]) -> Result<R, ApiError> {
    let mut members = Members::parse(body)?;
    let request = R::read(&mut members)?;
    members.finish()?;
    Ok(request)
}
