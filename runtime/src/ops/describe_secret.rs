//! DescribeSecret.

use keywheel_domain::api::{ApiError, DescribeSecretRequest, DescribeSecretResponse};

use super::access::Access;
use super::{Caller, Operations};

impl Operations {
    /// Tells all but the value, also of a secret that waits for deletion.
    pub async fn describe_secret(
        &self,
        caller: &Caller,
        request: DescribeSecretRequest,
    ) -> Result<DescribeSecretResponse, ApiError> {
        let access = Access::secret("DescribeSecret", &request.secret_id);
        self.running_job(caller).await?;
        let seen = self.find_secret(caller, &access).await?;
        let secret = &seen.record;
        Ok(DescribeSecretResponse {
            replication_status: self.replication_status(secret).await?,
            cross_account_primary: secret.told_cross_account_primary(),
            cross_account_replicas: secret.told_cross_account_replicas(),
            ..secret.describe()
        })
    }
}
