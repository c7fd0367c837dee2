//! Who calls, and what they may do. Every action asks here first.

use keywheel_domain::api::{ApiError, ErrorCode};
use keywheel_domain::rotation::{Job, Step};
use keywheel_domain::user;
use keywheel_domain::version::{CURRENT, PENDING};

use super::{Operations, Seen};

/// Who calls: found out from the signature, or set by the worker for a function that it runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// Twelve digits.
    pub account: String,
    /// From the credential scope.
    pub region: String,
    /// Who in the account.
    pub principal: Principal,
}

/// Who in an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Principal {
    /// The account's root key: may do everything.
    Root {
        /// The access key that signed.
        access_key_id: String,
    },
    /// A person with an access key of their own: looks at rotations and answers requests for approval.
    User {
        /// The user's name.
        name: String,
        /// The access key that signed.
        access_key_id: String,
    },
    /// A rotation function while it runs one step: reaches the secret that it rotates.
    Rotation {
        /// What runs.
        function_arn: String,
        /// The secret that it rotates.
        secret_arn: String,
        /// Its name.
        secret_name: String,
        /// Full ARNs of the other secrets that it may read, as the policy of its own secret says.
        readable: Vec<String>,
        /// The lease under which it runs; a call under an older one is refused.
        fence: u64,
    },
    /// A rotation function while somebody runs one step of it by hand: the same reach, without a job.
    ByHand {
        /// What runs.
        function_arn: String,
        /// The secret that it works on.
        secret_arn: String,
        /// Its name.
        secret_name: String,
        /// Full ARNs of the other secrets that it may read.
        readable: Vec<String>,
        /// Id of the version that it may store.
        token: String,
        /// The phase.
        step: Step,
    },
}

impl Caller {
    /// The ARN that audit rows and refusals show.
    pub fn arn(&self) -> String {
        match &self.principal {
            Principal::Root { .. } => format!("arn:aws:iam::{}:root", self.account),
            Principal::User { name, .. } => user::arn(&self.account, name),
            Principal::Rotation { function_arn, .. } | Principal::ByHand { function_arn, .. } => {
                function_arn.clone()
            }
        }
    }

    /// Whether the caller is a rotation function.
    pub const fn is_rotation(&self) -> bool {
        matches!(self.principal, Principal::Rotation { .. } | Principal::ByHand { .. })
    }

    /// The secret of a function that runs by hand: it has no job, and must not get one meanwhile.
    pub(super) fn secret_by_hand(&self) -> Option<&str> {
        match &self.principal {
            Principal::ByHand { secret_arn, .. } => Some(secret_arn),
            _ => None,
        }
    }

    /// The step that a rotation function runs, and the version that it works on; `None` for other callers.
    pub(super) fn running<'a>(&'a self, job: Option<&'a Seen<Job>>) -> Option<(Step, &'a str)> {
        match &self.principal {
            Principal::ByHand { step, token, .. } => Some((*step, token)),
            _ => job.map(|job| (job.record.step, job.record.token.as_str())),
        }
    }
}

/// The service of an action that names none.
const SERVICE: &str = "secretsmanager";
/// What a user may do: every one is an approver. Nothing here tells or changes a value.
const USER_ACTIONS: [&str; 8] = [
    "keywheel:ApproveRotation",
    "keywheel:ListApprovals",
    "keywheel:DescribeApproval",
    "keywheel:DescribeRotation",
    "keywheel:ListRotations",
    "keywheel:PreviewSchedule",
    "keywheel:GetRotationPolicy",
    "keywheel:ListEvents",
];
/// What a rotation function may do to the secrets that it may read.
const READING_ACTIONS: [&str; 2] = ["GetSecretValue", "DescribeSecret"];
/// What a rotation function may do to the secret that it rotates.
const ROTATION_ACTIONS: [&str; 5] =
    ["GetSecretValue", "PutSecretValue", "DescribeSecret", "UpdateSecretVersionStage", "GetRandomPassword"];

impl Operations {
    /// Whether the caller may do this, before anything is said about whether the secret exists.
    /// The action is one of Secrets Manager, unless it names another service before a colon. `resource`
    /// is what the caller named.
    pub(super) fn authorize(
        &self,
        caller: &Caller,
        action: &str,
        resource: Option<&str>,
    ) -> Result<(), ApiError> {
        let allowed = match &caller.principal {
            Principal::Root { .. } => true,
            Principal::User { .. } => USER_ACTIONS.contains(&action),
            Principal::Rotation { secret_arn, secret_name, readable, .. }
            | Principal::ByHand { secret_arn, secret_name, readable, .. } => {
                let own = resource.is_none_or(|id| id == secret_arn || id == secret_name);
                let read = resource.is_some_and(|id| readable.iter().any(|arn| arn == id));
                (own && ROTATION_ACTIONS.contains(&action)) || (read && READING_ACTIONS.contains(&action))
            }
        };
        if allowed {
            return Ok(());
        }
        let (service, action) = action.split_once(':').unwrap_or((SERVICE, action));
        let on = resource.map(|id| format!(" on resource: {id}")).unwrap_or_default();
        Err(ApiError::new(
            ErrorCode::AccessDenied,
            format!(
                "User: {} is not authorized to perform: {service}:{action}{on} because no identity-based policy \
                 allows the {service}:{action} action.",
                caller.arn()
            ),
        ))
    }

    /// The job under which a rotation function calls; `None` for other callers. A function whose lease
    /// is over is refused: another worker may be running the step by now. Whoever writes for a function
    /// expects this revision of the job.
    pub(super) async fn running_job(&self, caller: &Caller) -> Result<Option<Seen<Job>>, ApiError> {
        if let Some(secret_arn) = caller.secret_by_hand() {
            return match self.load_job(secret_arn).await? {
                None => Ok(None),
                Some(_) => Err(refused("a rotation of this secret has begun, and comes first")),
            };
        }
        let Principal::Rotation { secret_arn, fence, .. } = &caller.principal else { return Ok(None) };
        match self.load_job(secret_arn).await? {
            Some(job) if job.record.runs_under(*fence) => Ok(Some(job)),
            _ => Err(refused("this step has ended, or another worker runs it")),
        }
    }
}

/// What a rotation may put: its own pending version, in any step.
pub(super) fn check_put(own: &str, token: &str, stages: &[String]) -> Result<(), ApiError> {
    if token != own {
        return Err(refused("a rotation stores a value under its own ClientRequestToken only"));
    }
    if stages.iter().any(|stage| stage != PENDING) {
        return Err(refused("a rotation stores a value as AWSPENDING only"));
    }
    Ok(())
}

/// What a rotation may relabel: in `finishSecret`, its own version becomes current and loses `AWSPENDING`.
pub(super) fn check_move(
    (step, own): (Step, &str),
    stage: &str,
    from: Option<&str>,
    to: Option<&str>,
) -> Result<(), ApiError> {
    if step != Step::FinishSecret {
        return Err(refused("a rotation moves labels in finishSecret only"));
    }
    match stage {
        CURRENT if to == Some(own) => Ok(()),
        PENDING if to.is_none() && from == Some(own) => Ok(()),
        _ => Err(refused("a rotation moves AWSCURRENT to its own version, and takes AWSPENDING off it")),
    }
}

fn refused(why: &str) -> ApiError {
    ApiError::new(ErrorCode::AccessDenied, format!("The rotation function is not allowed to do this: {why}."))
}
