//! GetAccountSummary.

use serde::Serialize;

use super::{ApiError, IamRequest, Members};

/// Asks how much of everything an account has.
#[derive(Clone, Copy, Debug)]
pub struct GetAccountSummaryRequest {}

impl IamRequest for GetAccountSummaryRequest {
    fn read(_: &mut Members) -> Result<Self, ApiError> {
        Ok(Self {})
    }
}

/// Counts and quotas by their names.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetAccountSummaryResponse {
    /// Pairs are written as the entries of a map.
    pub summary_map: Vec<(&'static str, usize)>,
}
