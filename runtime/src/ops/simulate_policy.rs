//! SimulatePolicy.

use keywheel_domain::api::{
    ApiError, ErrorCode, SimulatePolicyRequest, SimulatePolicyResponse, SimulatedStatement,
};
use keywheel_domain::kms::KeyId;
use keywheel_domain::policy::{self, Decision, Effect, Finding, Grant, Mismatch, Reason, Source};
use keywheel_domain::secret::SecretId;

use super::access::{Access, Resource};
use super::{Caller, Operations, Principal, Standing};

/// What the session of a role is called that nobody assumed.
const SESSION_NAME: &str = "simulated";

impl Operations {
    /// Tells what would become of a request of a user or a role, which statement decides, and why the others do not
    /// match. A secret or a key that is there counts with its own policy and tags.
    pub(super) async fn simulate_policy(
        &self,
        caller: &Caller,
        request: SimulatePolicyRequest,
    ) -> Result<SimulatePolicyResponse, ApiError> {
        self.authorize(caller, "keywheel:SimulatePolicy", Some(&request.principal))?;
        let principal = self.simulated(caller, &request.principal).await?;
        let mut access = Access::new(request.action.as_str(), Some(&request.resource));
        for (key, value) in &request.context {
            access = access.with_named(key, value);
        }
        let secret = match SecretId::parse(&request.resource) {
            Ok(SecretId::FullArn { arn, .. }) => self.secret_by_arn(&arn).await?,
            _ => None,
        };
        let key = match KeyId::parse(&request.resource) {
            Ok(KeyId::Key { scope: Some(_), .. }) => self.find_kms_key(&request.resource).await?,
            _ => None,
        };
        let account = account_of(&request.resource).unwrap_or(&caller.account);
        let resource = match (&secret, &key) {
            (Some(secret), _) => Resource::secret(&secret.record),
            (None, Some(key)) => Resource::kms_key(&key.record),
            (None, None) => Resource::plain(request.resource.as_str(), account),
        };
        self.weigh(&principal, &access, &resource, |asked, policies| {
            let policies = policies.map_err(|error| {
                let told = format!("The policy of the resource cannot be read: {error}.");
                ApiError::new(ErrorCode::InvalidRequest, told)
            })?;
            Ok(told(policy::evaluate(asked, policies), &policy::explain(asked, policies), access.action()))
        })
    }

    /// Somebody with this ARN, as the store has them now.
    async fn simulated(&self, caller: &Caller, arn: &str) -> Result<Caller, ApiError> {
        let not_found = || {
            let told = format!("There is no user or role `{arn}` in this account.");
            ApiError::new(ErrorCode::ResourceNotFound, told)
        };
        let prefix = format!("arn:aws:iam::{}:", caller.account);
        let (kind, path) =
            arn.strip_prefix(&prefix).and_then(|rest| rest.split_once('/')).ok_or_else(not_found)?;
        let name = path.rsplit('/').next().unwrap_or_default().to_owned();
        let access_key_id = String::new();
        let principal = match kind {
            "user" => Principal::User { name, access_key_id },
            "role" => Principal::Role { name, session_name: SESSION_NAME.to_owned(), access_key_id },
            _ => return Err(not_found()),
        };
        let known =
            self.identify(Caller::new(caller.account.clone(), caller.region.clone(), principal)).await?;
        let is_same = !matches!(known.standing, Standing::Nothing)
            && known.identity().is_some_and(|identity| identity.arn == arn);
        if is_same { Ok(known) } else { Err(not_found()) }
    }
}

fn account_of(arn: &str) -> Option<&str> {
    arn.split(':').nth(4).filter(|account| !account.is_empty())
}

fn told(decision: Decision<'_>, findings: &[Finding<'_>], action: &str) -> SimulatePolicyResponse {
    let (word, reason, decides) = match decision {
        Decision::Allowed { by: Grant::Root } => ("allowed", "by the account".to_owned(), None),
        Decision::Allowed { by: Grant::Statement(source) } => (
            "allowed",
            format!("by a statement of {} {}", source.layer.article(), source.layer),
            Some(source),
        ),
        Decision::Denied { reason: reason @ Reason::Explicit(source) } => {
            ("explicitDeny", reason.ending(action), Some(source))
        }
        Decision::Denied { reason } => ("implicitDeny", reason.ending(action), None),
    };
    let statements = findings.iter().map(|finding| statement(finding, decides)).collect();
    SimulatePolicyResponse { decision: word, reason, statements }
}

fn statement(finding: &Finding<'_>, decides: Option<Source<'_>>) -> SimulatedStatement {
    let Source { layer, policy, number, sid } = finding.source;
    SimulatedStatement {
        layer: layer.to_string(),
        policy: policy.to_owned(),
        number,
        sid: sid.map(str::to_owned),
        effect: match finding.effect {
            Effect::Allow => "Allow",
            Effect::Deny => "Deny",
        },
        decides: decides == Some(finding.source),
        mismatch: finding.mismatch.map(|mismatch| match mismatch {
            Mismatch::Principal => "Principal".to_owned(),
            Mismatch::Action => "Action".to_owned(),
            Mismatch::Resource => "Resource".to_owned(),
            Mismatch::Condition(condition) => {
                format!("Condition {} {}", condition.operator(), condition.key())
            }
        }),
    }
}
