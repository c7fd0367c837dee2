//! Access keys of users.

use keywheel_domain::api::ApiError;

use crate::vault::AccessKeyError;

/// What a caller is told of a key that cannot be sealed.
pub(in crate::ops) fn not_made(error: &AccessKeyError) -> ApiError {
    tracing::error!(error = error as &dyn std::error::Error, "an access key cannot be made");
    ApiError::internal()
}
