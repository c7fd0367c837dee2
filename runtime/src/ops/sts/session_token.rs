//! GetSessionToken.

use keywheel_domain::api::sts::{GetSessionTokenRequest, GetSessionTokenResponse};
use keywheel_domain::api::{ApiError, ErrorCode};

use super::credentials::{Holder, SessionRecord};
use crate::ops::{Caller, Operations, Principal};

/// Seconds when the request names none.
const USER_SECONDS_DEFAULT: usize = 43_200;
/// The longest session of the account's root, in seconds.
const ROOT_SECONDS_MAX: usize = 3_600;

impl Operations {
    /// Gives out temporary credentials of the user or the root itself. It needs no allowance, as with the service.
    pub(super) async fn get_session_token(
        &self,
        caller: &Caller,
        request: GetSessionTokenRequest,
    ) -> Result<GetSessionTokenResponse, ApiError> {
        let seconds = request.duration_seconds.unwrap_or(USER_SECONDS_DEFAULT);
        let (holder, seconds) = match (&caller.principal, caller.access_key_id()) {
            (Principal::Root { .. }, Some(key)) if caller.session.is_none() => {
                (Holder::Root { key: key.to_owned() }, seconds.min(ROOT_SECONDS_MAX))
            }
            (Principal::User { name, .. }, Some(key)) if caller.session.is_none() => {
                let id = caller.identity().map(|identity| identity.id.clone()).unwrap_or_default();
                (Holder::User { name: name.clone(), id, key: key.to_owned() }, seconds)
            }
            _ => {
                let told = "Cannot call GetSessionToken with session credentials";
                return Err(ApiError::new(ErrorCode::AccessDenied, told));
            }
        };
        super::credentials::check_no_second_factor(request.shows_second_factor)?;
        let record = SessionRecord::new(holder);
        let (credentials, _) = self.new_credentials(&caller.account, record, seconds).await?;
        Ok(GetSessionTokenResponse { credentials })
    }
}
