//! DeleteSecret.

use keywheel_domain::api::{ApiError, DeleteSecretRequest, DeleteSecretResponse, ErrorCode};
use keywheel_domain::rotation::End;
use keywheel_domain::secret::{self, Deletion, Secret, SecretId};
use keywheel_domain::time::DAY_MS;

use super::access::Access;
use super::change::Change;
use super::values::read_only;
use super::{COMMIT_ATTEMPTS_MAX, Caller, Operations, contended};

/// Days between DeleteSecret and the end.
const WINDOW_DAYS_MIN: i64 = 7;
/// The same; also the default.
const WINDOW_DAYS_MAX: i64 = 30;

impl Operations {
    /// Schedules a deletion, or deletes at once. A rotation that runs is cancelled.
    pub async fn delete_secret(
        &self,
        caller: &Caller,
        request: DeleteSecretRequest,
    ) -> Result<DeleteSecretResponse, ApiError> {
        let access = Access::secret("DeleteSecret", &request.secret_id)
            .with(
                "secretsmanager:recoverywindowindays",
                request.recovery_window_in_days.map(|days| days.to_string()),
            )
            .with_flag("secretsmanager:forcedeletewithoutrecovery", request.force_delete_without_recovery);
        let force = request.force_delete_without_recovery;
        let window_days = window_days(&request)?;
        for _ in 0..COMMIT_ATTEMPTS_MAX {
            let seen = match self.load_secret(caller, &access).await {
                Err(error) if force && error.code == ErrorCode::ResourceNotFound => {
                    return self.already_gone(caller, &request.secret_id);
                }
                seen => seen?,
            };
            check_alone(&seen.record)?;
            let now = self.clock.now();
            if seen.record.deletion.is_some() && !force {
                let told = "You can't perform this operation on the secret because it was already scheduled for deletion.";
                return Err(ApiError::new(ErrorCode::InvalidRequest, told));
            }
            let detail = if force { "at once".to_owned() } else { format!("in {window_days} days") };
            let row = self.audit_row(&caller.arn(), "DeleteSecret", &seen.record.arn, None, Some(detail));
            let (mut after, mut change) = (seen.record.clone(), Change::new().audit(&row));
            if let Some(job) = self.load_job(&after.arn).await? {
                (change, after) = self.end_job(caller, change, after, &job, End::Cancelled, now).await?;
            }
            let due = if force { now } else { now.plus_millis(window_days * DAY_MS) };
            after.deletion = Some(Deletion { asked: now, due });
            after.changed = now;
            after.reschedule(now);
            change = if force { change.remove_secret(&seen) } else { change.update_secret(&seen, &after) };
            if self.commit(change).await? {
                return Ok(DeleteSecretResponse { arn: after.arn, name: after.name, deletion_date: due });
            }
        }
        Err(contended())
    }

    /// Forcing the deletion of what is not there succeeds, as the real service does.
    fn already_gone(&self, caller: &Caller, secret_id: &str) -> Result<DeleteSecretResponse, ApiError> {
        let (arn, name) = match SecretId::parse(secret_id) {
            Ok(SecretId::FullArn { arn, name, .. }) => (arn, name),
            Ok(SecretId::PartialArn { name, .. } | SecretId::Name(name)) => {
                let suffix = crate::entropy::alphanumeric(self.entropy.as_ref(), secret::ARN_SUFFIX_CHARS);
                (secret::arn(&caller.scope(), &name, &suffix), name)
            }
            Err(_) => return Err(ApiError::secret_not_found()),
        };
        Ok(DeleteSecretResponse { arn, name, deletion_date: self.clock.now() })
    }
}

/// Refuses a replica, and a primary that still has replicas.
fn check_alone(secret: &Secret) -> Result<(), ApiError> {
    if secret.is_replica() || secret.is_cross_account_replica() {
        return Err(read_only());
    }
    let regions = secret.replica_regions();
    let arn = &secret.arn;
    let told = if !regions.is_empty() {
        format!("You can't delete secret {arn} that still has replica regions [{}]", regions.join(", "))
    } else if !secret.followers().is_empty() {
        format!("You can't delete secret {arn} that still has replicas in other accounts.")
    } else {
        return Ok(());
    };
    Err(ApiError::new(ErrorCode::InvalidParameter, told))
}

fn window_days(request: &DeleteSecretRequest) -> Result<i64, ApiError> {
    let parameter = |told: &str| ApiError::new(ErrorCode::InvalidParameter, told);
    match request.recovery_window_in_days {
        Some(_) if request.force_delete_without_recovery => Err(parameter(
            "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.",
        )),
        Some(days) if !(WINDOW_DAYS_MIN..=WINDOW_DAYS_MAX).contains(&days) => {
            Err(parameter("RecoveryWindowInDays value must be between 7 and 30 days (inclusive)."))
        }
        days => Ok(days.unwrap_or(WINDOW_DAYS_MAX)),
    }
}
