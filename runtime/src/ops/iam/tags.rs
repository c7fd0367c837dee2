//! Tags of users, roles and policies.

use keywheel_domain::api::ApiError;
use keywheel_domain::api::iam::{IamErrorCode, iam_error};
use keywheel_domain::iam::Tag;

/// What keys begin with that only the service gives.
const RESERVED_PREFIX: &str = "aws:";

/// Refuses tags that nobody can add.
pub(super) fn check_new_tags(tags: &[Tag]) -> Result<(), ApiError> {
    let refused = |told: &str| Err(iam_error(IamErrorCode::InvalidInput, told));
    for (index, tag) in tags.iter().enumerate() {
        if tag.key.to_ascii_lowercase().starts_with(RESERVED_PREFIX) {
            return refused("Tag keys that begin with aws: are reserved for system use.");
        }
        if tags[..index].iter().any(|known| known.key.eq_ignore_ascii_case(&tag.key)) {
            return refused("Duplicate tag keys found. Please note that Tag keys are case insensitive.");
        }
    }
    Ok(())
}
