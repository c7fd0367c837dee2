//! ListApprovals.

use keywheel_domain::api::{ApiError, ApprovalSummary, ListApprovalsRequest, ListApprovalsResponse};

use super::next_token::{PAGE_ITEMS_DEFAULT, listing};
use super::{Caller, Operations, keys};
use crate::store::Key;

impl Operations {
    /// Lists the open requests for approval of the caller's region, a page at a time.
    pub async fn list_approvals(
        &self,
        caller: &Caller,
        request: ListApprovalsRequest,
    ) -> Result<ListApprovalsResponse, ApiError> {
        self.authorize(caller, "keywheel:ListApprovals", None)?;
        let listing = listing(caller, "ListApprovals", &[]);
        let position = self.position(&listing, request.next_token.as_deref())?;
        let (first, to) = keys::approvals(&caller.scope());
        let from = position.map_or(first, |last| Key::new(last).successor());
        let page = request.max_results.unwrap_or(PAGE_ITEMS_DEFAULT);
        let found = self.scan(&from, &to, page + 1).await?;
        let mut approvals = Vec::new();
        for (_, entry) in found.iter().take(page) {
            let job = self.load_job(&String::from_utf8_lossy(&entry.value)).await?;
            let summary = job.as_ref().and_then(|job| {
                job.record.open_request().map(|request| ApprovalSummary::new(&job.record, request))
            });
            approvals.extend(summary);
        }
        let last = found.get(page.saturating_sub(1)).filter(|_| found.len() > page);
        let position = last.map(|(key, _)| String::from_utf8_lossy(key.as_bytes()).into_owned());
        let next_token = position.map(|position| self.next_token(&listing, &position));
        Ok(ListApprovalsResponse { approvals, next_token })
    }
}
