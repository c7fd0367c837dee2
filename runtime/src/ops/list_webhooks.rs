//! ListWebhooks.

use keywheel_domain::api::{ApiError, ListWebhooksRequest, ListWebhooksResponse, WebhookDescription};
use keywheel_domain::webhook::Webhook;

use super::{Caller, Operations};

impl Operations {
    /// Lists the webhooks of the caller's account and region.
    pub async fn list_webhooks(
        &self,
        caller: &Caller,
        _: ListWebhooksRequest,
    ) -> Result<ListWebhooksResponse, ApiError> {
        self.authorize(caller, "keywheel:ListWebhooks", None)?;
        let webhooks = self.webhooks(&caller.scope()).await?;
        Ok(ListWebhooksResponse {
            webhooks: webhooks.into_iter().map(|seen| described(seen.record)).collect(),
        })
    }
}

fn described(webhook: Webhook) -> WebhookDescription {
    let last = webhook.last_try.as_ref();
    WebhookDescription {
        arn: webhook.arn(),
        last_try_date: last.map(|last| last.at),
        last_status: last.and_then(|last| last.status),
        last_error: last.and_then(|last| last.error.clone()),
        name: webhook.name,
        url: webhook.url,
        events: webhook.events,
        enabled: webhook.enabled,
        created_date: webhook.created,
        last_event_id: webhook.cursor,
        failures_in_a_row: webhook.failures,
        next_try_date: webhook.next_try,
    }
}
