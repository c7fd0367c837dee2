//! DescribeSecret.

use keywheel_domain::api::{ApiError, DescribeSecretRequest, DescribeSecretResponse};

use super::{Caller, Operations};

impl Operations {
    /// Tells all but the value, also of a secret that waits for deletion.
    pub async fn describe_secret(
        &self,
        caller: &Caller,
        request: DescribeSecretRequest,
    ) -> Result<DescribeSecretResponse, ApiError> {
        self.authorize(caller, "DescribeSecret", Some(&request.secret_id))?;
        self.running_job(caller).await?;
        Ok(self.find_secret(caller, &request.secret_id).await?.record.describe())
    }
}
