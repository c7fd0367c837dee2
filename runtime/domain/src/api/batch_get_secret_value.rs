//! BatchGetSecretValue.

use serde::Serialize;

use super::list_secrets::filters;
use super::members::{Members, NEXT_TOKEN_CHARS, SECRET_ID_CHARS};
use super::{ApiError, Filter, GetSecretValueResponse, Request};

/// Reads the current values of several secrets: of those that are named, or of those that pass filters.
#[derive(Clone, Debug)]
pub struct BatchGetSecretValueRequest {
    /// Names or ARNs; not together with filters.
    pub secret_ids: Option<Vec<String>>,
    /// As those of ListSecrets; not together with names.
    pub filters: Option<Vec<Filter>>,
    /// 1 to 20 in a page; only with filters.
    pub max_results: Option<usize>,
    /// Where the last page ended.
    pub next_token: Option<String>,
}

impl Request for BatchGetSecretValueRequest {
    const NAME: &'static str = "BatchGetSecretValue";

    fn read(members: &mut Members) -> Result<Self, ApiError> {
        Ok(Self {
            secret_ids: members.list("SecretIdList", 1..=20, SECRET_ID_CHARS)?,
            filters: filters(members)?,
            max_results: members.bounded_integer("MaxResults", 1..=20)?,
            next_token: members.text("NextToken", NEXT_TOKEN_CHARS)?,
        })
    }
}

/// A secret that was not read.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct BatchError {
    /// As the caller named it.
    pub secret_id: String,
    /// The code that GetSecretValue answers.
    pub error_code: &'static str,
    /// Its sentence.
    pub message: String,
}

/// The values, and what could not be read.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct BatchGetSecretValueResponse {
    /// The values that were read.
    pub secret_values: Vec<GetSecretValueResponse>,
    /// Where the next page begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
    /// What was not read, and why.
    pub errors: Vec<BatchError>,
}
