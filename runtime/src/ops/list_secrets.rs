//! ListSecrets.

use std::cmp::Ordering;

use keywheel_domain::api::{
    ApiError, Filter, ListSecretsRequest, ListSecretsResponse, SecretListEntry, SortBy,
};
use keywheel_domain::search;
use keywheel_domain::secret::Secret;

use super::load::from_entry;
use super::next_token::{PAGE_ITEMS_DEFAULT, listing};
use super::{Caller, Operations, Seen, keys};
use crate::store::SCAN_ENTRIES_MAX;

/// Which secrets to list, and in what order.
pub(super) struct Page {
    pub(super) filters: Vec<Filter>,
    pub(super) sort_by: SortBy,
    pub(super) ascending: bool,
    /// Secrets that wait for deletion as well.
    pub(super) include_planned_deletion: bool,
    pub(super) items_max: usize,
}

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
        let page = Page {
            filters: request.filters,
            sort_by: request.sort_by,
            ascending: request.ascending,
            include_planned_deletion: request.include_planned_deletion,
            items_max: request.max_results.unwrap_or(PAGE_ITEMS_DEFAULT),
        };
        let (secrets, next_token) =
            self.secrets_page(caller, &page, &listing, request.next_token.as_deref()).await?;
        Ok(ListSecretsResponse { secret_list: secrets.iter().map(entry).collect(), next_token })
    }

    /// A page of the secrets of the caller's region, and the token of the next page.
    pub(super) async fn secrets_page(
        &self,
        caller: &Caller,
        page: &Page,
        listing: &str,
        next_token: Option<&str>,
    ) -> Result<(Vec<Secret>, Option<String>), ApiError> {
        let position = self.position(listing, next_token)?;
        // A position is the record of the last secret shown: it sorts where that secret did, even when
        // it has changed or gone since.
        let after: Option<Secret> = position.as_deref().and_then(|text| serde_json::from_str(text).ok());
        let order = |one: &Secret, other: &Secret| {
            let order = search::compare(one, other, page.sort_by);
            if page.ascending { order } else { order.reverse() }
        };
        let mut secrets = self.matching(caller, page).await?;
        secrets.retain(|secret| after.as_ref().is_none_or(|after| order(secret, after) == Ordering::Greater));
        secrets.sort_by(|one, other| order(one, other));
        let more = secrets.len() > page.items_max;
        secrets.truncate(page.items_max);
        let last = secrets.last().filter(|_| more);
        let next_token = last.map(|secret| self.next_token(listing, &place_of(secret)));
        Ok((secrets, next_token))
    }

    async fn matching(&self, caller: &Caller, page: &Page) -> Result<Vec<Secret>, ApiError> {
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
                let shown = page.include_planned_deletion || seen.record.deletion.is_none();
                if shown && search::passes(&seen.record, &page.filters) {
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
