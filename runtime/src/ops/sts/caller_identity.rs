//! GetCallerIdentity and GetAccessKeyInfo.

use keywheel_domain::api::sts::{
    GetAccessKeyInfoRequest, GetAccessKeyInfoResponse, GetCallerIdentityRequest, GetCallerIdentityResponse,
};
use keywheel_domain::api::{ApiError, ErrorCode};

use crate::ops::{Caller, Operations};
use crate::vault::{access_key_owner, access_key_place};

impl Operations {
    /// Tells who signed. Everybody may ask, whatever policies say.
    pub(super) async fn get_caller_identity(
        &self,
        caller: &Caller,
        _: GetCallerIdentityRequest,
    ) -> Result<GetCallerIdentityResponse, ApiError> {
        Ok(GetCallerIdentityResponse {
            user_id: caller.user_id().unwrap_or_default(),
            account: caller.account.clone(),
            arn: caller.arn().into_owned(),
        })
    }

    /// Tells whose a long-term access key is. Temporary ones are not stored.
    pub(super) async fn get_access_key_info(
        &self,
        caller: &Caller,
        request: GetAccessKeyInfoRequest,
    ) -> Result<GetAccessKeyInfoResponse, ApiError> {
        self.authorize(caller, "sts:GetAccessKeyInfo", None)?;
        let entry = self.load_entry(&access_key_place(&request.access_key_id)).await?;
        match entry.as_ref().and_then(access_key_owner) {
            Some((account, _)) => Ok(GetAccessKeyInfoResponse { account }),
            None => Err(ApiError::new(ErrorCode::Validation, "Invalid access key id")),
        }
    }
}
