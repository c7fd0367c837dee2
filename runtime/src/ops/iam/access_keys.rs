//! CreateAccessKey, UpdateAccessKey, DeleteAccessKey, ListAccessKeys and GetAccessKeyLastUsed.
//!
//! A user knows its keys, and each changes in one commit with the user. A key that rests or is gone is refused from the
//! next request on.

use keywheel_domain::api::ApiError;
use keywheel_domain::api::iam::{
    AccessKeyEntry, AccessKeyLastUsed, CreateAccessKeyRequest, CreateAccessKeyResponse,
    DeleteAccessKeyRequest, GetAccessKeyLastUsedRequest, GetAccessKeyLastUsedResponse, IamErrorCode,
    ListAccessKeysRequest, ListAccessKeysResponse, NewAccessKeyEntry, UpdateAccessKeyRequest, iam_error,
};
use keywheel_domain::iam::{ACCESS_KEYS_MAX, User, UserKey};
use keywheel_domain::user;

use super::census::quota_exceeded;
use crate::ops::change::Change;
use crate::ops::{COMMIT_ATTEMPTS_MAX, Caller, Empty, Operations, Seen, contended, keys};
use crate::store::Batch;
use crate::vault::{
    AccessKeyError, KeyOwner, NewAccessKey, access_key_owner, access_key_place, changed_access_key,
};

/// What a key that was never used answers.
const NEVER_USED: &str = "N/A";

impl Operations {
    /// Makes an access key. The secret is in this answer only.
    pub(super) async fn create_access_key(
        &self,
        caller: &Caller,
        request: CreateAccessKeyRequest,
    ) -> Result<CreateAccessKeyResponse, ApiError> {
        for _ in 0..COMMIT_ATTEMPTS_MAX {
            let seen = self.iam_user_for(caller, "CreateAccessKey", request.user_name.as_deref()).await?;
            if seen.record.keys.len() >= ACCESS_KEYS_MAX {
                return Err(quota_exceeded("AccessKeysPerUser", ACCESS_KEYS_MAX));
            }
            let (made, key) = self.new_access_key(&caller.account, &seen.record.name).await?;
            let mut after = seen.record.clone();
            after.keys.push(key.clone());
            let change = Change::of(made.batch).and(Change::replace(&seen, &after));
            let user_arn = after.arn(&caller.account);
            let detail = format!("access key {}", key.id);
            let row = self.audit_row(&caller.arn(), "CreateAccessKey", &user_arn, None, Some(detail));
            if self.commit(change.audit(&row)).await? {
                let entry = AccessKeyEntry::of(&after.name, &key);
                let access_key = NewAccessKeyEntry { key: entry, secret_access_key: made.secret };
                return Ok(CreateAccessKeyResponse { access_key });
            }
        }
        Err(contended())
    }

    /// A key that is not stored yet.
    pub(in crate::ops) async fn new_access_key(
        &self,
        account: &str,
        user_name: &str,
    ) -> Result<(NewAccessKey, UserKey), ApiError> {
        let owner = KeyOwner::User(user_name.to_owned());
        let made = NewAccessKey::make(&self.vault, &*self.entropy, account, &owner).await;
        let made = made.map_err(|error| not_made(&error))?;
        let key = UserKey { id: made.id.clone(), active: true, created: self.clock.now() };
        Ok((made, key))
    }

    /// Lets an access key rest, or be used again.
    pub(super) async fn update_access_key(
        &self,
        caller: &Caller,
        request: UpdateAccessKeyRequest,
    ) -> Result<Empty, ApiError> {
        let (id, active) = (&request.access_key_id, request.active);
        for _ in 0..COMMIT_ATTEMPTS_MAX {
            let seen = self.iam_user_for(caller, "UpdateAccessKey", request.user_name.as_deref()).await?;
            let mut after = seen.record.clone();
            let key = after.keys.iter_mut().find(|key| key.id == *id).ok_or_else(|| key_not_found(id))?;
            if key.active == active {
                return Ok(Empty {});
            }
            key.active = active;
            let entry = self.load_entry(&access_key_place(id)).await?.ok_or_else(|| key_not_found(id))?;
            let owner = KeyOwner::User(after.name.clone());
            let batch = changed_access_key(&self.vault, id, &entry, &owner, active).await;
            let change = Change::of(batch.map_err(|error| not_made(&error))?);
            let status = if active { "active" } else { "inactive" };
            let detail = format!("access key {id} is {status}");
            let user_arn = after.arn(&caller.account);
            let row = self.audit_row(&caller.arn(), "UpdateAccessKey", &user_arn, None, Some(detail));
            if self.commit(change.and(Change::replace(&seen, &after)).audit(&row)).await? {
                return Ok(Empty {});
            }
        }
        Err(contended())
    }

