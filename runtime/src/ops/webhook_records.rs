//! The records of webhooks, and what the deliverer does to them. Nobody asks for that over the wire.

use keywheel_domain::api::ApiError;
use keywheel_domain::secret::Scope;
use keywheel_domain::sensitive::Sensitive;
use keywheel_domain::webhook::{DELIVERER, Webhook};

use super::change::{Change, to_bytes};
use super::load::from_entry;
use super::{Operations, Seen, keys};
use crate::audit;
use crate::store::{Batch, Key, Revision, SCAN_ENTRIES_MAX};

/// Webhooks of one account, in all of its regions.
pub(super) const WEBHOOKS_MAX: usize = 50;
const _: () = assert!(WEBHOOKS_MAX <= SCAN_ENTRIES_MAX, "one scan sees all webhooks of an account");

impl Operations {
    /// A webhook by its place.
    pub async fn load_webhook(&self, place: Key) -> Result<Option<Seen<Webhook>>, ApiError> {
        self.load(place).await
    }

    /// The webhooks of a scope in the order of their names.
    pub(super) async fn webhooks(&self, scope: &Scope) -> Result<Vec<Seen<Webhook>>, ApiError> {
        let (from, to) = keys::webhooks(scope);
        let entries = self.scan(&from, &to, WEBHOOKS_MAX).await?;
        entries.into_iter().map(|(key, entry)| from_entry(key, &entry)).collect()
    }

    /// All webhooks there are. One whose record cannot be read is left out; the log tells of it.
    pub async fn all_webhooks(&self) -> Result<Vec<Seen<Webhook>>, ApiError> {
        let (mut from, to) = keys::all_webhooks();
        let mut webhooks = Vec::new();
        loop {
            let entries = self.scan(&from, &to, SCAN_ENTRIES_MAX).await?;
            let Some((last, _)) = entries.last() else { return Ok(webhooks) };
            from = last.successor();
            webhooks.extend(entries.into_iter().filter_map(|(key, entry)| from_entry(key, &entry).ok()));
        }
    }

    /// Moves when a webhook is made, set, disabled or taken away, and not when one is told an event.
    pub async fn webhook_settings(&self) -> Result<Option<Revision>, ApiError> {
        let place = keys::webhook_settings();
        let found = self.scan(&place, &place.successor(), 1).await?;
        Ok(found.first().map(|(_, entry)| entry.revision))
    }

    /// The number of the last row of the audit log.
    pub async fn last_event_id(&self) -> Result<u64, ApiError> {
        audit::head(self.store().as_ref()).await.map(|head| head.number).map_err(|error| {
            tracing::error!(error = &error as &dyn std::error::Error, "the audit log cannot be read");
            ApiError::internal()
        })
    }

    /// Stores how far a webhook was told; `false` when it is not as it was seen. One that is disabled by it
    /// leaves an audit row, and nothing else here does: deliveries would tell of deliveries without end.
    pub async fn advance_webhook(&self, seen: &Seen<Webhook>, after: &Webhook) -> Result<bool, ApiError> {
        let place = seen.key.clone();
        let batch = Batch::new().expect(place.clone(), Some(seen.revision)).put(place, to_bytes(after));
        if after.enabled == seen.record.enabled {
            return self.commit(Change::of(batch)).await;
        }
        let why = after.last_try.as_ref().and_then(|last| last.error.clone());
        let row = self.audit_row(DELIVERER, "WebhookDisabled", &after.arn(), None, why);
        let batch = batch.put(keys::webhook_settings(), after.name.as_bytes());
        self.commit(Change::of(batch).audit(&row)).await
    }

    /// What deliveries to a webhook are signed with.
    pub async fn webhook_secret(&self, webhook: &Webhook) -> Result<Sensitive<Vec<u8>>, ApiError> {
        let (scope, arn, id) = (&webhook.scope, webhook.arn(), &webhook.id);
        let sealed = hex::decode(&webhook.sealed_secret).map_err(|_| {
            tracing::error!(webhook = webhook.name, "the signing secret of a webhook is damaged");
            ApiError::internal()
        })?;
        self.vault.open_webhook_secret(scope, &arn, id, &sealed).await.map_err(|error| {
            let error = &error as &dyn std::error::Error;
            tracing::error!(
                error,
                webhook = webhook.name,
                "the signing secret of a webhook cannot be opened"
            );
            ApiError::internal()
        })
    }
}
