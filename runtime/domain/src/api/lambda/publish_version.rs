//! PublishVersion.

use super::{Call, LambdaError, LambdaRequest};
use crate::function::{DESCRIPTION_CHARS_MAX, FunctionId};
use crate::secret::Scope;

/// Freezes the latest code and configuration under the next number.
#[derive(Clone, Debug)]
pub struct PublishVersionRequest {
    /// Of which function.
    pub function: FunctionId,
    /// The code that the caller has seen, as its SHA-256 in base64.
    pub code_sha256: Option<String>,
    /// That of the version.
    pub description: Option<String>,
    /// The revision that the caller has seen.
    pub revision_id: Option<String>,
}

impl LambdaRequest for PublishVersionRequest {
    fn read(call: &mut Call, scope: &Scope) -> Result<Self, LambdaError> {
        let function = call.whole_function(scope)?;
        let revision_id = call.revision_id()?;
        Ok(Self {
            function,
            code_sha256: call.members.text("CodeSha256", 0..=64)?.filter(|text| !text.is_empty()),
            description: call.members.text("Description", 0..=DESCRIPTION_CHARS_MAX)?,
            revision_id,
        })
    }
}
