//! BatchGetSecretValue.

use keywheel_domain::api::{
    ApiError, BatchError, BatchGetSecretValueRequest, BatchGetSecretValueResponse, ErrorCode, Filter,
    GetSecretValueRequest, SortBy,
};

use super::next_token::{invalid_token, listing};
use super::{Caller, Operations};

/// Secrets in a page that names no number.
const BATCH_ITEMS_DEFAULT: usize = 20;

impl Operations {
    /// Reads several values. Each secret is asked for as GetSecretValue asks: what one caller may not read, or
    /// what has no value, is told among the errors and keeps nothing else from being read.
    pub async fn batch_get_secret_value(
        &self,
        caller: &Caller,
        request: BatchGetSecretValueRequest,
    ) -> Result<BatchGetSecretValueResponse, ApiError> {
        self.authorize(caller, "BatchGetSecretValue", None)?;
        let (secret_ids, next_token) = match (request.secret_ids, request.filters) {
            (Some(_), Some(_)) | (None, None) => {
                return Err(parameter("Either 'SecretIdList' or 'Filters' must be provided, but not both."));
            }
            (Some(_), None) if request.max_results.is_some() => {
                return Err(parameter(
                    "'Filters' not specified. 'Filters' must also be specified when 'MaxResults' is provided.",
                ));
            }
            (Some(_), None) if request.next_token.is_some() => {
                return Err(invalid_token());
            }
            (Some(ids), None) => (ids, None),
            (None, Some(filters)) => {
                self.batch_page(caller, filters, request.max_results, request.next_token.as_deref()).await?
            }
        };
        let (mut secret_values, mut errors) = (Vec::new(), Vec::new());
        for secret_id in secret_ids {
            let one =
                GetSecretValueRequest { secret_id: secret_id.clone(), version_id: None, version_stage: None };
            match self.get_secret_value(caller, one).await {
                Ok(value) => secret_values.push(value),
                Err(error) => errors.push(BatchError {
                    secret_id,
                    error_code: error.code.as_str(),
                    message: error.message,
                }),
            }
        }
        Ok(BatchGetSecretValueResponse { secret_values, next_token, errors })
    }

    /// The ARNs of a page of the secrets that pass the filters, and the token of the next page.
    async fn batch_page(
        &self,
        caller: &Caller,
        filters: Vec<Filter>,
        max_results: Option<usize>,
        next_token: Option<&str>,
    ) -> Result<(Vec<String>, Option<String>), ApiError> {
        self.authorize(caller, "ListSecrets", None)?;
        let listing = listing(caller, "BatchGetSecretValue", &[&format!("{filters:?}")]);
        let page = super::list_secrets::Page {
            filters,
            sort_by: SortBy::default(),
            ascending: false,
            include_planned_deletion: false,
            items_max: max_results.unwrap_or(BATCH_ITEMS_DEFAULT),
        };
        let (secrets, next_token) = self.secrets_page(caller, &page, &listing, next_token).await?;
        Ok((secrets.into_iter().map(|secret| secret.arn).collect(), next_token))
    }
}

fn parameter(told: &str) -> ApiError {
    ApiError::new(ErrorCode::InvalidParameter, told)
}
