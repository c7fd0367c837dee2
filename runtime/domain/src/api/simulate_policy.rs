//! SimulatePolicy (`Keywheel.SimulatePolicy`).

use std::collections::BTreeMap;

use serde::Serialize;

use super::members::{Bounds, Members};
use super::{ApiError, Request};

/// Condition keys that one request may give.
const CONTEXT_KEYS_MAX: usize = 100;
const ARN_CHARS: Bounds = 1..=2048;
const ACTION_CHARS: Bounds = 3..=128;

/// Asks what would become of a request, and which statement of which policy decides.
#[derive(Clone, Debug)]
pub struct SimulatePolicyRequest {
    /// ARN of the user or the role.
    pub principal: String,
    /// `service:Name`.
    pub action: String,
    /// An ARN; everything, when it is absent.
    pub resource: String,
    /// Condition keys and their values, over what is known by itself.
    pub context: BTreeMap<String, String>,
}

impl Request for SimulatePolicyRequest {
    const NAME: &'static str = "SimulatePolicy";

    fn read(members: &mut Members) -> Result<Self, ApiError> {
        let context = members.texts("Context")?.unwrap_or_default();
        if context.len() > CONTEXT_KEYS_MAX {
            let told = format!("have length less than or equal to {CONTEXT_KEYS_MAX}");
            members.violation("Context", &told);
        }
        Ok(Self {
            principal: members.required_text("Principal", ARN_CHARS)?,
            action: members.required_text("Action", ACTION_CHARS)?,
            resource: members.text("Resource", ARN_CHARS)?.unwrap_or_else(|| "*".to_owned()),
            context,
        })
    }
}

/// What would become of it.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct SimulatePolicyResponse {
    /// `allowed`, `explicitDeny` or `implicitDeny`, as IAM says it.
    pub decision: &'static str,
    /// The same in a sentence.
    pub reason: String,
    /// What each statement that bears on it says, in the order in which policies are asked.
    pub statements: Vec<SimulatedStatement>,
}

/// What one statement says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct SimulatedStatement {
    /// The kind of policy.
    pub layer: String,
    /// The policy's name or ARN.
    pub policy: String,
    /// The statement's place, counted from 1.
    pub number: usize,
    /// The statement's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sid: Option<String>,
    /// `Allow` or `Deny`.
    pub effect: &'static str,
    /// Whether it is the one that decides.
    pub decides: bool,
    /// The element that keeps it from matching; absent when it matches.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mismatch: Option<String>,
}
