//! People who have to agree before a step runs.
//!
//! An approval is for one secret, token, step and digest of the component: another component needs
//! another approval. Who asked for the rotation cannot give one, and giving one twice counts once.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{Job, Person, State, Step};
use crate::time::Timestamp;

/// Hexadecimal digits of a request's id.
const ID_DIGITS: usize = 24;

/// Who wants to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum AskedBy {
    /// The policy or the tags of the secret.
    Policy,
    /// The function, while it ran the step.
    Function,
}

/// What people are asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApprovalRequest {
    /// Follows from secret, token, step, digest, who asks, and how often that was asked in vain.
    pub id: String,
    /// Before which step.
    pub step: Step,
    /// Of the component that would run.
    pub digest: String,
    /// Who asks.
    pub asked_by: AskedBy,
    /// How many have to agree.
    pub count: u32,
    /// Patterns of the ARNs of those who may; empty for everyone with the permission.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub approvers: Vec<String>,
    /// What the function says to them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
    /// Since when.
    pub since: Timestamp,
    /// From then on nobody can agree any more.
    pub until: Timestamp,
}

/// Somebody agreed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// Of the request.
    pub request_id: String,
    /// The ARN of who agreed.
    pub by: String,
    /// Their id, when it is a user's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by_id: Option<String>,
    /// When.
    pub at: Timestamp,
    /// What they wrote.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

/// Requests of one kind that nobody answered in time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expiry {
    /// Before which step.
    pub step: Step,
    /// Who asked.
    pub asked_by: AskedBy,
    /// How many of them.
    pub times: u32,
}

impl Expiry {
    fn is_of(&self, step: Step, asked_by: AskedBy) -> bool {
        self.step == step && self.asked_by == asked_by
    }
}

/// What an approval came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// This person had agreed before.
    Again,
    /// So many more are needed.
    Wanting(u32),
    /// The step runs.
    Complete,
}

/// Why an answer of a person does not count.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ApprovalError {
    /// The job does not wait for this request: it is answered, or another component needs another one.
    #[error("this request is not open any more: it was answered, expired, or the rotation has changed")]
    NotOpen,
    /// Too late.
    #[error("the request expired at {until}; RetryRotation asks again")]
    Expired {
        /// When.
        until: Timestamp,
    },
    /// Who asked for a rotation cannot agree to it.
    #[error("`{who}` asked for this rotation and cannot answer for it")]
    Requester {
        /// The caller.
        who: String,
    },
    /// The policy names others.
    #[error("`{who}` is none of the approvers that the rotation policy names")]
    NotAnApprover {
        /// The caller.
        who: String,
    },
}

/// The id of a request. One that expired is over, with what people said to it: the next has another id.
pub(super) fn request_id(job: &Job, step: Step, digest: &str, asked_by: AskedBy) -> String {
    let asks = if asked_by == AskedBy::Policy { "policy" } else { "function" };
    let mut parts = vec![job.secret_arn.as_str(), &job.token, step.as_str(), digest, asks];
    let round = job.expired_times(step, asked_by).to_string();
    if round != "0" {
        parts.push(&round);
    }
    let mut id = hex::encode(Sha256::digest(parts.join("\0")));
    id.truncate(ID_DIGITS);
    id
}

impl Job {
    /// The request that it waits for.
    pub const fn open_request(&self) -> Option<&ApprovalRequest> {
        match &self.state {
            State::WaitingApproval { request } => Some(request),
            _ => None,
        }
    }

    /// The job after nobody answered in time: a person has to ask again.
    #[must_use]
    pub fn expired(&self, now: Timestamp) -> Self {
        match &self.state {
            State::WaitingApproval { request } if request.until <= now => {
                let (step, asked_by) = (request.step, request.asked_by);
                let mut after = Self { state: State::NeedsAttention { since: now }, ..self.clone() };
                match after.expiries.iter_mut().find(|known| known.is_of(step, asked_by)) {
                    Some(known) => known.times = known.times.saturating_add(1),
                    None => after.expiries.push(Expiry { step, asked_by, times: 1 }),
                }
                after
            }
            _ => self.clone(),
        }
    }

    fn expired_times(&self, step: Step, asked_by: AskedBy) -> u32 {
        self.expiries.iter().find(|known| known.is_of(step, asked_by)).map_or(0, |known| known.times)
    }

    /// How many have agreed to this.
    pub fn agreed(&self, request_id: &str) -> u32 {
        let agreed = self.approvals.iter().filter(|approval| approval.request_id == request_id).count();
        u32::try_from(agreed).unwrap_or(u32::MAX)
    }

    /// Whether this person's answer to the open request counts.
    pub fn check_answer(
        &self,
        request_id: &str,
        who: &Person,
        now: Timestamp,
    ) -> Result<&ApprovalRequest, ApprovalError> {
        let open = self.open_request().filter(|request| request.id == request_id);
        let request = open.ok_or(ApprovalError::NotOpen)?;
        if self.cause.is(who) {
            return Err(ApprovalError::Requester { who: who.arn.clone() });
        }
        let is_named = |pattern: &String| matches(pattern, &who.arn);
        if !request.approvers.is_empty() && !request.approvers.iter().any(is_named) {
            return Err(ApprovalError::NotAnApprover { who: who.arn.clone() });
        }
        if now >= request.until {
            return Err(ApprovalError::Expired { until: request.until });
        }
        Ok(request)
    }

    /// The job after somebody agreed to the open request.
    pub fn approved(
        &self,
        request_id: &str,
        who: &Person,
        comment: Option<&str>,
        now: Timestamp,
    ) -> Result<(Self, Answer), ApprovalError> {
        let request = self.check_answer(request_id, who, now)?;
        let given = |approval: &Approval| {
            approval.request_id == request_id && who.is(&approval.by, approval.by_id.as_deref())
        };
        if self.approvals.iter().any(given) {
            return Ok((self.clone(), Answer::Again));
        }
        let mut after = self.clone();
        after.approvals.push(Approval {
            request_id: request_id.to_owned(),
            by: who.arn.clone(),
            by_id: who.id.clone(),
            at: now,
            comment: comment.map(str::to_owned),
        });
        let wanting = request.count.saturating_sub(after.agreed(request_id));
        if wanting > 0 {
            return Ok((after, Answer::Wanting(wanting)));
        }
        after.state = State::Ready { since: now };
        Ok((after, Answer::Complete))
    }
}

/// Whether a pattern with `*` for any characters fits a text.
fn matches(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| text.strip_prefix(first)) else { return false };
    let Some(last) = parts.next_back() else { return rest.is_empty() };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn patterns_fit_whole_names() {
        let check = |pattern: &str, text: &str, expected: bool| {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        };
        check("arn:user/ann", "arn:user/ann", true);
        check("arn:user/ann", "arn:user/anna", false);
        check("arn:user/*", "arn:user/ann", true);
        check("*", "", true);
        check("a*b*c", "a-b-b-c", true);
        check("a*b*c", "a-c-b", false);
        check("ab*ba", "aba", false);
        check("*ann", "joann", true);
    }
}
