//! From the target of a request to its action: every operation there is, in one list.

use keywheel_domain::api::{self, ApiError, Request};

use super::answer::encode;
use super::{Caller, Operations};

macro_rules! actions {
    ($($service:literal: $request:ident => $action:ident),+ $(,)?) => {
        impl Operations {
            /// Service and name of each operation that a target can ask for.
            pub fn targets() -> impl Iterator<Item = (&'static str, &'static str)> {
                const TARGETS: &[(&str, &str)] = &[$(($service, api::$request::NAME)),+];
                TARGETS.iter().copied().chain(Self::kms_targets())
            }

            /// The name of the operation that `X-Amz-Target: <target>` asks for, if there is one.
            pub fn operation_name(target: &str) -> Option<&'static str> {
                let asked = target.rsplit_once('.')?;
                Self::targets().find(|target| *target == asked).map(|(_, name)| name)
            }

            /// Runs the action of `X-Amz-Target: <target>` and returns the JSON of its answer.
            pub async fn dispatch(
                &self,
                caller: &Caller,
                target: &str,
                body: &[u8],
            ) -> Result<Vec<u8>, ApiError> {
                match target.rsplit_once('.') {
                    $(Some(($service, name)) if name == api::$request::NAME => {
                        // The longest of them would make every request carry its length around.
                        encode(&Box::pin(self.$action(caller, api::decode(body)?)).await?)
                    })+
                    _ => Box::pin(self.dispatch_kms(caller, target, body)).await,
                }
            }
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
    "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101": LookupEventsRequest => lookup_events,
    "secretsmanager": BatchGetSecretValueRequest => batch_get_secret_value,
    "secretsmanager": ReplicateSecretToRegionsRequest => replicate_secret_to_regions,
    "secretsmanager": RemoveRegionsFromReplicationRequest => remove_regions_from_replication,
    "secretsmanager": StopReplicationToReplicaRequest => stop_replication_to_replica,
    "secretsmanager": AssociateCrossAccountReplicaRequest => associate_cross_account_replica,
    "secretsmanager": DisassociateCrossAccountReplicaRequest => disassociate_cross_account_replica,
    "secretsmanager": PutResourcePolicyRequest => put_resource_policy,
    "secretsmanager": GetResourcePolicyRequest => get_resource_policy,
    "secretsmanager": DeleteResourcePolicyRequest => delete_resource_policy,
    "secretsmanager": ValidateResourcePolicyRequest => validate_resource_policy,
    "secretsmanager": ListResourcePoliciesRequest => list_resource_policies,
    "Keywheel": DescribeRotationRequest => describe_rotation,
    "Keywheel": PutRotationPolicyRequest => put_rotation_policy,
    "Keywheel": GetRotationPolicyRequest => get_rotation_policy,
    "Keywheel": DeleteRotationPolicyRequest => delete_rotation_policy,
    "Keywheel": PreviewScheduleRequest => preview_schedule,
    "Keywheel": SkipRotationRequest => skip_rotation,
    "Keywheel": ListRotationsRequest => list_rotations,
    "Keywheel": RetryRotationRequest => retry_rotation,
    "Keywheel": RollBackRotationRequest => roll_back_rotation,
    "Keywheel": VerifySecretRequest => verify_secret,
    "Keywheel": ReconcileSecretRequest => reconcile_secret,
    "Keywheel": DryRunRotationRequest => dry_run_rotation,
    "Keywheel": ListApprovalsRequest => list_approvals,
    "Keywheel": DescribeApprovalRequest => describe_approval,
    "Keywheel": ApproveRequest => approve,
    "Keywheel": RejectRequest => reject,
    "Keywheel": ListEventsRequest => list_events,
    "Keywheel": CreateApproverRequest => create_approver,
    "Keywheel": DeleteApproverRequest => delete_approver,
    "Keywheel": ListApproversRequest => list_approvers,
    "Keywheel": PutWebhookRequest => put_webhook,
    "Keywheel": DeleteWebhookRequest => delete_webhook,
    "Keywheel": ListWebhooksRequest => list_webhooks,
    "Keywheel": ListFunctionLogsRequest => list_function_logs,
    "Keywheel": SimulatePolicyRequest => simulate_policy,
}
