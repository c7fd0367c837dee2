//! Pagination: tokens bound to one listing by a key that the root key gives.

use keywheel_domain::api::{ApiError, ErrorCode};
use keywheel_domain::next_token;

use super::{Caller, Operations};

/// Items in a page that names no number.
pub(super) const PAGE_ITEMS_DEFAULT: usize = 100;

const KEY_PURPOSE: &str = "next-token";

impl Operations {
    /// The position that a request's `NextToken` holds.
    pub(super) fn position(&self, listing: &str, token: Option<&str>) -> Result<Option<String>, ApiError> {
        let Some(token) = token else { return Ok(None) };
        let position = next_token::read(&self.vault.derive(KEY_PURPOSE), listing, token);
        position.map(Some).ok_or_else(invalid_token)
    }

    /// The `NextToken` of an answer.
    pub(super) fn next_token(&self, listing: &str, position: &str) -> String {
        next_token::issue(&self.vault.derive(KEY_PURPOSE), listing, position)
    }
}

/// What a token gets that was not issued for this listing.
pub(super) fn invalid_token() -> ApiError {
    ApiError::new(ErrorCode::InvalidNextToken, "The NextToken value is invalid.")
}

/// Names a listing: the action, who asks, and what else changes the order or the members.
pub(super) fn listing(caller: &Caller, action: &str, parameters: &[&str]) -> String {
    let scope = [action, &caller.account, &caller.region];
    scope.into_iter().chain(parameters.iter().copied()).collect::<Vec<_>>().join("\0")
}
