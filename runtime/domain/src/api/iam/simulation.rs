//! SimulateCustomPolicy, SimulatePrincipalPolicy, GetContextKeysForCustomPolicy and GetContextKeysForPrincipalPolicy.

use serde::Serialize;

use super::error::{IamErrorCode, iam_error};
use super::read::{self, PageEnd, PageRequest};
use super::{ApiError, IamRequest, Members, PolicyExclusion};
use crate::api::members::Bounds;
use crate::api::query::MEMBERS_MAX;
use crate::policy::{StatementOutline, TextPosition};

/// Items of a list; no form holds more.
const ITEMS: Bounds = 0..=MEMBERS_MAX;
const DOCUMENT_CHARS: Bounds = 1..=131_072;
const ACTION_CHARS: Bounds = 3..=128;
const RESOURCE_CHARS: Bounds = 1..=2048;
const KEY_CHARS: Bounds = 5..=256;
const VALUE_CHARS: Bounds = 0..=2048;
/// Of an option that only decides about requests to services that are not here.
const HANDLING_CHARS: Bounds = 1..=64;
const KEY_TYPES: [(&str, ()); 12] = [
    ("string", ()),
    ("stringList", ()),
    ("numeric", ()),
    ("numericList", ()),
    ("boolean", ()),
    ("booleanList", ()),
    ("ip", ()),
    ("ipList", ()),
    ("binary", ()),
    ("binaryList", ()),
    ("date", ()),
    ("dateList", ()),
];
const LEVELS: Bounds = 0..=7;
const EXCLUSIONS: Bounds = 0..=256;
/// What both simulations ask.
#[derive(Clone, Debug)]
pub struct PolicySimulation {
    /// Documents that count as those of whoever asks.
    pub policies: Vec<String>,
    /// The document that says the most that they may do.
    pub boundary: Option<String>,
    /// `service:Name`.
    pub actions: Vec<String>,
    /// ARNs, or `*`; each action is asked of each. `*` alone when empty.
    pub resources: Vec<String>,
    /// The document that each resource has.
    pub resource_policy: Option<String>,
    /// Whose the resources are whose ARN does not say it: an account, or the ARN of its root.
    pub resource_owner: Option<String>,
    /// Who asks.
    pub caller_arn: Option<String>,
    /// What else is known of the requests.
    pub context: Vec<ContextEntry>,
    /// Which page of the results.
    pub page: PageRequest,
}

/// The values of a condition key.
#[derive(Clone, Debug)]
pub struct ContextEntry {
    /// The key.
    pub key: String,
    /// Its values.
    pub values: Vec<String>,
}

/// Asks what policies let happen.
#[derive(Clone, Debug)]
pub struct SimulateCustomPolicyRequest(pub PolicySimulation);

/// Asks what the policies of a user, group or role let happen.
#[derive(Clone, Debug)]
pub struct SimulatePrincipalPolicyRequest {
    /// Whose policies.
    pub source_arn: String,
    /// What of them does not count.
    pub exclusions: Vec<PolicyExclusion>,
    /// What is asked; its policies come on top.
    pub simulation: PolicySimulation,
}

/// Asks which condition keys policies need.
#[derive(Clone, Debug)]
pub struct ContextKeysOfPoliciesRequest {
    /// Documents.
    pub policies: Vec<String>,
}

/// Asks which condition keys the policies of a user, group or role need.
#[derive(Clone, Debug)]
pub struct ContextKeysOfPrincipalRequest {
    /// Whose policies.
    pub source_arn: String,
    /// Documents on top.
    pub policies: Vec<String>,
}

impl PolicySimulation {
    fn read(members: &mut Members, needs_policies: bool) -> Result<Self, ApiError> {
        let levels = members.structures("OrderedOrganizationPolicyInputList", LEVELS, |_| Ok(()))?;
        if levels.is_some_and(|levels| !levels.is_empty()) {
            return Err(iam_error(
                IamErrorCode::InvalidInput,
                "There are no policies of organizations here.",
            ));
        }
        let policies = members.list("PolicyInputList", ITEMS, DOCUMENT_CHARS)?;
        if needs_policies && policies.is_none() {
            members.violation("PolicyInputList", "not be null");
        }
        let boundaries = members.list("PermissionsBoundaryPolicyInputList", ITEMS, DOCUMENT_CHARS)?;
        let mut boundaries = boundaries.unwrap_or_default();
        if boundaries.len() > 1 {
            let told = "PermissionsBoundaryPolicyInputList can have only one policy.";
            return Err(iam_error(IamErrorCode::InvalidInput, told));
        }
        let actions = members.list("ActionNames", ITEMS, ACTION_CHARS)?;
        let actions = members.require("ActionNames", actions).unwrap_or_default();
        members.text("ResourceHandlingOption", HANDLING_CHARS)?;
        Ok(Self {
            policies: policies.unwrap_or_default(),
            boundary: boundaries.pop(),
            actions,
            resources: members.list("ResourceArns", ITEMS, RESOURCE_CHARS)?.unwrap_or_default(),
            resource_policy: read::optional_document(members, "ResourcePolicy")?,
            resource_owner: members.text("ResourceOwner", RESOURCE_CHARS)?,
            caller_arn: members.text("CallerArn", RESOURCE_CHARS)?,
            context: members.structures("ContextEntries", ITEMS, ContextEntry::read)?.unwrap_or_default(),
            page: PageRequest::read(members)?,
        })
    }
}

