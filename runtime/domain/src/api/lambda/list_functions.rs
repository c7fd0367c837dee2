//! ListFunctions and ListVersionsByFunction.

use serde::Serialize;

use super::{Call, FunctionConfiguration, LambdaError, LambdaRequest};
use crate::function::FunctionId;
use crate::secret::Scope;

/// Lists the functions of the region.
#[derive(Clone, Debug)]
pub struct ListFunctionsRequest {
    /// Whether to list every version, and not the latest only.
    pub all_versions: bool,
    /// Where the last page ended.
    pub marker: Option<String>,
    /// Items of a page.
    pub max_items: usize,
}

impl LambdaRequest for ListFunctionsRequest {
    fn read(call: &mut Call, _: &Scope) -> Result<Self, LambdaError> {
        let all_versions = match call.parameter("FunctionVersion") {
            None => false,
            Some("ALL") => true,
            Some(_) => {
                call.members.violation("FunctionVersion", "satisfy enum value set: [ALL]");
                false
            }
        };
        let (marker, max_items) = call.page()?;
        Ok(Self { all_versions, marker, max_items })
    }
}

/// A page of functions.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListFunctionsResponse {
    /// In the order of their names.
    pub functions: Vec<FunctionConfiguration>,
    /// Where to go on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_marker: Option<String>,
}

/// Lists the versions of a function.
#[derive(Clone, Debug)]
pub struct ListVersionsByFunctionRequest {
    /// Which function.
    pub function: FunctionId,
    /// Where the last page ended.
    pub marker: Option<String>,
    /// Items of a page.
    pub max_items: usize,
}

impl LambdaRequest for ListVersionsByFunctionRequest {
    fn read(call: &mut Call, scope: &Scope) -> Result<Self, LambdaError> {
        let function = call.whole_function(scope)?;
        let (marker, max_items) = call.page()?;
        Ok(Self { function, marker, max_items })
    }
}

/// A page of versions.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListVersionsByFunctionResponse {
    /// The latest, then the published ones in the order of their numbers.
    pub versions: Vec<FunctionConfiguration>,
    /// Where to go on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_marker: Option<String>,
}
