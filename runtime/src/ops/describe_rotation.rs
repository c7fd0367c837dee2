//! DescribeRotation.

use std::collections::BTreeMap;

use keywheel_domain::api::{ApiError, DescribeRotationRequest, DescribeRotationResponse, ErrorCode};
use keywheel_domain::rotation::Job;

use super::access::Access;
use super::change::Change;
use super::load::from_entry;
use super::{Caller, Operations, Seen, keys};
use crate::store::SCAN_ENTRIES_MAX;

/// Ended rotations of a secret that are kept.
const HISTORIES_KEPT: usize = 20;
/// Logs that go with one old rotation in one commit.
const LOGS_REMOVED_MAX: usize = 256;

impl Operations {
    /// Tells where a rotation stands: each run of a step with its duration, failure and log.
    pub async fn describe_rotation(
        &self,
        caller: &Caller,
        request: DescribeRotationRequest,
    ) -> Result<DescribeRotationResponse, ApiError> {
        let access = Access::secret("keywheel:DescribeRotation", &request.secret_id);
        let seen = self.find_secret(caller, &access).await?;
        let secret = &seen.record;
        let jobs = self.jobs_of(&secret.arn).await?;
        let wanted = |job: &&Job| {
            request.client_request_token.as_ref().is_none_or(|token| *token == job.id || *token == job.token)
        };
        let job = jobs.iter().rev().find(wanted).ok_or_else(|| {
            ApiError::new(ErrorCode::ResourceNotFound, "There is no such rotation of this secret.")
        })?;
        Ok(DescribeRotationResponse::new(&secret.name, job, self.logs_of(job).await?))
    }

    /// What is known of a secret's rotations, oldest first.
    pub(super) async fn jobs_of(&self, secret_arn: &str) -> Result<Vec<Job>, ApiError> {
        // In this order: one that ends in between is found in its new place.
        let unfinished = self.load_job(secret_arn).await?;
        let mut jobs = self.histories(secret_arn).await?;
        let is_new = |job: &Seen<Job>| jobs.iter().all(|ended| ended.record.id != job.record.id);
        jobs.extend(unfinished.filter(is_new));
        Ok(jobs.into_iter().map(|seen| seen.record).collect())
    }

    /// The logs of a rotation's calls, by their fence.
    pub(super) async fn logs_of(&self, job: &Job) -> Result<impl Fn(u64) -> Vec<String> + use<>, ApiError> {
        let (from, to) = keys::logs(&job.secret_arn, &job.id);
        let logs: BTreeMap<_, _> = self.scan(&from, &to, SCAN_ENTRIES_MAX).await?.into_iter().collect();
        let (secret_arn, id) = (job.secret_arn.clone(), job.id.clone());
        Ok(move |fence| {
            let log = logs.get(&keys::log(&secret_arn, &id, fence));
            log.and_then(|entry| serde_json::from_slice(&entry.value).ok()).unwrap_or_default()
        })
    }

    /// Takes away the oldest ended rotations of a secret with their logs, so that there is room for one.
    pub async fn forget_oldest(&self, mut change: Change, secret_arn: &str) -> Result<Change, ApiError> {
        let histories = self.histories(secret_arn).await?;
        for old in &histories[..(histories.len() + 1).saturating_sub(HISTORIES_KEPT)] {
            change = change.remove(old.key.clone());
            let (from, to) = keys::logs(secret_arn, &old.record.id);
            for (key, _) in self.scan(&from, &to, LOGS_REMOVED_MAX).await? {
                change = change.remove(key);
            }
        }
        Ok(change)
    }

    /// The ended rotations of a secret, oldest first.
    async fn histories(&self, secret_arn: &str) -> Result<Vec<Seen<Job>>, ApiError> {
        let (from, to) = keys::histories(secret_arn);
        let entries = self.scan(&from, &to, SCAN_ENTRIES_MAX).await?;
        entries.into_iter().map(|(key, entry)| from_entry(key, &entry)).collect()
    }
}
