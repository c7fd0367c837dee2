//! Keywheel.PutRotationPolicy.

use std::collections::BTreeSet;

use keywheel_domain::api::{
    ApiError, ErrorCode, PutRotationPolicyRequest, PutRotationPolicyResponse, SlotDescription,
};
use keywheel_domain::rotation_policy::{KEPT_APART_MAX, PolicyError, RotationPolicy};
use keywheel_domain::schedule::Zone;
use keywheel_domain::secret::{Secret, SecretId};

use super::access::Access;
use super::change::Change;
use super::{COMMIT_ATTEMPTS_MAX, Caller, Operations, Seen, contended};

impl Operations {
    /// Stores the policy, which counts at once, and tells the secrets that it keeps apart, in one commit.
    pub(super) async fn put_rotation_policy(
        &self,
        caller: &Caller,
        request: PutRotationPolicyRequest,
    ) -> Result<PutRotationPolicyResponse, ApiError> {
        let access = Access::secret("keywheel:PutRotationPolicy", &request.secret_id);
        let checked = request.policy.check(&caller.scope()).map_err(policy_refused)?;
        for _ in 0..COMMIT_ATTEMPTS_MAX {
            let seen = self.load_live_secret(caller, &access).await?;
            let now = self.clock.now();
            let policy = self.resolved(caller, &seen.record, checked.clone()).await?;
            if seen.record.policy.as_ref() == Some(&policy) {
                return Ok(answer(seen.record));
            }
            let mut after = seen.record.clone();
            after.set_policy(Some(policy), now);
            after.check_policy(now).map_err(policy_refused)?;
            self.check_apart(&after).await?;
            after.changed = now;
            let row = self.audit_row(&caller.arn(), "PutRotationPolicy", &after.arn, None, None);
            let change = Change::new().update_secret(&seen, &after).audit(&row);
            if self.commit(self.tell_partners(caller, change, &seen, &after).await?).await? {
                return Ok(answer(after));
            }
        }
        Err(contended())
    }

    /// Adds to a change of a secret's policy what the secrets that it keeps apart, or kept, are to know.
    pub(super) async fn tell_partners(
        &self,
        caller: &Caller,
        mut change: Change,
        seen: &Seen<Secret>,
        after: &Secret,
    ) -> Result<Change, ApiError> {
        let (before, after) = (partners(&seen.record), partners(after));
        let arn = &seen.record.arn;
        for partner in before.iter().chain(&after).map(|(arn, _)| arn).collect::<BTreeSet<_>>() {
            let hours = after.iter().find(|(known, _)| known == partner).map(|(_, hours)| *hours);
            let Some(known) = self.secret_by_arn(partner).await? else { continue };
            let mut told = known.record.clone();
            if hours.is_some() && told.kept_apart.len() >= KEPT_APART_MAX {
                self.forget_removed(&mut told).await?;
            }
            if !told.keep_apart(arn, hours) {
                return Err(policy_refused(PolicyError::ApartCrowded { given: told.name }));
            }
            if told == known.record {
                continue;
            }
            let detail = match hours {
                Some(hours) => format!("rotates {hours} hours apart from `{arn}`"),
                None => format!("is not kept apart from `{arn}` any more"),
            };
            let row = self.audit_row(&caller.arn(), "PutRotationPolicy", partner, None, Some(detail));
            change = change.update_secret(&known, &told).audit(&row);
        }
        Ok(change)
    }

    /// Refuses to keep secrets so far apart that one of them never rotates.
    async fn check_apart(&self, secret: &Secret) -> Result<(), ApiError> {
        let now = self.clock.now();
        let check = |of: &Secret, hours| match of.apart_hours_max(hours, now) {
            None => Ok(()),
            Some(hours_max) => {
                Err(policy_refused(PolicyError::ApartNever { frequent: of.name.clone(), hours_max }))
            }
        };
        for (partner, hours) in partners(secret) {
            let Some(partner) = self.secret_by_arn(&partner).await? else { continue };
            // One that is not scheduled waits for nobody.
            if secret.active_plan().is_some() {
                check(&partner.record, hours)?;
            }
            if partner.record.active_plan().is_some() {
                check(secret, hours)?;
            }
        }
        Ok(())
    }

