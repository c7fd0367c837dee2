//! What callers may do. Every action asks here first.

use keywheel_domain::api::{ApiError, ErrorCode};
use keywheel_domain::policy::{self, Decision, Grant, MalformedDocument, Named, Policies, Reason};
use keywheel_domain::rotation::{Job, Step};
use keywheel_domain::sigv4::AuthError;
use keywheel_domain::version::{CURRENT, PENDING};

use super::access::{Access, Facts, PolicyDocument, Resource};
use super::iam::NamedPolicy;
use super::{Caller, Operations, Principal, Seen, Standing};

/// What the account's root may do whatever a resource says: otherwise a policy could lock out everybody for ever.
const REPAIRING_ACTIONS: [&str; 5] = [
    "secretsmanager:PutResourcePolicy",
    "secretsmanager:GetResourcePolicy",
    "secretsmanager:DeleteResourcePolicy",
    "kms:PutKeyPolicy",
    "kms:GetKeyPolicy",
];
/// What a rotation function may do to the secrets that it may read.
const READING_ACTIONS: [&str; 2] = ["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"];
/// What a rotation function may do to the secret that it rotates.
const ROTATION_ACTIONS: [&str; 5] = [
    "secretsmanager:GetSecretValue",
    "secretsmanager:PutSecretValue",
    "secretsmanager:DescribeSecret",
    "secretsmanager:UpdateSecretVersionStage",
    "secretsmanager:GetRandomPassword",
];

impl Operations {
    /// Whether the caller may do this to something that has no policy of its own. The action is one of Secrets
    /// Manager, unless it names another service before a colon. `resource` is an ARN.
    pub(super) fn authorize(
        &self,
        caller: &Caller,
        action: &str,
        resource: Option<&str>,
    ) -> Result<(), ApiError> {
        let access = Access::new(action, resource);
        self.authorize_on(caller, &access, &Resource::plain(resource.unwrap_or("*"), &caller.account))
    }

    /// Whether the caller may do this, before anything is said about what there is.
    pub(super) fn authorize_on(
        &self,
        caller: &Caller,
        access: &Access<'_>,
        resource: &Resource<'_>,
    ) -> Result<(), ApiError> {
        check_session(caller, access)?;
        let decided = match &caller.principal {
            Principal::Root { .. } if is_repair(caller, access, resource) => return Ok(()),
            Principal::Root { .. } | Principal::User { .. } | Principal::Role { .. } => {
                self.decide_by_policies(caller, access, resource)
            }
            Principal::Rotation { .. } | Principal::ByHand { .. } => {
                self.decide_for_function(caller, access, resource)
            }
        };
        decided.map_err(|ending| denied(caller, access, &ending))
    }

    /// What policies decide; a refusal is the end of its sentence.
    fn decide_by_policies(
        &self,
        caller: &Caller,
        access: &Access<'_>,
        resource: &Resource<'_>,
    ) -> Result<(), String> {
        self.decide(caller, access, resource, |decision| match decision {
            Decision::Allowed { .. } => Ok(()),
            Decision::Denied { reason } => Err(reason.ending(access.action())),
        })
    }

    /// The same for a rotation function. What it may do to its own secret is the service's to allow. The role that
    /// it runs as may stop it before it has touched the target, and never after that: half a rotation would
    /// leave a password that nobody knows to be the one.
    fn decide_for_function(
        &self,
        caller: &Caller,
        access: &Access<'_>,
        resource: &Resource<'_>,
    ) -> Result<(), String> {
        let (action, named) = (access.action(), access.named.as_deref());
        let refused = || Err(Reason::Implicit(policy::Layer::Identity).ending(action));
        let Some(reach) = Reach::of(caller) else { return refused() };
        let own = named.is_none_or(|id| id == reach.secret_arn || id == reach.secret_name);
        let reads = READING_ACTIONS.contains(&action);
        let may_read = named.is_some_and(|id| reach.readable.iter().any(|arn| arn == id));
        let allowed = (own && ROTATION_ACTIONS.contains(&action)) || (reads && may_read);
        if matches!(caller.standing, Standing::Nothing) || (allowed && !reach.may_be_stopped) {
            return if allowed { Ok(()) } else { refused() };
        }
        if !allowed {
            // A role lets a function read, and change nothing but its own secret.
            return if reads { self.decide_by_policies(caller, access, resource) } else { refused() };
        }
        // One that is denied a later step is stopped in the first.
        let later = ROTATION_ACTIONS.iter().filter(|_| own && named.is_some());
        for access in later.map(|action| access.and(*action)).chain([access.clone()]) {
            self.decide(caller, &access, resource, |decision| match decision {
                Decision::Denied { reason: reason @ Reason::Explicit(_) } => {
                    Err(reason.ending(access.action()))
                }
                _ => Ok(()),
            })?;
        }
        Ok(())
    }

    /// Whether a rotation function may use a key of another account: its owner has to let the account of the function in,
    /// or its role. Not once the target was touched: what was begun under the key ends under it.
    pub(super) fn authorize_key_of_others(
        &self,
        caller: &Caller,
        access: &Access<'_>,
        resource: &Resource<'_>,
    ) -> Result<(), ApiError> {
        if !Reach::of(caller).is_some_and(|reach| reach.may_be_stopped) {
            return Ok(());
        }
        let by_role = self.decide(caller, access, resource, |decision| match decision {
            Decision::Denied { reason: reason @ Reason::Explicit(_) } => Err(reason.ending(access.action())),
            Decision::Denied { .. } => Ok(false),
            Decision::Allowed { .. } => Ok(true),
        });
        let decided = by_role.and_then(|is_allowed| {
            let principal = Principal::Root { access_key_id: String::new() };
            let account = Caller::new(caller.account.clone(), caller.region.clone(), principal);
            if is_allowed { Ok(()) } else { self.decide_by_policies(&account, access, resource) }
        });
        decided.map_err(|ending| denied(caller, access, &ending))
    }

