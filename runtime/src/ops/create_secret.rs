//! CreateSecret.

use keywheel_domain::api::{ApiError, CreateSecretRequest, CreateSecretResponse, ErrorCode};
use keywheel_domain::replication::{CrossAccountPrimary, Following, is_cross_account};
use keywheel_domain::secret::{ARN_SUFFIX_CHARS, Secret, TAGS_MAX};
use keywheel_domain::version::{CURRENT, Comparison};

use super::access::{Access, Resource, named_secret_arn};
use super::change::Change;
use super::replicate_secret_to_regions::{check_regions, with_replicas};
use super::values::{check_new_name, required_token};
use super::{COMMIT_ATTEMPTS_MAX, Caller, Operations, contended, keys};
use crate::entropy;

impl Operations {
    /// Makes a secret. The same request with the same token again answers with what the first made.
    pub async fn create_secret(
        &self,
        caller: &Caller,
        request: CreateSecretRequest,
    ) -> Result<CreateSecretResponse, ApiError> {
        self.authorize_creation(caller, &request).await?;
        check_new_name(&request.name)?;
        if let Some(value) = &request.value {
            self.quotas.check_value(value)?;
        }
        let token = required_token(request.client_request_token.as_deref())?;
        let kms_key_id = self.check_key(caller, &caller.scope(), request.kms_key_id.as_deref()).await?;
        check_cross_account(caller, &request)?;
        self.check_replica_keys(caller, &caller.scope(), &request.replicas).await?;
        for _ in 0..COMMIT_ATTEMPTS_MAX {
            if let Some(existing) = self.existing(caller, &request, token).await? {
                return Ok(existing);
            }
            self.quotas.take_secret(&caller.scope())?;
            let mut secret = self.new_secret(caller, &request, token)?;
            check_regions(&secret, &request.replicas)?;
            secret.kms_key_id.clone_from(&kms_key_id);
            let mut change = Change::new();
            if let Some(value) = &request.value {
                change = change.put_value(&secret.arn, token, self.seal(&secret, token, value).await?);
            }
            for place in &request.replicas.regions {
                let how = (request.replicas.force_overwrite, secret.created);
                change = self.place_replica(caller, change, &mut secret, place, how).await?;
            }
            change = change.create_secret(&secret);
            let version = request.value.as_ref().map(|_| token);
            let row = self.audit_row(&caller.arn(), "CreateSecret", &secret.arn, version, None);
            if self.commit(change.audit(&row)).await? {
                return self.created(&secret, version).await;
            }
        }
        Err(contended())
    }

    /// Tags and replicas ask for what they would ask for later.
    async fn authorize_creation(
        &self,
        caller: &Caller,
        request: &CreateSecretRequest,
    ) -> Result<(), ApiError> {
        let key_arn = self.asked_key_arn(&caller.scope(), request.kms_key_id.as_deref()).await?;
        let access = Access::new("CreateSecret", Some(&request.name))
            .with("secretsmanager:name", Some(request.name.as_str()))
            .with("secretsmanager:description", request.description.as_deref())
            .with("secretsmanager:kmskeyid", request.kms_key_id.as_deref())
            .with("secretsmanager:kmskeyarn", key_arn)
            .with_tags(request.tags.iter().map(|tag| (tag.key.as_str(), tag.value.as_str())));
        let access = with_replicas(access, &request.replicas);
        // What it is tagged with is what it will have been.
        let tags = request.tags.iter().map(|tag| (tag.key.as_str(), tag.value.as_str()));
        let arn = named_secret_arn(&caller.scope(), &request.name);
        let resource = Resource::plain(arn, &caller.account).with_tags(Some("secretsmanager"), tags);
        self.authorize_on(caller, &access, &resource)?;
        if !request.tags.is_empty() {
            self.authorize_on(caller, &access.and("TagResource"), &resource)?;
        }
        if !request.replicas.regions.is_empty() {
            self.authorize_on(caller, &access.and("ReplicateSecretToRegions"), &resource)?;
        }
        Ok(())
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
        secret.secret_type.clone_from(&request.secret_type);
        secret.replication.cross_account_primary = request
            .cross_account_primary_arn
            .as_ref()
            .map(|arn| CrossAccountPrimary { arn: arn.clone(), following: Following::Pending });
        if !secret.add_tags(&request.tags) {
            let told = format!("A secret can have at most {TAGS_MAX} tags.");
            return Err(ApiError::new(ErrorCode::InvalidParameter, told));
        }
        self.quotas.check_tags(0, &secret)?;
        if request.value.is_some() {
            let put = secret.versions.put(token, &[CURRENT.to_owned()], None, now);
            secret.versions = put.expect("the first version of a secret is within every quota");
        }
        Ok(secret)
    }

    async fn created(
        &self,
        secret: &Secret,
        version: Option<&str>,
    ) -> Result<CreateSecretResponse, ApiError> {
        Ok(CreateSecretResponse {
            arn: secret.arn.clone(),
            name: secret.name.clone(),
            version_id: version.map(str::to_owned),
            replication_status: self.replication_status(secret).await?,
        })
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
        let secret = &seen.record;
        if secret.deletion.is_some() {
            let told = "You can't create this secret because a secret with this name is already scheduled for deletion.";
            return Err(ApiError::new(ErrorCode::InvalidRequest, told));
        }
        if let Some(value) = &request.value
            && self.compare(secret, token, value).await? == Some(Comparison::Same)
        {
            return self.created(secret, Some(token)).await.map(Some);
        }
        let told = format!("The operation failed because the secret {} already exists.", request.name);
        Err(ApiError::new(ErrorCode::ResourceExists, told))
    }
}

/// Refuses what cannot follow a secret of another account.
fn check_cross_account(caller: &Caller, request: &CreateSecretRequest) -> Result<(), ApiError> {
    let Some(primary_arn) = &request.cross_account_primary_arn else { return Ok(()) };
    let told = if !is_cross_account(primary_arn, &caller.scope()) {
        "CrossAccountPrimaryARN must be the complete ARN of a secret in another account and in the same Region."
    } else if request.value.is_some() {
        "You can't specify a secret value for a cross-account replica secret: it gets those of its primary."
    } else if !request.replicas.regions.is_empty() {
        "You can't replicate a cross-account replica secret to other Regions."
    } else {
        return Ok(());
    };
    Err(ApiError::new(ErrorCode::InvalidParameter, told))
}
