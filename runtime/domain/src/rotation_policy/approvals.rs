//! Who has to agree before which step, from the policy or from the secret's tags.

use serde::{Deserialize, Serialize};

use super::{APPROVALS_MAX, EXPIRES_AFTER_HOURS};
use crate::rotation::Step;
use crate::secret::Secret;

/// The tag that names the steps, with a space or a plus sign between them.
pub const APPROVE_BEFORE_TAG: &str = "keywheel:approve-before";
/// The tag that says how many have to agree.
pub const APPROVALS_TAG: &str = "keywheel:approvals";

/// Who has to agree to what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ApprovalRules {
    /// Before these steps.
    pub before: Vec<Step>,
    /// So many people.
    pub count: u32,
    /// Patterns of ARNs; empty for everyone with the permission.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub approvers: Vec<String>,
    /// Hours after which a request expires.
    pub expires_after_hours: u32,
}

/// The rules of a secret: those of its policy, or else those of its tags. A tag that cannot be read means
/// approval before every step, and so does a number without steps: whoever set it wanted to be asked.
pub fn approval_rules(secret: &Secret) -> Option<ApprovalRules> {
    let policy = secret.policy.as_ref().and_then(|policy| policy.approvals.clone());
    policy.or_else(|| from_tags(secret))
}

fn from_tags(secret: &Secret) -> Option<ApprovalRules> {
    let tag = |key: &str| secret.tags.iter().find(|tag| tag.key == key).map(|tag| tag.value.as_str());
    let (steps_tag, count_tag) = (tag(APPROVE_BEFORE_TAG), tag(APPROVALS_TAG));
    if steps_tag.is_none() && count_tag.is_none() {
        return None;
    }
    let count = count_tag.map_or(Some(1), |text| text.trim().parse::<u32>().ok());
    let readable = count.filter(|count| (1..=APPROVALS_MAX).contains(count)).and(steps_tag).and_then(steps);
    Some(ApprovalRules {
        before: readable.unwrap_or_else(|| Step::ALL.to_vec()),
        count: count.unwrap_or(1).clamp(1, APPROVALS_MAX),
        approvers: Vec::new(),
        expires_after_hours: EXPIRES_AFTER_HOURS,
    })
}

/// The steps of a tag, each once; `None` when one is unknown or there is none.
fn steps(text: &str) -> Option<Vec<Step>> {
    let names = text.split([' ', '+']).filter(|name| !name.is_empty());
    let mut steps = names.map(Step::parse).collect::<Option<Vec<_>>>()?;
    steps.sort_unstable();
    steps.dedup();
    (!steps.is_empty()).then_some(steps)
}