    /// What the policies that bear on a request say of it.
    pub(super) fn decide<T>(
        &self,
        caller: &Caller,
        access: &Access<'_>,
        resource: &Resource<'_>,
        told: impl FnOnce(Decision<'_>) -> T,
    ) -> T {
        self.weigh(caller, access, resource, |request, policies| match policies {
            Ok(policies) => told(policy::evaluate(request, policies)),
            // Nobody can say whom it lets in or keeps out; root can put another.
            Err(_) if matches!(request.caller, policy::Caller::Root) => {
                told(Decision::Allowed { by: Grant::Root })
            }
            Err(_) => told(Decision::Denied { reason: Reason::Implicit(policy::Layer::Resource) }),
        })
    }

    /// A request and the policies that bear on it, or why the resource's cannot be read.
    pub(super) fn weigh<T>(
        &self,
        caller: &Caller,
        access: &Access<'_>,
        resource: &Resource<'_>,
        told: impl FnOnce(&policy::Request<'_>, Result<&Policies<'_>, &MalformedDocument>) -> T,
    ) -> T {
        let facts = Facts { caller, access, resource, now: self.clock.now() };
        let principal_arn = facts.principal_arn();
        let session_arn;
        let request = policy::Request {
            caller: match &caller.principal {
                Principal::Root { .. } => policy::Caller::Root,
                Principal::User { .. } => policy::Caller::User { arn: &principal_arn },
                _ => {
                    session_arn = caller.session_arn();
                    policy::Caller::Session { session_arn: &session_arn, role_arn: &principal_arn }
                }
            },
            caller_account: &caller.account,
            action: access.action(),
            resource: &resource.arn,
            resource_account: resource.account,
            context: &facts,
        };
        let put = resource.policy.and_then(|policy| match policy.document {
            PolicyDocument::Text(text) => Some(self.documents.of_resource(text)),
            PolicyDocument::Read(_) => None,
        });
        if let Some(Err(error)) = &put {
            tracing::warn!(resource = &*resource.arn, %error, "a resource's policy cannot be read");
            return told(&request, Err(error));
        }
        let identity = caller.identity();
        let own: Vec<Named<'_>> =
            identity.iter().flat_map(|identity| &identity.policies).map(named).collect();
        let session = caller.session.as_deref();
        let session: Vec<Named<'_>> =
            session.iter().flat_map(|session| &session.policies).map(named).collect();
        let policies = Policies {
            identity: &own,
            boundary: identity.and_then(|identity| identity.boundary.as_ref()).map(named),
            session: &session,
            resource: resource.policy.and_then(|policy| {
                let document = match policy.document {
                    PolicyDocument::Read(document) => document,
                    PolicyDocument::Text(_) => put.as_ref()?.as_deref().ok()?,
                };
                Some(Named { name: policy.name, document })
            }),
            resource_rule: resource.rule,
        };
        told(&request, Ok(&policies))
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

const fn named(policy: &NamedPolicy) -> Named<'_> {
    Named { name: policy.name.as_str(), document: &policy.document }
}

fn is_repair(caller: &Caller, access: &Access<'_>, resource: &Resource<'_>) -> bool {
    resource.account == caller.account && REPAIRING_ACTIONS.contains(&access.action())
}

/// What a rotation function works on.
struct Reach<'a> {
    secret_arn: &'a str,
    secret_name: &'a str,
    readable: &'a [String],
    /// The target does not know the pending value yet.
    may_be_stopped: bool,
}

impl<'a> Reach<'a> {
    fn of(caller: &'a Caller) -> Option<Self> {
        match &caller.principal {
            Principal::Rotation { secret_arn, secret_name, readable, touched, .. } => {
                Some(Self { secret_arn, secret_name, readable, may_be_stopped: !touched })
            }
            Principal::ByHand { secret_arn, secret_name, readable, step, .. } => {
                Some(Self { secret_arn, secret_name, readable, may_be_stopped: *step == Step::CreateSecret })
            }
            _ => None,
        }
    }
}

/// Temporary credentials of a user or of the root reach neither IAM nor, but for a role, STS: the service wants a second
/// factor there.
fn check_session(caller: &Caller, access: &Access<'_>) -> Result<(), ApiError> {
    let is_own = caller.session.is_some()
        && matches!(caller.principal, Principal::Root { .. } | Principal::User { .. });
    let action = access.action();
    if is_own && (action.starts_with("iam:") || action == "sts:GetAccessKeyInfo") {
        let error = AuthError::UnrecognizedClient;
        return Err(ApiError::new(ErrorCode::Authentication(error.code()), error.to_string()));
    }
    Ok(())
}

/// A refusal in the service's words.
pub(super) fn denied(caller: &Caller, access: &Access<'_>, ending: &str) -> ApiError {
    let on = access.named.as_deref().map(|id| format!(" on resource: {id}")).unwrap_or_default();
    let (arn, action) = (caller.arn(), access.action());
    let told = format!("User: {arn} is not authorized to perform: {action}{on} {ending}");
    ApiError::new(ErrorCode::AccessDenied, told)
}

fn refused(why: &str) -> ApiError {
    ApiError::new(ErrorCode::AccessDenied, format!("The rotation function is not allowed to do this: {why}."))
}
