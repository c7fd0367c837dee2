//! Permissions boundaries of users and roles.

use keywheel_domain::api::ApiError;

use super::census::Census;
use crate::ops::Operations;
use crate::ops::change::Change;

impl Operations {
    /// Counts that a boundary is one no more.
    pub(super) async fn without_boundary(
        &self,
        account: &str,
        boundary: Option<&String>,
        census: &mut Census,
    ) -> Result<Change, ApiError> {
        let Some(arn) = boundary else { return Ok(Change::new()) };
        // A policy that is a boundary cannot be deleted: should it be gone, so is the use.
        let Some(policy) = self.iam_managed_policy(account, arn).await? else { return Ok(Change::new()) };
        Ok(policy.counted(census, |uses| uses.boundary = uses.boundary.saturating_sub(1)))
    }
}
