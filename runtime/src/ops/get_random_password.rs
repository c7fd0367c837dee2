//! GetRandomPassword.

use keywheel_domain::api::{ApiError, ErrorCode, GetRandomPasswordRequest, GetRandomPasswordResponse};
use keywheel_domain::password;

use super::{Caller, Operations};
use crate::entropy;

impl Operations {
    /// Makes a random password.
    pub async fn get_random_password(
        &self,
        caller: &Caller,
        request: GetRandomPasswordRequest,
    ) -> Result<GetRandomPasswordResponse, ApiError> {
        self.authorize(caller, "GetRandomPassword", None)?;
        self.running_job(caller).await?;
        let below = |bound| entropy::uniform(self.entropy.as_ref(), bound);
        let random_password = password::generate(&request, below)
            .map_err(|error| ApiError::new(ErrorCode::InvalidParameter, error.to_string()))?;
        Ok(GetRandomPasswordResponse { random_password })
    }
}
