//! SimulateCustomPolicy, SimulatePrincipalPolicy, GetContextKeysForCustomPolicy and GetContextKeysForPrincipalPolicy.
//!
//! Decided as requests are, of the documents that are there or given. What is there of resources does not count, as with
//! the service: `Keywheel.SimulatePolicy` asks with it.

use std::collections::BTreeMap;

use keywheel_domain::api::ApiError;
use keywheel_domain::api::iam::{
    BoundaryDetail, ContextKeysOfPoliciesRequest, ContextKeysOfPrincipalRequest, ContextKeysResponse,
    EvaluationResult, MatchedStatement, PageRequest, PolicySimulation, SimulateCustomPolicyRequest,
    SimulatePolicyResponse, SimulatePrincipalPolicyRequest,
};
use keywheel_domain::iam::EntityKind;
use keywheel_domain::policy::{
    self, Context, Decision, Effect, Finding, Kind, Layer, Mismatch, Named, Policies, Reason, ResourceRule,
    StatementOutline, Values, add_key,
};

use super::records::Entity;
use super::simulated_policies::{
    Included, entity_of, excludes_boundary, given, invalid_input, not_an_entity,
};
use crate::ops::access::{Access, Facts, Resource};
use crate::ops::{Caller, Operations, Principal, contended};

/// What the session of a role is called that nobody assumed.
const SESSION_NAME: &str = "simulated";

/// All that is simulated but the action and the resource.
struct Simulation<'a> {
    /// Who asks, as far as that is known.
    caller: Caller,
    /// The ARN of a user, group or role, when somebody asks.
    caller_arn: Option<&'a str>,
    policies: Vec<Included>,
    boundary: Option<Included>,
    resource_policy: Option<Included>,
    /// Account that owns what does not say whose it is.
    owner: Option<&'a str>,
    /// By their keys in small letters.
    entries: BTreeMap<String, &'a [String]>,
}

/// What the request says comes before what is known.
struct Asked<'a> {
    simulation: &'a Simulation<'a>,
    facts: Facts<'a>,
}

impl Context for Asked<'_> {
    fn values(&self, key: &str) -> Option<Values<'_>> {
        if let Some(values) = self.simulation.entries.get(key) {
            return Some(values.iter().map(String::as_str).collect());
        }
        match self.simulation.caller_arn {
            None if key.starts_with("aws:principal") || key == "kms:calleraccount" => None,
            Some(arn) if key == "aws:principalarn" => Some(Values::One(arn.into())),
            _ => self.facts.values(key),
        }
    }
}

impl Operations {
    /// Tells what the given policies let happen.
    pub(super) async fn simulate_custom_policy(
        &self,
        caller: &Caller,
        request: SimulateCustomPolicyRequest,
    ) -> Result<SimulatePolicyResponse, ApiError> {
        self.authorize(caller, "iam:SimulateCustomPolicy", None)?;
        let asked = &request.0;
        let simulation = self.simulation(caller, asked, asked.caller_arn.as_deref()).await?;
        self.simulated_page(caller, "iam:SimulateCustomPolicy", &simulation, asked).await
    }

    /// Tells what the policies of a user, group or role let happen.
    pub(super) async fn simulate_principal_policy(
        &self,
        caller: &Caller,
        request: SimulatePrincipalPolicyRequest,
    ) -> Result<SimulatePolicyResponse, ApiError> {
        let entity = self.policy_source(caller, "SimulatePrincipalPolicy", &request.source_arn).await?;
        let asked = &request.simulation;
        // Nobody signs as a group.
        let own = Some(request.source_arn.as_str()).filter(|_| !matches!(entity, Entity::Group(_)));
        let caller_arn = asked.caller_arn.as_deref().or(own);
        let mut simulation = self.simulation(caller, asked, caller_arn).await?;
        let exclusions = request.exclusions.as_slice();
        let mut policies = self.policies_of(&caller.account, &entity, exclusions).await?;
        policies.append(&mut simulation.policies);
        simulation.policies = policies;
        let boundary = entity.boundary().filter(|_| !excludes_boundary(exclusions));
        if let (None, Some(arn)) = (&simulation.boundary, boundary) {
            let managed = self.iam_managed_policy(&caller.account, arn).await?.ok_or_else(contended)?;
            simulation.boundary = Some(Included::stored(managed.document(), arn, "none", Kind::Boundary)?);
        }
        self.simulated_page(caller, "iam:SimulatePrincipalPolicy", &simulation, asked).await
    }

    /// Tells which condition keys the given policies need.
    pub(super) async fn context_keys_of_policies(
        &self,
        caller: &Caller,
        request: ContextKeysOfPoliciesRequest,
    ) -> Result<ContextKeysResponse, ApiError> {
        self.authorize(caller, "iam:GetContextKeysForCustomPolicy", None)?;
        Ok(context_keys(&given(&request.policies)?))
    }

