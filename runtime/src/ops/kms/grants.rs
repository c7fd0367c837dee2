//! ListGrants and ListRetirableGrants. Tools ask for the grants of a key before they change it, and have to hear that
//! there are none.

use keywheel_domain::api::ApiError;
use keywheel_domain::api::kms::{ListGrantsRequest, ListGrantsResponse, ListRetirableGrantsRequest};

use super::Audience;
use crate::ops::{Caller, Operations};

impl Operations {
    /// Lists the grants of a key.
    pub(super) async fn list_grants(
        &self,
        caller: &Caller,
        request: ListGrantsRequest,
    ) -> Result<ListGrantsResponse, ApiError> {
        self.kms_key_for(caller, "ListGrants", &request.key_id, Audience::Any).await?;
        Ok(ListGrantsResponse::default())
    }

    /// Lists the grants that somebody may retire.
    pub(super) async fn list_retirable_grants(
        &self,
        caller: &Caller,
        _: ListRetirableGrantsRequest,
    ) -> Result<ListGrantsResponse, ApiError> {
        self.authorize(caller, "kms:ListRetirableGrants", None)?;
        Ok(ListGrantsResponse::default())
    }
}