    /// The policy with full ARNs. Whoever keeps another secret apart must be allowed to put its policy, and
    /// whoever lets a function read another secret must be allowed to read it.
    async fn resolved(
        &self,
        caller: &Caller,
        secret: &Secret,
        mut policy: RotationPolicy,
    ) -> Result<RotationPolicy, ApiError> {
        if let Some(apart) = &mut policy.apart {
            let ids = std::mem::take(&mut apart.secret_ids);
            let member = ("Apart.SecretIds", "keywheel:PutRotationPolicy");
            apart.secret_ids = self.full_arns(caller, secret, member, ids).await?;
        }
        let ids = std::mem::take(&mut policy.readable_secret_ids);
        let member = ("ReadableSecretIds", "GetSecretValue");
        policy.readable_secret_ids = self.full_arns(caller, secret, member, ids).await?;
        Ok(policy)
    }

    /// The full ARNs of the secrets that a member names, with the action that the caller must be allowed.
    async fn full_arns(
        &self,
        caller: &Caller,
        secret: &Secret,
        (member, action): (&'static str, &str),
        ids: Vec<String>,
    ) -> Result<Vec<String>, ApiError> {
        let mut arns = Vec::with_capacity(ids.len());
        for given in ids {
            let unknown = || policy_refused(PolicyError::UnknownSecret { member, given: given.clone() });
            if SecretId::parse(&given).is_ok_and(|id| *id.place(&secret.scope).0 != secret.scope) {
                return Err(unknown());
            }
            let found = self.load_live_secret(caller, &Access::secret(action, &given)).await;
            let found = found.map_err(|error| match error.code {
                ErrorCode::InternalService | ErrorCode::AccessDenied => error,
                _ => unknown(),
            })?;
            let arn = found.record.arn;
            if arn == secret.arn || arns.contains(&arn) {
                return Err(policy_refused(PolicyError::Repeated { member, given }));
            }
            arns.push(arn);
        }
        Ok(arns)
    }

    /// Takes secrets that are gone for good from the list of those that keep this one apart.
    async fn forget_removed(&self, secret: &mut Secret) -> Result<(), ApiError> {
        for kept in secret.kept_apart.clone() {
            if self.secret_by_arn(&kept.secret_arn).await?.is_none() {
                // Taking one away never fails.
                let _ = secret.keep_apart(&kept.secret_arn, None);
            }
        }
        Ok(())
    }
}

/// A refusal of a policy on the wire.
#[expect(clippy::needless_pass_by_value, reason = "it stands in `map_err`")]
pub(super) fn policy_refused(error: PolicyError) -> ApiError {
    ApiError::new(ErrorCode::InvalidParameter, error.to_string())
}

/// The next slot of a secret, told in the zone of its policy.
pub(super) fn next_described(secret: &Secret) -> Option<SlotDescription> {
    let zone = secret.policy.as_ref().map_or(Zone::UTC, RotationPolicy::zone);
    let slot = secret.rotation.as_ref().and_then(|rotation| rotation.next)?;
    Some(SlotDescription::new(slot, &zone))
}

fn partners(secret: &Secret) -> Vec<(String, u32)> {
    let apart = secret.policy.as_ref().and_then(|policy| policy.apart.as_ref());
    apart
        .map(|apart| apart.secret_ids.iter().map(|arn| (arn.clone(), apart.hours)).collect())
        .unwrap_or_default()
}

fn answer(secret: Secret) -> PutRotationPolicyResponse {
    let next = next_described(&secret);
    PutRotationPolicyResponse { arn: secret.arn, name: secret.name, next }
}
