//! UpdateSecret.

use keywheel_domain::api::{ApiError, UpdateSecretRequest, UpdateSecretResponse};
use keywheel_domain::secret::{Secret, SecretId};
use keywheel_domain::version::CURRENT;

use super::access::Access;
use super::values::{Put, required_token};
use super::{COMMIT_ATTEMPTS_MAX, Caller, Operations, contended};

impl Operations {
    /// Changes the description, the key, and the value when there is one. With another key the values that have
    /// one of the service's own labels are sealed again, in the commit that changes the record: at every
    /// moment each value on disk opens.
    pub async fn update_secret(
        &self,
        caller: &Caller,
        request: UpdateSecretRequest,
    ) -> Result<UpdateSecretResponse, ApiError> {
        let (own, id) = (caller.scope(), SecretId::parse(&request.secret_id));
        let scope = id.as_ref().map_or(&own, |id| id.place(&own).0);
        let key_arn = self.asked_key_arn(scope, request.kms_key_id.as_deref()).await?;
        let access = Access::secret("UpdateSecret", &request.secret_id)
            .with("secretsmanager:description", request.description.as_deref())
            .with("secretsmanager:kmskeyid", request.kms_key_id.as_deref())
            .with("secretsmanager:kmskeyarn", key_arn);
        let token = required_token(request.client_request_token.as_deref())?;
        // Before anything is said about the key.
        self.find_secret(caller, &access).await?;
        let kms_key_id = self.check_key(caller, scope, request.kms_key_id.as_deref()).await?;
        for _ in 0..COMMIT_ATTEMPTS_MAX {
            let seen = self.load_live_secret(caller, &access).await?;
            let now = self.clock.now();
            let mut after = seen.record.clone();
            if let Some(description) = &request.description {
                after.description = Some(description.clone()).filter(|text| !text.is_empty());
            }
            if let Some(secret_type) = &request.secret_type {
                after.secret_type = Some(secret_type.clone()).filter(|text| !text.is_empty());
            }
            if request.kms_key_id.is_some() {
                after.kms_key_id.clone_from(&kms_key_id);
            }
            let version = request.value.as_ref().map(|_| token.to_owned());
            let put = match &request.value {
                None => None,
                Some(value) => {
                    let put = Put { token, value, stages: &[CURRENT.to_owned()], now, proven: false };
                    self.put_version(caller, &seen, after.clone(), put).await?
                }
            };
            let change = match put {
                Some((change, put)) => {
                    change.and(self.reseal(caller, &seen.record, &put, Some(token)).await?)
                }
                None => {
                    let resealed = self.reseal(caller, &seen.record, &after, None).await?;
                    resealed.update_secret(&seen, &seen.stamped(after.clone(), now))
                }
            };
            if change.is_empty() {
                return Ok(answer(after, version));
            }
            let row = self.audit_row(&caller.arn(), "UpdateSecret", &after.arn, version.as_deref(), None);
            if self.commit(change.audit(&row)).await? {
                return Ok(answer(after, version));
            }
        }
        Err(contended())
    }
}

fn answer(secret: Secret, version_id: Option<String>) -> UpdateSecretResponse {
    UpdateSecretResponse { arn: secret.arn, name: secret.name, version_id }
}
