//! A policy as a caller writes it, and what it takes to become one.

use std::collections::BTreeSet;

use super::{
    APPROVALS_MAX, Apart, ApprovalRules, Blackout, BlackoutText, EXPIRES_AFTER_HOURS, Group, PolicyError,
    RotationPolicy,
};
use crate::rotation::Step;
use crate::schedule::{Schedule, Zone};
use crate::secret::Scope;

/// Members of a policy whose types and ranges were checked, and nothing else.
#[derive(Clone, Debug, Default)]
pub struct PolicyDraft {
    /// `TimeZone`.
    pub time_zone: Option<String>,
    /// `Blackouts`.
    pub blackouts: Vec<BlackoutText>,
    /// `SpreadMinutes`.
    pub spread_minutes: Option<u32>,
    /// `Group`.
    pub group: Option<Group>,
    /// `Apart`, with ids as they were written.
    pub apart: Option<Apart>,
    /// `CatchUp`.
    pub catch_up: Option<bool>,
    /// `MaxAttempts`.
    pub max_attempts: Option<u32>,
    /// `Approvals`.
    pub approvals: Option<ApprovalDraft>,
    /// `VerifyScheduleExpression`.
    pub verify_schedule_expression: Option<String>,
    /// `ReadableSecretIds`, as they were written.
    pub readable_secret_ids: Vec<String>,
}

/// `Approvals` as a caller writes it.
#[derive(Clone, Debug, Default)]
pub struct ApprovalDraft {
    /// `Before`.
    pub before: Vec<String>,
    /// `Count`.
    pub count: Option<u32>,
    /// `Approvers`.
    pub approvers: Vec<String>,
    /// `ExpiresAfterHours`.
    pub expires_after_hours: Option<u32>,
}

impl PolicyDraft {
    /// The policy, for a secret in `scope`. Ids of secrets are still as they were written: whoever can
    /// look them up puts full ARNs in their place.
    ///
    /// # Errors
    /// Says which member is wrong and what to give.
    pub fn check(self, scope: &Scope) -> Result<RotationPolicy, PolicyError> {
        let defaults = RotationPolicy::default();
        if let Some(expression) = &self.verify_schedule_expression {
            Schedule::parse_frequent(expression).map_err(PolicyError::Verify)?;
        }
        if self.group.as_ref().is_some_and(|group| !is_name(&group.name)) {
            return Err(PolicyError::GroupName);
        }
        if self.apart.as_ref().is_some_and(|apart| apart.secret_ids.is_empty()) {
            return Err(PolicyError::ApartEmpty);
        }
        Ok(RotationPolicy {
            time_zone: self.time_zone.as_deref().map(Zone::parse).transpose()?,
            blackouts: blackouts(self.blackouts)?,
            spread_minutes: self.spread_minutes,
            group: self.group,
            apart: self.apart,
            catch_up: self.catch_up.unwrap_or(defaults.catch_up),
            max_attempts: self.max_attempts.unwrap_or(defaults.max_attempts),
            approvals: self.approvals.map(|draft| draft.check(scope)).transpose()?,
            verify_schedule_expression: self.verify_schedule_expression,
            readable_secret_ids: self.readable_secret_ids,
        })
    }
}

/// `Blackouts`, each entry checked.
pub(crate) fn blackouts(texts: Vec<BlackoutText>) -> Result<Vec<Blackout>, PolicyError> {
    let checked = texts.into_iter().enumerate().map(|(index, text)| {
        Blackout::try_from(text).map_err(|why| PolicyError::Blackout { number: index + 1, why })
    });
    checked.collect()
}

impl ApprovalDraft {
    fn check(self, scope: &Scope) -> Result<ApprovalRules, PolicyError> {
        let mut before = Vec::with_capacity(self.before.len());
        for name in &self.before {
            let step = Step::parse(name).ok_or_else(|| PolicyError::Step(name.clone()))?;
            if before.contains(&step) {
                return Err(PolicyError::StepTwice(step.as_str()));
            }
            before.push(step);
        }
        if before.is_empty() {
            return Err(PolicyError::NoStep);
        }
        before.sort_unstable();
        let mut known = BTreeSet::new();
        for approver in &self.approvers {
            if !is_approver(approver, &scope.account) {
                let (given, account) = (approver.clone(), scope.account.clone());
                return Err(PolicyError::Approver { given, account });
            }
            if !known.insert(approver) {
                return Err(PolicyError::ApproverTwice(approver.clone()));
            }
        }
        let count = self.count.unwrap_or(1);
        if !(1..=APPROVALS_MAX).contains(&count) {
            return Err(PolicyError::Count);
        }
        let named = self.approvers.len();
        let literal = named > 0 && !self.approvers.iter().any(|approver| approver.contains('*'));
        if literal && usize::try_from(count).is_ok_and(|count| count > named) {
            return Err(PolicyError::TooFewApprovers { count, named });
        }
        Ok(ApprovalRules {
            before,
            count,
            approvers: self.approvers,
            expires_after_hours: self.expires_after_hours.unwrap_or(EXPIRES_AFTER_HOURS),
        })
    }
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_./".contains(&byte))
}

/// A user, a role or the root of the account; `*` stands for any characters. Callers act in their own
/// account, so that an approver of another one could never answer.
fn is_approver(pattern: &str, account: &str) -> bool {
    let Some((owner, resource)) = pattern.strip_prefix("arn:aws:iam::").and_then(|rest| rest.split_once(':'))
    else {
        return false;
    };
    let named = |kind: &str| resource.strip_prefix(kind).is_some_and(|name| !name.is_empty());
    let is_principal = resource == "root" || resource == "*" || named("user/") || named("role/");
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"+=,.@-_/*".contains(&byte);
    (owner == account || owner == "*") && is_principal && resource.bytes().all(allowed)
}
