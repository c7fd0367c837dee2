//! UntagResource.

use keywheel_domain::api::{ApiError, UntagResourceRequest};

use super::access::Access;
use super::change::Change;
use super::{COMMIT_ATTEMPTS_MAX, Caller, Empty, Operations, contended};

impl Operations {
    /// Removes tags by key; a key that is not there is no error.
    pub(super) async fn untag_resource(
        &self,
        caller: &Caller,
        request: UntagResourceRequest,
    ) -> Result<Empty, ApiError> {
        let tag_keys = request.tag_keys.iter().map(String::as_str);
        let access = Access::secret("UntagResource", &request.secret_id).with_tag_keys(tag_keys);
        for _ in 0..COMMIT_ATTEMPTS_MAX {
            let seen = self.load_live_secret(caller, &access).await?;
            let mut after = seen.record.clone();
            after.tags.retain(|tag| !request.tag_keys.contains(&tag.key));
            if after.tags == seen.record.tags {
                return Ok(Empty {});
            }
            after.changed = self.clock.now();
            let row = self.audit_row(&caller.arn(), "UntagResource", &after.arn, None, None);
            if self.commit(Change::new().update_secret(&seen, &after).audit(&row)).await? {
                return Ok(Empty {});
            }
        }
        Err(contended())
    }
}
