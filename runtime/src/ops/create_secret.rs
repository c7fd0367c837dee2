//! CreateSecret.

use keywheel_domain::api::{ApiError, CreateSecretRequest, CreateSecretResponse, ErrorCode};
use keywheel_domain::secret::{ARN_SUFFIX_CHARS, Secret, TAGS_MAX};
use keywheel_domain::version::{CURRENT, Comparison};

use super::change::Change;
use super::values::{check_key, check_new_name, required_token};
use super::{COMMIT_ATTEMPTS_MAX, Caller, Operations, contended, keys};
use crate::entropy;

impl Operations {
    /// Makes a secret. The same request with the same token again answers with what the first made.
    pub async fn create_secret(
        &self,
        caller: &Caller,
        request: CreateSecretRequest,
    ) -> Result<CreateSecretResponse, ApiError> {
        self.authorize(caller, "CreateSecret", Some(&request.name))?;
        check_new_name(&request.name)?;
        let token = required_token(request.client_request_token.as_deref())?;
        check_key(request.kms_key_id.as_deref())?;
        if request.add_replica_regions {
            let told = "Replication isn't available: leave AddReplicaRegions out.";
            return Err(ApiError::new(ErrorCode::InvalidParameter, told));
        }
        for _ in 0..COMMIT_ATTEMPTS_MAX {
            if let Some(existing) = self.existing(caller, &request, token).await? {
                return Ok(existing);
            }
            let secret = self.new_secret(caller, &request, token)?;
            let mut change = Change::new().create_secret(&secret);
            if let Some(value) = &request.value {
                change = change.put_value(&secret.arn, token, self.seal(&secret, token, value).await?);
            }
            let version = request.value.as_ref().map(|_| token);
            let row = self.audit_row(&caller.arn(), "CreateSecret", &secret.arn, version, None);
            if self.commit(change.audit(&row)).await? {
                return Ok(answer(&secret, version));
            }
        }
        Err(contended())
    }

    fn new_secret(
        &self,
        caller: &Caller,
        request: &CreateSecretRequest,
        token: &str,
    ) -> Result<Secret, ApiError> {
        let now = self.clock.now();
        let suffix = entropy::alphanumeric(self.entropy.as_ref(), ARN_SUFFIX_CHARS);
        let mut secret = Secret::new(caller.scope(), &request.name, &suffix, now);
        secret.description = request.description.clone().filter(|text| !text.is_empty());
        if !secret.add_tags(&request.tags) {
            let told = format!("A secret can have at most {TAGS_MAX} tags.");
            return Err(ApiError::new(ErrorCode::InvalidParameter, told));
        }
        if request.value.is_some() {
            let put = secret.versions.put(token, &[CURRENT.to_owned()], None, now);
            secret.versions = put.expect("the first version of a secret is within every quota");
        }
        Ok(secret)
    }

    /// The secret with this name, if there is one: an answer when this very request made it.
    async fn existing(
        &self,
        caller: &Caller,
        request: &CreateSecretRequest,
        token: &str,
    ) -> Result<Option<CreateSecretResponse>, ApiError> {
        let key = keys::secret(&caller.scope(), &request.name);
        let Some(seen) = self.find_record(key).await? else { return Ok(None) };
        let secret = seen.record;
        if secret.deletion.is_some() {
            let told = "You can't create this secret because a secret with this name is already scheduled for deletion.";
            return Err(ApiError::new(ErrorCode::InvalidRequest, told));
        }
        if let Some(value) = &request.value
            && self.compare(&secret, token, value).await? == Some(Comparison::Same)
        {
            return Ok(Some(answer(&secret, Some(token))));
        }
        let told = format!("The operation failed because the secret {} already exists.", request.name);
        Err(ApiError::new(ErrorCode::ResourceExists, told))
    }
}

fn answer(secret: &Secret, version: Option<&str>) -> CreateSecretResponse {
    CreateSecretResponse {
        arn: secret.arn.clone(),
        name: secret.name.clone(),
        version_id: version.map(str::to_owned),
    }
}
