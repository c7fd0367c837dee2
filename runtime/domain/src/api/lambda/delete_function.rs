//! DeleteFunction.

use super::{Call, LambdaError, LambdaRequest};
use crate::function::{FunctionId, Qualifier};
use crate::secret::Scope;

/// Deletes a function with all its versions, or one version.
#[derive(Clone, Debug)]
pub struct DeleteFunctionRequest {
    /// With a qualifier: only that version.
    pub function: FunctionId,
    /// Even when secrets use it (`X-Keywheel-Force: true`).
    pub force: bool,
}

impl LambdaRequest for DeleteFunctionRequest {
    fn read(call: &mut Call, scope: &Scope) -> Result<Self, LambdaError> {
        let function = call.function(scope)?;
        match function.qualifier {
            None | Some(Qualifier::Version(_)) => Ok(Self { function, force: call.force }),
            Some(Qualifier::Latest) => {
                Err(LambdaError::invalid("$LATEST version cannot be deleted without deleting the function."))
            }
            Some(Qualifier::Alias(_)) => {
                Err(LambdaError::invalid("An alias is deleted by DeleteAlias, a version by its number."))
            }
        }
    }
}