    /// Tells which condition keys the policies of a user, group or role need.
    pub(super) async fn context_keys_of_principal(
        &self,
        caller: &Caller,
        request: ContextKeysOfPrincipalRequest,
    ) -> Result<ContextKeysResponse, ApiError> {
        let action = "GetContextKeysForPrincipalPolicy";
        let entity = self.policy_source(caller, action, &request.source_arn).await?;
        let mut policies = self.policies_of(&caller.account, &entity, &[]).await?;
        policies.append(&mut given(&request.policies)?);
        Ok(context_keys(&policies))
    }

    /// Reads what both simulations ask.
    async fn simulation<'a>(
        &self,
        caller: &Caller,
        asked: &'a PolicySimulation,
        caller_arn: Option<&'a str>,
    ) -> Result<Simulation<'a>, ApiError> {
        if asked.resource_policy.is_some() && caller_arn.is_none() {
            return Err(invalid_input("CallerArn is required with a ResourcePolicy."));
        }
        if let Some(name) = asked.actions.iter().find(|name| !is_action(name)) {
            return Err(invalid_input(format!("{name} is not the name of an action of a service.")));
        }
        let resource_policy = asked.resource_policy.as_deref();
        let boundary = asked.boundary.as_deref();
        let boundary_id = "PermissionsBoundaryPolicyInputList.1".to_owned();
        let entries = asked.context.iter().map(|entry| (entry.key.to_lowercase(), entry.values.as_slice()));
        Ok(Simulation {
            caller: self.simulated_caller(caller, caller_arn).await?,
            caller_arn,
            policies: given(&asked.policies)?,
            boundary: boundary
                .map(|text| Included::given(text, boundary_id, "none", Kind::Boundary))
                .transpose()?,
            resource_policy: resource_policy
                .map(|text| Included::given(text, "ResourcePolicy".to_owned(), "resource", Kind::Resource))
                .transpose()?,
            owner: asked.resource_owner.as_deref().map(owner).transpose()?,
            entries: entries.collect(),
        })
    }

    /// Somebody with this ARN, with what the store knows of them if they are of the caller's account.
    async fn simulated_caller(&self, caller: &Caller, arn: Option<&str>) -> Result<Caller, ApiError> {
        let (account, kind, name) = match arn {
            Some(arn) => entity_of(arn).ok_or_else(|| not_an_entity(arn))?,
            None => (caller.account.as_str(), EntityKind::Group, ""),
        };
        let (name, access_key_id) = (name.to_owned(), String::new());
        let principal = match kind {
            EntityKind::User => Principal::User { name, access_key_id },
            EntityKind::Group | EntityKind::Role => {
                Principal::Role { name, session_name: SESSION_NAME.to_owned(), access_key_id }
            }
        };
        let unknown = Caller::new(account.to_owned(), caller.region.clone(), principal);
        if kind == EntityKind::Group || account != caller.account {
            return Ok(unknown);
        }
        let known = self.identify(unknown.clone()).await?;
        let is_same = known.identity().is_some_and(|identity| Some(identity.arn.as_str()) == arn);
        Ok(if is_same { known } else { unknown })
    }

    async fn simulated_page(
        &self,
        caller: &Caller,
        action: &str,
        simulation: &Simulation<'_>,
        asked: &PolicySimulation,
    ) -> Result<SimulatePolicyResponse, ApiError> {
        let all = ["*".to_owned()];
        let resources = if asked.resources.is_empty() { &all } else { asked.resources.as_slice() };
        let pairs = asked.actions.iter().flat_map(|action| resources.iter().map(move |on| (action, on)));
        let pairs: Vec<_> = pairs.enumerate().collect();
        let parameters: Vec<&str> = asked.actions.iter().chain(resources).map(String::as_str).collect();
        let page: &PageRequest = &asked.page;
        // Of one length, so that they sort as they count.
        let place = |pair: &(usize, (&String, &String))| format!("{:08}", pair.0);
        let (shown, end) = self.iam_page(caller, (action, &parameters), page, pairs, place)?;
        let mut evaluation_results = Vec::with_capacity(shown.len());
        for (_, (action, resource)) in shown {
            let result = self.simulate(simulation, action, resource);
            evaluation_results.push(if resource == "*" { result } else { result.of_resource() });
            // A thousand results of long policies take a while: others come in between.
            tokio::task::yield_now().await;
        }
        Ok(SimulatePolicyResponse { evaluation_results, end })
    }

    fn simulate(&self, simulation: &Simulation<'_>, action: &str, resource: &str) -> EvaluationResult {
        let caller = &simulation.caller;
        let account = account_of(resource).or(simulation.owner).unwrap_or(&caller.account);
        let (access, on) = (Access::new(action, Some(resource)), Resource::plain(resource, account));
        let facts = Facts { caller, access: &access, resource: &on, now: self.clock.now() };
        let context = Asked { simulation, facts };
        let (arn, session_arn) = (simulation.caller_arn.unwrap_or_default(), caller.arn());
        let request = policy::Request {
            caller: match &caller.principal {
                Principal::Role { .. } if simulation.caller_arn.is_some() => {
                    policy::Caller::Session { session_arn: &session_arn, role_arn: arn }
                }
                _ => policy::Caller::User { arn },
            },
            caller_account: &caller.account,
            action: access.action(),
            resource,
            resource_account: account,
            context: &context,
        };
        simulation.weighed(&request, (action, resource))
    }
}

