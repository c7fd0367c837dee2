//! GetFunction and GetFunctionConfiguration.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Call, Concurrency, FunctionConfiguration, LambdaError, LambdaRequest};
use crate::function::FunctionId;
use crate::secret::Scope;

/// Asks for all about a version.
#[derive(Clone, Debug)]
pub struct GetFunctionRequest {
    /// Of which function.
    pub function: FunctionId,
}

impl LambdaRequest for GetFunctionRequest {
    fn read(call: &mut Call, scope: &Scope) -> Result<Self, LambdaError> {
        Ok(Self { function: call.function(scope)? })
    }
}

/// Asks how a version runs.
#[derive(Clone, Debug)]
pub struct GetFunctionConfigurationRequest {
    /// Of which function.
    pub function: FunctionId,
}

impl LambdaRequest for GetFunctionConfigurationRequest {
    fn read(call: &mut Call, scope: &Scope) -> Result<Self, LambdaError> {
        Ok(Self { function: call.function(scope)? })
    }
}

/// All about a version.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetFunctionResponse {
    /// How it runs.
    pub configuration: FunctionConfiguration,
    /// Its code.
    pub code: CodeLocation,
    /// Of the function.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
    /// Of the function.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub concurrency: Option<Concurrency>,
}

/// Where code is. It cannot be fetched: its digest says which it is.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct CodeLocation {
    /// `Keywheel`.
    pub repository_type: &'static str,
    /// `sha256:` and the digest of the component in hexadecimal, as records of rotations name it.
    pub location: String,
}

impl CodeLocation {
    /// That of the component with this digest.
    pub fn of(digest: &str) -> Self {
        Self { repository_type: "Keywheel", location: format!("sha256:{digest}") }
    }
}
