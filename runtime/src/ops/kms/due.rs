//! What happens to a key when its time comes: new material, or its end. The worker calls these.

use keywheel_domain::api::ApiError;
use keywheel_domain::kms::{KeyState, MaterialCause};
use keywheel_domain::rotation::SCHEDULER;
use keywheel_domain::time::Timestamp;

use crate::ops::change::Change;
use crate::ops::{COMMIT_ATTEMPTS_MAX, Operations, contended};

impl Operations {
    /// Gives a key that is due new material, and sets its next rotation, in one commit. One that may have no
    /// more material keeps what it has, and no longer rotates by itself.
    pub async fn rotate_due_key(&self, key_arn: &str, now: Timestamp) -> Result<(), ApiError> {
        for _ in 0..COMMIT_ATTEMPTS_MAX {
            let Some(seen) = self.kms_key_by_arn(key_arn).await? else { return Ok(()) };
            let mut after = seen.record.clone();
            let is_due = after.rotation.is_some_and(|rotation| rotation.next <= now);
            if !is_due || after.state != KeyState::Enabled {
                return Ok(());
            }
            let detail = match after.next_number(MaterialCause::Automatic) {
                Ok(number) => {
                    let material = self.new_kms_material(key_arn, number, MaterialCause::Automatic, None);
                    after.materials.push(material.await?);
                    after.set_next_rotation(now);
                    None
                }
                Err(why) => {
                    after.rotation = None;
                    Some(why.to_string())
                }
            };
            let row = self.audit_row(SCHEDULER, "RotateKey", key_arn, None, detail);
            if self.commit(Change::update_kms_key(&seen, &after).audit(&row)).await? {
                return Ok(());
            }
        }
        Err(contended())
    }

    /// Removes a key whose waiting period has passed, with all its material.
    pub async fn delete_due_key(&self, key_arn: &str, now: Timestamp) -> Result<(), ApiError> {
        for _ in 0..COMMIT_ATTEMPTS_MAX {
            let Some(seen) = self.kms_key_by_arn(key_arn).await? else { return Ok(()) };
            if !matches!(seen.record.state, KeyState::PendingDeletion { due } if due <= now) {
                return Ok(());
            }
            let row = self.audit_row(SCHEDULER, "DeleteKey", key_arn, None, None);
            if self.commit(Change::remove_kms_key(&seen).audit(&row)).await? {
                return Ok(());
            }
        }
        Err(contended())
    }
}