impl Simulation<'_> {
    fn weighed(&self, request: &policy::Request<'_>, (action, resource): (&str, &str)) -> EvaluationResult {
        // Two policies may have one name: here each is called by its place.
        let all: Vec<&Included> =
            self.policies.iter().chain(&self.resource_policy).chain(&self.boundary).collect();
        let places: Vec<String> = (0..all.len()).map(|place| place.to_string()).collect();
        let named: Vec<Named<'_>> = all
            .iter()
            .zip(&places)
            .map(|(included, place)| Named { name: place, document: &included.document })
            .collect();
        let (identity, rest) = named.split_at(self.policies.len());
        let (resource_policy, boundary) = rest.split_at(usize::from(self.resource_policy.is_some()));
        let boundary = boundary.first().copied();
        let policies = Policies {
            identity,
            boundary,
            session: &[],
            resource: resource_policy.first().copied(),
            resource_rule: ResourceRule::Optional,
        };
        let (decision, effect) = match policy::evaluate(request, &policies) {
            Decision::Allowed { .. } => ("allowed", Some(Effect::Allow)),
            Decision::Denied { reason: Reason::Explicit(_) } => ("explicitDeny", Some(Effect::Deny)),
            Decision::Denied { reason: Reason::Implicit(_) } => ("implicitDeny", None),
        };
        let findings = policy::explain(request, &policies);
        let of = |finding: &Finding<'_>| -> Option<(&Included, &StatementOutline)> {
            let included = all.get(finding.source.policy.parse::<usize>().ok()?)?;
            Some((included, included.statements.get(finding.source.number.checked_sub(1)?)?))
        };
        let decides = |finding: &&Finding<'_>| {
            // Answers have no name for a boundary.
            let is_told = finding.source.layer != Layer::Boundary;
            is_told && finding.mismatch.is_none() && Some(finding.effect) == effect
        };
        let matched = findings.iter().filter(decides).filter_map(of);
        let mut missing = Vec::new();
        for finding in &findings {
            if matches!(finding.mismatch, Some(Mismatch::Action | Mismatch::Principal)) {
                continue;
            }
            let keys = of(finding).map(|(_, statement)| statement.keys.as_slice()).unwrap_or_default();
            let is_missing = |key: &&String| request.context.values(&key.to_lowercase()).is_none();
            keys.iter().filter(is_missing).for_each(|key| add_key(&mut missing, key));
        }
        EvaluationResult {
            eval_action_name: action.to_owned(),
            eval_resource_name: resource.to_owned(),
            eval_decision: decision,
            matched_statements: matched
                .map(|(included, statement)| MatchedStatement::of(&included.id, included.source, statement))
                .collect(),
            missing_context_values: missing,
            permissions_boundary_decision_detail: boundary.map(|boundary| {
                let alone = Policies { identity: &[boundary], ..Policies::default() };
                let own = policy::Request { resource_account: request.caller_account, ..*request };
                let allowed_by_permissions_boundary = policy::evaluate(&own, &alone).is_allowed();
                BoundaryDetail { allowed_by_permissions_boundary }
            }),
            resource_specific_results: None,
        }
    }
}

fn context_keys(policies: &[Included]) -> ContextKeysResponse {
    let mut context_key_names = Vec::new();
    for key in policies.iter().flat_map(|policy| &policy.statements).flat_map(|statement| &statement.keys) {
        add_key(&mut context_key_names, key);
    }
    ContextKeysResponse { context_key_names }
}

/// `service:Name`, without wildcards.
fn is_action(name: &str) -> bool {
    let is_word = |text: &str| {
        !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    name.split_once(':').is_some_and(|(service, action)| is_word(service) && is_word(action))
}

/// The account that `ResourceOwner` names, by itself or by the ARN of its root.
fn owner(text: &str) -> Result<&str, ApiError> {
    let of_root = text.strip_prefix("arn:aws:iam::").and_then(|rest| rest.strip_suffix(":root"));
    let account = of_root.unwrap_or(text);
    let is_account = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
    if is_account { Ok(account) } else { Err(invalid_input("ResourceOwner is not an account.")) }
}

/// Whose a resource is, if its ARN says so.
fn account_of(arn: &str) -> Option<&str> {
    arn.split(':').nth(4).filter(|account| !account.is_empty())
}
