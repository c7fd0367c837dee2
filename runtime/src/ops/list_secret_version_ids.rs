//! ListSecretVersionIds.

use keywheel_domain::api::{
    ApiError, ListSecretVersionIdsRequest, ListSecretVersionIdsResponse, SecretVersionsListEntry,
};
use keywheel_domain::version::Version;

use super::access::Access;
use super::load::check_live;
use super::next_token::{PAGE_ITEMS_DEFAULT, listing};
use super::{Caller, Operations};

impl Operations {
    /// Lists the versions that hold a value, newest first.
    pub async fn list_secret_version_ids(
        &self,
        caller: &Caller,
        request: ListSecretVersionIdsRequest,
    ) -> Result<ListSecretVersionIdsResponse, ApiError> {
        let access = Access::secret("ListSecretVersionIds", &request.secret_id);
        let seen = self.find_secret(caller, &access).await?;
        let secret = &seen.record;
        check_live(secret)?;
        let deprecated = request.include_deprecated.to_string();
        let listing = listing(caller, "ListSecretVersionIds", &[&secret.arn, &deprecated]);
        let after = self.position(&listing, request.next_token.as_deref())?;
        let page = request.max_results.unwrap_or(PAGE_ITEMS_DEFAULT);
        let listed =
            |version: &&Version| version.filled && (request.include_deprecated || !version.stages.is_empty());
        let mut versions: Vec<&Version> = secret.versions.iter().filter(listed).collect();
        versions.reverse();
        // A position names the last version of its page; should that be gone, its page ended the list.
        let start = match &after {
            None => 0,
            Some(id) => {
                versions.iter().position(|version| version.id == *id).map_or(versions.len(), |at| at + 1)
            }
        };
        let rest = &versions[start..];
        let shown = &rest[..page.min(rest.len())];
        let last = shown.last().filter(|_| rest.len() > page);
        let mut entries = Vec::with_capacity(shown.len());
        for version in shown {
            entries.push(entry(version, self.key_name_of(&secret.arn, &version.id).await?));
        }
        Ok(ListSecretVersionIdsResponse {
            versions: entries,
            next_token: last.map(|version| self.next_token(&listing, &version.id)),
            arn: secret.arn.clone(),
            name: secret.name.clone(),
        })
    }
}

fn entry(version: &Version, key: String) -> SecretVersionsListEntry {
    SecretVersionsListEntry {
        version_id: version.id.clone(),
        version_stages: version.stages.clone(),
        last_accessed_date: version.accessed,
        created_date: version.created,
        kms_key_ids: vec![key],
    }
}
