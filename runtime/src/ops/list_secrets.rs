//! ListSecrets.

use std::cmp::Ordering;

use keywheel_domain::api::{ApiError, ListSecretsRequest, ListSecretsResponse, SecretListEntry};
use keywheel_domain::search;
use keywheel_domain::secret::Secret;

use super::load::from_entry;
use super::next_token::{PAGE_ITEMS_DEFAULT, listing};
use super::{Caller, Operations, Seen, keys};
use crate::store::SCAN_ENTRIES_MAX;

impl Operations {
    /// Lists the secrets of the caller's region that pass the filters, a page at a time.
    pub async fn list_secrets(
        &self,
        caller: &Caller,
        request: ListSecretsRequest,
    ) -> Result<ListSecretsResponse, ApiError> {
        self.authorize(caller, "ListSecrets", None)?;
        let parameters = format!(
            "{:?}{:?}{}{}",
            request.filters, request.sort_by, request.ascending, request.include_planned_deletion
        );
        let listing = listing(caller, "ListSecrets", &[&parameters]);
        let position = self.position(&listing, request.next_token.as_deref())?;
        // A position is the record of the last secret shown: it sorts where that secret did, even when
        // it has changed or gone since.
        let after: Option<Secret> = position.as_deref().and_then(|text| serde_json::from_str(text).ok());
        let order = |one: &Secret, other: &Secret| {
            let order = search::compare(one, other, request.sort_by);
            if request.ascending { order } else { order.reverse() }
        };
        let mut secrets = self.matching(caller, &request).await?;
        secrets.retain(|secret| after.as_ref().is_none_or(|after| order(secret, after) == Ordering::Greater));
        secrets.sort_by(|one, other| order(one, other));
        let page = request.max_results.unwrap_or(PAGE_ITEMS_DEFAULT);
        let more = secrets.len() > page;
        secrets.truncate(page);
        let last = secrets.last().filter(|_| more);
        Ok(ListSecretsResponse {
            next_token: last.map(|secret| self.next_token(&listing, &place_of(secret))),
            secret_list: secrets.iter().map(entry).collect(),
        })
    }

    async fn matching(&self, caller: &Caller, request: &ListSecretsRequest) -> Result<Vec<Secret>, ApiError> {
        let (mut from, to) = keys::secrets(&caller.scope());
        let mut matching = Vec::new();
        loop {
            let entries = self.scan(&from, &to, SCAN_ENTRIES_MAX).await?;
            let full = entries.len() == SCAN_ENTRIES_MAX;
            if let Some((last, _)) = entries.last() {
                from = last.successor();
            }
            for (key, found) in entries {
                let seen: Seen<Secret> = from_entry(key, &found)?;
                let shown = request.include_planned_deletion || seen.record.deletion.is_none();
                if shown && search::passes(&seen.record, &request.filters) {
                    matching.push(seen.record);
                }
            }
            if !full {
                return Ok(matching);
            }
        }
    }
}

/// What a sort order looks at, and nothing else of the secret.
fn place_of(secret: &Secret) -> String {
    let mut place = Secret::new(secret.scope.clone(), &secret.name, "", secret.created);
    place.changed = secret.changed;
    place.accessed = secret.accessed;
    serde_json::to_string(&place).expect("records have text keys and no failing serializer")
}

fn entry(secret: &Secret) -> SecretListEntry {
    let mut description = secret.describe();
    let secret_versions_to_stages = description.version_ids_to_stages.take();
    SecretListEntry { description, secret_versions_to_stages }
}
