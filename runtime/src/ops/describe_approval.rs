//! DescribeApproval.

use std::collections::BTreeSet;

use keywheel_domain::api::{
    ApiError, ApprovalSummary, DescribeApprovalRequest, DescribeApprovalResponse, GivenApproval, SecretValue,
};
use keywheel_domain::secret::Secret;
use keywheel_domain::version::{CURRENT, Version};
use serde_json::{Map, Value};

use super::approve::not_counted;
use super::{Caller, Operations};
use keywheel_domain::rotation::ApprovalError;

impl Operations {
    /// Tells a person what would happen: everything but the value.
    pub async fn describe_approval(
        &self,
        caller: &Caller,
        request: DescribeApprovalRequest,
    ) -> Result<DescribeApprovalResponse, ApiError> {
        let (secret, job) =
            self.load_request(caller, "keywheel:DescribeApproval", &request.approval_id).await?;
        let (secret, job) = (secret.record, job.record);
        let open = job.open_request().ok_or_else(|| not_counted(&ApprovalError::NotOpen))?;
        let logs = self.logs_of(&job).await?;
        Ok(DescribeApprovalResponse {
            approval: ApprovalSummary::new(&job, open),
            secret_name: secret.name.clone(),
            rotation_lambda_arn: job.function_arn.clone(),
            digest: open.digest.clone(),
            target: job.target.clone(),
            changed_keys: self.changed_keys(&secret, &job.token).await?,
            approvers: open.approvers.clone(),
            given: job
                .approvals
                .iter()
                .filter(|given| given.request_id == open.id)
                .map(GivenApproval::from)
                .collect(),
            log: job.attempts.iter().flat_map(|attempt| logs(attempt.fence)).collect(),
        })
    }

    /// The keys, and only the keys, in which the version differs from the current one.
    async fn changed_keys(&self, secret: &Secret, token: &str) -> Result<Option<Vec<String>>, ApiError> {
        let (Some(current), Some(pending)) = (secret.versions.holder(CURRENT), secret.versions.get(token))
        else {
            return Ok(None);
        };
        let (current, pending) = (self.members(secret, current).await?, self.members(secret, pending).await?);
        let (Some(current), Some(pending)) = (current, pending) else { return Ok(None) };
        let keys: BTreeSet<&String> = current.keys().chain(pending.keys()).collect();
        let changed = keys.into_iter().filter(|key| current.get(*key) != pending.get(*key));
        Ok(Some(changed.cloned().collect()))
    }

    async fn members(
        &self,
        secret: &Secret,
        version: &Version,
    ) -> Result<Option<Map<String, Value>>, ApiError> {
        if !version.filled {
            return Ok(None);
        }
        Ok(match self.open(secret, &version.id).await? {
            SecretValue::Text(text) => serde_json::from_str(text.expose()).ok(),
            SecretValue::Binary(_) => None,
        })
    }
}
