//! UpdateFunctionConfiguration.

use super::{Call, LambdaError, LambdaRequest, Settings};
use crate::function::FunctionId;
use crate::secret::Scope;

/// Changes how the latest version runs.
#[derive(Debug)]
pub struct UpdateFunctionConfigurationRequest {
    /// Of which function.
    pub function: FunctionId,
    /// What is absent stays as it is.
    pub settings: Settings,
    /// The revision that the caller has seen.
    pub revision_id: Option<String>,
}

impl LambdaRequest for UpdateFunctionConfigurationRequest {
    fn read(call: &mut Call, scope: &Scope) -> Result<Self, LambdaError> {
        let function = call.whole_function(scope)?;
        let revision_id = call.revision_id()?;
        Ok(Self { function, settings: Settings::read(&mut call.members)?, revision_id })
    }
}
