//! TagResource.

use keywheel_domain::api::{ApiError, ErrorCode, TagResourceRequest};
use keywheel_domain::secret::TAGS_MAX;

use super::access::Access;
use super::change::Change;
use super::{COMMIT_ATTEMPTS_MAX, Caller, Empty, Operations, contended};

impl Operations {
    /// Adds tags, or overwrites those with the same key.
    pub(super) async fn tag_resource(
        &self,
        caller: &Caller,
        request: TagResourceRequest,
    ) -> Result<Empty, ApiError> {
        let tags = request.tags.iter().map(|tag| (tag.key.as_str(), tag.value.as_str()));
        let access = Access::secret("TagResource", &request.secret_id).with_tags(tags);
        for _ in 0..COMMIT_ATTEMPTS_MAX {
            let seen = self.load_live_secret(caller, &access).await?;
            let mut after = seen.record.clone();
            if !after.add_tags(&request.tags) {
                let told = format!("A secret can have at most {TAGS_MAX} tags.");
                return Err(ApiError::new(ErrorCode::InvalidParameter, told));
            }
            self.quotas.check_tags(seen.record.tags.len(), &after)?;
            if after.tags == seen.record.tags {
                return Ok(Empty {});
            }
            after.changed = self.clock.now();
            let row = self.audit_row(&caller.arn(), "TagResource", &after.arn, None, None);
            if self.commit(Change::new().update_secret(&seen, &after).audit(&row)).await? {
                return Ok(Empty {});
            }
        }
        Err(contended())
    }
}
