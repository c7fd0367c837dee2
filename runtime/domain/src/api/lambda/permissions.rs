//! AddPermission, RemovePermission and GetPolicy.

use serde::Serialize;

use super::{Call, LambdaError, LambdaRequest};
use crate::function::{FunctionId, Statement};
use crate::secret::Scope;

/// Conditions that are not evaluated here, so that nobody relies on them.
const UNSUPPORTED: [&str; 3] = ["EventSourceToken", "FunctionUrlAuthType", "PrincipalOrgID"];

/// Lets somebody invoke a function, a version or an alias.
#[derive(Clone, Debug)]
pub struct AddPermissionRequest {
    /// Of which function.
    pub function: FunctionId,
    /// What is allowed.
    pub statement: Statement,
    /// The revision that the caller has seen.
    pub revision_id: Option<String>,
}

impl LambdaRequest for AddPermissionRequest {
    fn read(call: &mut Call, scope: &Scope) -> Result<Self, LambdaError> {
        let (function, revision_id) = (call.function(scope)?, call.revision_id()?);
        let members = &mut call.members;
        for name in UNSUPPORTED {
            if members.text(name, 0..=256)?.is_some() {
                return Err(LambdaError::invalid(format!("{name} is not supported.")));
            }
        }
        let sid = members.required_text("StatementId", 1..=100)?;
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if !sid.bytes().all(fits) {
            members.violation("StatementId", "satisfy regular expression pattern: ([a-zA-Z0-9-_]+)");
        }
        let action = members.required_text("Action", 1..=256)?;
        if !action.is_empty() && !is_action(&action) {
            let pattern = "satisfy regular expression pattern: (lambda:[*]|lambda:[a-zA-Z]+|[*])";
            members.violation("Action", pattern);
        }
        let principal = members.required_text("Principal", 1..=2048)?;
        if principal.contains(char::is_whitespace) {
            members.violation("Principal", "satisfy regular expression pattern: [^\\s]+");
        }
        let source_account = members.text("SourceAccount", 12..=12)?;
        let source_arn = members.text("SourceArn", 1..=2048)?;
        let statement = Statement { sid, principal, action, source_account, source_arn };
        Ok(Self { function, statement, revision_id })
    }
}

fn is_action(text: &str) -> bool {
    let name = text.strip_prefix("lambda:").unwrap_or_default();
    text == "*" || name == "*" || (!name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphabetic()))
}

/// What was added.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct AddPermissionResponse {
    /// As JSON in a string.
    pub statement: String,
}

/// Takes a permission back.
#[derive(Clone, Debug)]
pub struct RemovePermissionRequest {
    /// Of which function.
    pub function: FunctionId,
    /// Which.
    pub sid: String,
    /// The revision that the caller has seen.
    pub revision_id: Option<String>,
}

impl LambdaRequest for RemovePermissionRequest {
    fn read(call: &mut Call, scope: &Scope) -> Result<Self, LambdaError> {
        Ok(Self { function: call.function(scope)?, sid: call.item()?, revision_id: call.revision_id()? })
    }
}

/// Asks who may invoke a function, a version or an alias.
#[derive(Clone, Debug)]
pub struct GetPolicyRequest {
    /// Which.
    pub function: FunctionId,
}

impl LambdaRequest for GetPolicyRequest {
    fn read(call: &mut Call, scope: &Scope) -> Result<Self, LambdaError> {
        Ok(Self { function: call.function(scope)? })
    }
}

/// Who may.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetPolicyResponse {
    /// As JSON in a string.
    pub policy: String,
    /// Changes with each change.
    pub revision_id: String,
}