    /// Removes an access key.
    pub(super) async fn delete_access_key(
        &self,
        caller: &Caller,
        request: DeleteAccessKeyRequest,
    ) -> Result<Empty, ApiError> {
        let id = &request.access_key_id;
        for _ in 0..COMMIT_ATTEMPTS_MAX {
            let seen = self.iam_user_for(caller, "DeleteAccessKey", request.user_name.as_deref()).await?;
            let mut after = seen.record.clone();
            after.keys.retain(|key| key.id != *id);
            if after.keys.len() == seen.record.keys.len() {
                return Err(key_not_found(id));
            }
            let change = Change::replace(&seen, &after).and(without_key(id));
            let detail = format!("access key {id}");
            let user_arn = after.arn(&caller.account);
            let row = self.audit_row(&caller.arn(), "DeleteAccessKey", &user_arn, None, Some(detail));
            if self.commit(change.audit(&row)).await? {
                return Ok(Empty {});
            }
        }
        Err(contended())
    }

    /// Lists the access keys of a user.
    pub(super) async fn list_access_keys(
        &self,
        caller: &Caller,
        request: ListAccessKeysRequest,
    ) -> Result<ListAccessKeysResponse, ApiError> {
        let seen = self.iam_user_for(caller, "ListAccessKeys", request.user_name.as_deref()).await?;
        let User { name, keys, id, .. } = &seen.record;
        let asked: (&str, &[&str]) = ("iam:ListAccessKeys", &[id]);
        let (keys, end) = self.iam_page(caller, asked, &request.page, keys.clone(), |key| key.id.clone())?;
        let entries = keys.iter().map(|key| AccessKeyEntry::of(name, key)).collect();
        Ok(ListAccessKeysResponse { access_key_metadata: entries, end })
    }

    /// Tells when an access key was last used, to the hour.
    pub(super) async fn get_access_key_last_used(
        &self,
        caller: &Caller,
        request: GetAccessKeyLastUsedRequest,
    ) -> Result<GetAccessKeyLastUsedResponse, ApiError> {
        let id = &request.access_key_id;
        let entry = self.load_entry(&access_key_place(id)).await?;
        let user_name = match entry.as_ref().and_then(access_key_owner) {
            Some((account, KeyOwner::User(name))) if account == caller.account => Some(name),
            _ => None,
        };
        let user: Option<Seen<User>> = match &user_name {
            Some(name) => self.iam_user(&caller.account, name).await?,
            None => None,
        };
        let arn = user.as_ref().map_or_else(
            || user::arn(&caller.account, user_name.as_deref().unwrap_or("*")),
            |seen| seen.record.arn(&caller.account),
        );
        self.authorize(caller, "iam:GetAccessKeyLastUsed", Some(&arn))?;
        let user_name = user_name.ok_or_else(|| key_not_found(id))?;
        let used = self.key_use(id).await?;
        let told = |text: Option<String>| text.unwrap_or_else(|| NEVER_USED.to_owned());
        let access_key_last_used = AccessKeyLastUsed {
            last_used_date: used.as_ref().map(|used| used.at),
            service_name: told(used.as_ref().map(|used| used.service.clone())),
            region: told(used.map(|used| used.region)),
        };
        Ok(GetAccessKeyLastUsedResponse { user_name, access_key_last_used })
    }
}

/// Removes what is kept of an access key.
pub(in crate::ops) fn without_key(id: &str) -> Change {
    Change::of(Batch::new().delete(access_key_place(id)).delete(keys::access_key_use(id)))
}

fn key_not_found(id: &str) -> ApiError {
    iam_error(IamErrorCode::NoSuchEntity, format!("The Access Key with id {id} cannot be found."))
}

/// What a caller is told of a key that cannot be sealed.
pub(super) fn not_made(error: &AccessKeyError) -> ApiError {
    tracing::error!(error = error as &dyn std::error::Error, "an access key cannot be made or changed");
    ApiError::internal()
}
