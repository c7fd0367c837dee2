//! UpdateFunctionCode.

use super::create_function::{Code, code};
use super::settings::architecture;
use super::{Call, LambdaError, LambdaRequest};
use crate::function::FunctionId;
use crate::secret::Scope;

/// Deploys other code. What is published stays as it is.
#[derive(Debug)]
pub struct UpdateFunctionCodeRequest {
    /// Whose code.
    pub function: FunctionId,
    /// What was uploaded.
    pub code: Code,
    /// Kept and told.
    pub architecture: Option<String>,
    /// Whether to publish a version at once.
    pub publish: bool,
    /// Whether only to look if the code is good.
    pub dry_run: bool,
    /// The revision that the caller has seen.
    pub revision_id: Option<String>,
}

impl LambdaRequest for UpdateFunctionCodeRequest {
    fn read(call: &mut Call, scope: &Scope) -> Result<Self, LambdaError> {
        let function = call.whole_function(scope)?;
        let revision_id = call.revision_id()?;
        let members = &mut call.members;
        Ok(Self {
            function,
            code: code(members)?.unwrap_or_default(),
            architecture: architecture(members)?,
            publish: members.boolean("Publish")?.unwrap_or(false),
            dry_run: members.boolean("DryRun")?.unwrap_or(false),
            revision_id,
        })
    }
}