impl ContextEntry {
    fn read(members: &mut Members) -> Result<Self, ApiError> {
        members.word("ContextKeyType", &KEY_TYPES)?;
        Ok(Self {
            key: members.text("ContextKeyName", KEY_CHARS)?.unwrap_or_default(),
            values: members.list("ContextKeyValues", ITEMS, VALUE_CHARS)?.unwrap_or_default(),
        })
    }
}

impl IamRequest for SimulateCustomPolicyRequest {
    fn read(members: &mut Members) -> Result<Self, ApiError> {
        PolicySimulation::read(members, true).map(Self)
    }
}

impl IamRequest for SimulatePrincipalPolicyRequest {
    fn read(members: &mut Members) -> Result<Self, ApiError> {
        let source_arn = read::arn(members, "PolicySourceArn")?;
        let exclusions = members.structures("PolicyExclusionList", EXCLUSIONS, PolicyExclusion::read)?;
        let exclusions = exclusions.unwrap_or_default().into_iter().flatten().collect();
        Ok(Self { source_arn, exclusions, simulation: PolicySimulation::read(members, false)? })
    }
}

impl IamRequest for ContextKeysOfPoliciesRequest {
    fn read(members: &mut Members) -> Result<Self, ApiError> {
        let policies = members.list("PolicyInputList", ITEMS, DOCUMENT_CHARS)?;
        Ok(Self { policies: members.require("PolicyInputList", policies).unwrap_or_default() })
    }
}

impl IamRequest for ContextKeysOfPrincipalRequest {
    fn read(members: &mut Members) -> Result<Self, ApiError> {
        let source_arn = read::arn(members, "PolicySourceArn")?;
        let policies = members.list("PolicyInputList", ITEMS, DOCUMENT_CHARS)?;
        Ok(Self { source_arn, policies: policies.unwrap_or_default() })
    }
}

/// A page of results.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct SimulatePolicyResponse {
    /// One for each action and resource, in the order of the request.
    pub evaluation_results: Vec<EvaluationResult>,
    /// Whether there are more.
    #[serde(flatten)]
    pub end: PageEnd,
}

/// What becomes of one action on one resource.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct EvaluationResult {
    /// As it was asked.
    pub eval_action_name: String,
    /// As it was asked.
    pub eval_resource_name: String,
    /// `allowed`, `explicitDeny` or `implicitDeny`.
    pub eval_decision: &'static str,
    /// The statements that decide.
    pub matched_statements: Vec<MatchedStatement>,
    /// Condition keys that statements about this need and nobody gave.
    pub missing_context_values: Vec<String>,
    /// Of whoever has a boundary.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub permissions_boundary_decision_detail: Option<BoundaryDetail>,
    /// The same of the resource, when the request names any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_specific_results: Option<[ResourceResult; 1]>,
}

/// What becomes of an action on a resource that was named.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ResourceResult {
    eval_resource_name: String,
    eval_resource_decision: &'static str,
    matched_statements: Vec<MatchedStatement>,
    missing_context_values: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    permissions_boundary_decision_detail: Option<BoundaryDetail>,
}

impl EvaluationResult {
    /// The same as the result of a resource that was named.
    #[must_use]
    pub fn of_resource(self) -> Self {
        let of_resource = ResourceResult {
            eval_resource_name: self.eval_resource_name.clone(),
            eval_resource_decision: self.eval_decision,
            matched_statements: self.matched_statements.clone(),
            missing_context_values: self.missing_context_values.clone(),
            permissions_boundary_decision_detail: self.permissions_boundary_decision_detail,
        };
        Self { resource_specific_results: Some([of_resource]), ..self }
    }
}

/// What a boundary says.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct BoundaryDetail {
    /// Whether it lets this happen.
    pub allowed_by_permissions_boundary: bool,
}

/// A statement that decides.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct MatchedStatement {
    source_policy_id: String,
    source_policy_type: &'static str,
    start_position: Position,
    end_position: Position,
}

#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Position {
    line: usize,
    column: usize,
}

impl MatchedStatement {
    /// A statement of this policy.
    pub fn of(policy_id: &str, policy_type: &'static str, statement: &StatementOutline) -> Self {
        let position = |TextPosition { line, column }| Position { line, column };
        Self {
            source_policy_id: policy_id.to_owned(),
            source_policy_type: policy_type,
            start_position: position(statement.start),
            end_position: position(statement.end),
        }
    }
}

/// Names of condition keys.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ContextKeysResponse {
    /// As the documents write them, in their order.
    pub context_key_names: Vec<String>,
}
