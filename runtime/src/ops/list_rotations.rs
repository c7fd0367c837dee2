//! ListRotations.

use keywheel_domain::api::{ApiError, ListRotationsRequest, ListRotationsResponse, RotationSummary};
use keywheel_domain::rotation::Job;

use super::access::Access;
use super::load::from_entry;
use super::next_token::{PAGE_ITEMS_DEFAULT, listing};
use super::{Caller, Operations, Seen, keys};
use crate::store::{Key, SCAN_ENTRIES_MAX};

impl Operations {
    /// Lists the unfinished rotations of the caller's region, or all that are known of one secret, a page
    /// at a time.
    pub async fn list_rotations(
        &self,
        caller: &Caller,
        request: ListRotationsRequest,
    ) -> Result<ListRotationsResponse, ApiError> {
        let wanted = |job: &Job| {
            request.states.is_empty() || request.states.iter().any(|word| *word == job.state.as_str())
        };
        if let Some(secret_id) = &request.secret_id {
            // A secret keeps fewer than a page holds.
            let access = Access::secret("keywheel:ListRotations", secret_id);
            let seen = self.find_secret(caller, &access).await?;
            let secret = &seen.record;
            let jobs = self.jobs_of(&secret.arn).await?;
            let rotations = jobs.iter().filter(|job| wanted(job)).map(RotationSummary::from).collect();
            return Ok(ListRotationsResponse { rotations, next_token: None });
        }
        self.authorize(caller, "keywheel:ListRotations", None)?;
        let listing = listing(caller, "ListRotations", &[&request.states.join(" ")]);
        let position = self.position(&listing, request.next_token.as_deref())?;
        let (first, to) = keys::jobs(&caller.scope());
        let mut from = position.map_or(first, |last| Key::new(last).successor());
        let page = request.max_results.unwrap_or(PAGE_ITEMS_DEFAULT);
        let mut rotations = Vec::new();
        loop {
            let found = self.scan(&from, &to, SCAN_ENTRIES_MAX).await?;
            let full = found.len() == SCAN_ENTRIES_MAX;
            for (key, entry) in found {
                if rotations.len() == page {
                    let next_token =
                        Some(self.next_token(&listing, &String::from_utf8_lossy(from_before(&from))));
                    return Ok(ListRotationsResponse { rotations, next_token });
                }
                from = key.successor();
                let job: Seen<Job> = from_entry(key, &entry)?;
                if wanted(&job.record) {
                    rotations.push(RotationSummary::from(&job.record));
                }
            }
            if !full {
                return Ok(ListRotationsResponse { rotations, next_token: None });
            }
        }
    }
}

/// The key of which `from` is the successor.
fn from_before(from: &Key) -> &[u8] {
    from.as_bytes().split_last().map_or(&[], |(_, before)| before)
}
