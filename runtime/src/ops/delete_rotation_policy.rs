//! Keywheel.DeleteRotationPolicy.

use keywheel_domain::api::{ApiError, DeleteRotationPolicyRequest, DeleteRotationPolicyResponse};
use keywheel_domain::secret::Secret;

use super::access::Access;
use super::change::Change;
use super::put_rotation_policy::next_described;
use super::{COMMIT_ATTEMPTS_MAX, Caller, Operations, contended};

impl Operations {
    /// Takes the policy away; from now on the rotation rules alone count.
    pub(super) async fn delete_rotation_policy(
        &self,
        caller: &Caller,
        request: DeleteRotationPolicyRequest,
    ) -> Result<DeleteRotationPolicyResponse, ApiError> {
        let access = Access::secret("keywheel:DeleteRotationPolicy", &request.secret_id);
        for _ in 0..COMMIT_ATTEMPTS_MAX {
            let seen = self.load_live_secret(caller, &access).await?;
            if seen.record.policy.is_none() {
                return Ok(answer(seen.record));
            }
            let now = self.clock.now();
            let mut after = seen.record.clone();
            after.set_policy(None, now);
            after.changed = now;
            let row = self.audit_row(&caller.arn(), "DeleteRotationPolicy", &after.arn, None, None);
            let change = Change::new().update_secret(&seen, &after).audit(&row);
            if self.commit(self.tell_partners(caller, change, &seen, &after).await?).await? {
                return Ok(answer(after));
            }
        }
        Err(contended())
    }
}

fn answer(secret: Secret) -> DeleteRotationPolicyResponse {
    let next = next_described(&secret);
    DeleteRotationPolicyResponse { arn: secret.arn, name: secret.name, next }
}
