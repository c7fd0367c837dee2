//! Who signed a request, by SigV4. Nothing else about the request is looked at before that is known.

use std::sync::Arc;

use keywheel_domain::api::{ApiError, ErrorCode};
use keywheel_domain::sigv4::{self, AuthError};

use crate::clock::Clock;
use crate::ops::{Caller, Operations, Principal};
use crate::vault::{AccessKey, AccessKeys, KeyOwner};

/// The service of the credential scope of a request to Secrets Manager.
pub(super) const SECRETS_MANAGER: &str = "secretsmanager";
/// The service of the credential scope of a request to CloudTrail.
pub(super) const CLOUDTRAIL: &str = "cloudtrail";
/// The service of the credential scope of a request to KMS.
pub(super) const KMS: &str = "kms";
/// The service of the credential scope of a request to Lambda.
pub(super) const LAMBDA: &str = "lambda";

/// Verifies signatures.
pub(super) struct Authenticator {
    access_keys: Arc<AccessKeys>,
    clock: Arc<dyn Clock>,
}

impl Authenticator {
    pub(super) fn new(access_keys: Arc<AccessKeys>, clock: Arc<dyn Clock>) -> Self {
        Self { access_keys, clock }
    }

    /// The caller: the account from the access key or the session, the region from the credential scope.
    pub(super) async fn authenticate(
        &self,
        request: &sigv4::Request<'_>,
        service: &'static str,
        operations: &Operations,
    ) -> Result<Caller, ApiError> {
        let presented = sigv4::parse(request).map_err(|error| refused(&error))?;
        presented.check_service(service).map_err(|error| refused(&error))?;
        if let Some(token) = presented.session_token {
            return Box::pin(self.resume(&presented, token, operations)).await;
        }
        let unknown = || refused(&AuthError::UnrecognizedClient);
        let key = self.lookup(presented.access_key_id).await?.ok_or_else(unknown)?;
        let signing_key = key.signing_key(&presented);
        presented.verify(&signing_key, self.clock.now()).map_err(|error| refused(&error))?;
        key.keep(&presented, &signing_key);
        let access_key_id = key.id().to_owned();
        let principal = match key.owner() {
            KeyOwner::Root => Principal::Root { access_key_id },
            KeyOwner::User(name) => Principal::User { name: name.clone(), access_key_id },
        };
        let caller = Caller::new(key.account().to_owned(), presented.region.to_owned(), principal);
        operations.identify(caller).await
    }

    /// The caller of a session: it ends with its time, with the key that asked for it, and with its user or role.
    async fn resume(
        &self,
        presented: &sigv4::Presented<'_>,
        token: &str,
        operations: &Operations,
    ) -> Result<Caller, ApiError> {
        let unknown = || refused(&AuthError::UnrecognizedClient);
        let open = operations.open_session(presented.access_key_id, token).await?.ok_or_else(unknown)?;
        let now = self.clock.now();
        presented.verify(&presented.signing_key(&open.secret), now).map_err(|error| refused(&error))?;
        if open.session.expires <= now {
            return Err(refused(&AuthError::ExpiredToken));
        }
        if let Some(key_id) = &open.session.key_id {
            self.lookup(key_id).await?.ok_or_else(unknown)?;
        }
        operations.resume_session(open, presented.region).await?.ok_or_else(unknown)
    }

    /// Whether the access key of a caller is still there, and active.
    pub(super) async fn still_knows(&self, caller: &Caller) -> Result<bool, ApiError> {
        match caller.lasting_key_id() {
            Some(key_id) => Ok(self.lookup(key_id).await?.is_some()),
            None => Ok(true),
        }
    }

    async fn lookup(&self, access_key_id: &str) -> Result<Option<Arc<AccessKey>>, ApiError> {
        self.access_keys.lookup(access_key_id).await.map_err(|error| {
            tracing::error!(error = &error as &dyn std::error::Error, "an access key cannot be read");
            ApiError::internal()
        })
    }
}

fn refused(error: &AuthError) -> ApiError {
    ApiError::new(ErrorCode::Authentication(error.code()), error.to_string())
}
