//! ListEvents.

use keywheel_domain::api::{ApiError, ErrorCode, ListEventsRequest, ListEventsResponse};
use keywheel_domain::secret::SecretId;

use super::access::{Access, Resource, named_secret_arn};
use super::next_token::PAGE_ITEMS_DEFAULT;
use super::{Caller, Operations};
use crate::audit;

/// Rows that one page looks at, however few of them pass its filter.
const ROWS_READ_MAX: usize = 1000;
/// Rows that are read, and kept in memory, at once.
const ROWS_AT_ONCE: usize = 100;

impl Operations {
    /// Lists what was done in the caller's account and region, a page at a time.
    pub async fn list_events(
        &self,
        caller: &Caller,
        request: ListEventsRequest,
    ) -> Result<ListEventsResponse, ApiError> {
        let access = Access::new("keywheel:ListEvents", request.secret_id.as_deref());
        // Its events outlive a secret: nothing is asked of the record.
        let arn = request.secret_id.as_deref().map(|id| named_secret_arn(&caller.scope(), id));
        let resource = Resource::plain(arn.unwrap_or_else(|| "*".to_owned()), &caller.account);
        self.authorize_on(caller, &access, &resource)?;
        let secret_id = request.secret_id.as_deref().map(SecretId::parse).transpose();
        let secret_id = secret_id.map_err(|error| ApiError::new(ErrorCode::Validation, error.to_string()))?;
        let scope = caller.scope();
        let passes = |row: &audit::AuditRow| {
            row.is_about(&scope, secret_id.as_ref())
                && request.events.as_ref().is_none_or(|events| events.contains(&row.event))
        };
        let wanted = request.max_results.unwrap_or(PAGE_ITEMS_DEFAULT);
        let mut answer =
            ListEventsResponse { events: Vec::new(), next_event_id: request.from.unwrap_or(1).max(1) };
        for _ in 0..ROWS_READ_MAX / ROWS_AT_ONCE {
            let page = self.audit_rows(answer.next_event_id).await?;
            if page.next == answer.next_event_id {
                break;
            }
            for (number, row) in page.rows {
                if passes(&row) {
                    answer.events.push(row.into_event(number));
                }
                if answer.events.len() == wanted {
                    answer.next_event_id = number.saturating_add(1);
                    return Ok(answer);
                }
            }
            answer.next_event_id = page.next;
        }
        Ok(answer)
    }

    /// The id of the event that comes next, whoever it is about.
    pub async fn next_event_id(&self, caller: &Caller) -> Result<u64, ApiError> {
        self.authorize(caller, "keywheel:ListEvents", None)?;
        match audit::head(self.store().as_ref()).await {
            Ok(head) => Ok(head.number.saturating_add(1)),
            Err(error) => Err(unreadable(&error.into())),
        }
    }

    async fn audit_rows(&self, from: u64) -> Result<audit::Page, ApiError> {
        audit::read(self.store().as_ref(), from, ROWS_AT_ONCE).await.map_err(|error| unreadable(&error))
    }
}

fn unreadable(error: &audit::ReadError) -> ApiError {
    tracing::error!(error = error as &dyn std::error::Error, "the audit log cannot be read");
    ApiError::internal()
}
