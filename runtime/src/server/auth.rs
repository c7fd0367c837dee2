//! Who signed a request, by SigV4. Nothing else about the request is looked at before that is known.

use std::sync::Arc;

use keywheel_domain::api::{ApiError, ErrorCode};
use keywheel_domain::sigv4::{self, AuthError};

use crate::clock::Clock;
use crate::ops::{Caller, Principal};
use crate::vault::{AccessKeys, KeyOwner};

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

    /// The caller: the account from the access key, the region from the credential scope.
    pub(super) async fn authenticate(
        &self,
        request: &sigv4::Request<'_>,
        service: &'static str,
    ) -> Result<Caller, ApiError> {
        let presented = sigv4::parse(request).map_err(|error| refused(&error))?;
        presented.check_service(service).map_err(|error| refused(&error))?;
        // No temporary keys are given out, so no session token can be a good one.
        if presented.session_token.is_some() {
            return Err(refused(&AuthError::UnrecognizedClient));
        }
        let found = self.access_keys.lookup(presented.access_key_id).await.map_err(|error| {
            tracing::error!(error = &error as &dyn std::error::Error, "an access key cannot be read");
            ApiError::internal()
        })?;
        let key = found.ok_or_else(|| refused(&AuthError::UnrecognizedClient))?;
        let signing_key = key.signing_key(&presented);
        presented.verify(&signing_key, self.clock.now()).map_err(|error| refused(&error))?;
        key.keep(&presented, &signing_key);
        let access_key_id = key.id().to_owned();
        let principal = match key.owner() {
            KeyOwner::Root => Principal::Root { access_key_id },
            KeyOwner::User(name) => Principal::User { name: name.clone(), access_key_id },
        };
        Ok(Caller { account: key.account().to_owned(), region: presented.region.to_owned(), principal })
    }
}

fn refused(error: &AuthError) -> ApiError {
    ApiError::new(ErrorCode::Authentication(error.code()), error.to_string())
}
