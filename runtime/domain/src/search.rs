//! Filters and sort orders of ListSecrets.

use std::cmp::Ordering;

use crate::api::{Filter, FilterKey, SortBy};
use crate::secret::Secret;

/// Whether a secret passes all filters: several filters are all needed, of several values one is.
pub fn passes(secret: &Secret, filters: &[Filter]) -> bool {
    filters.iter().all(|filter| {
        filter.values.iter().any(|value| match value.strip_prefix('!') {
            Some(value) => !matches(secret, filter.key, value),
            None => matches(secret, filter.key, value),
        })
    })
}

/// Compares two secrets in ascending order; equal keys are told apart by name.
pub fn compare(one: &Secret, other: &Secret, by: SortBy) -> Ordering {
    let order = match by {
        SortBy::CreatedDate => one.created.cmp(&other.created),
        SortBy::LastAccessedDate => one.accessed.cmp(&other.accessed),
        SortBy::LastChangedDate => one.changed.cmp(&other.changed),
        SortBy::Name => Ordering::Equal,
    };
    order.then_with(|| one.name.cmp(&other.name))
}

fn matches(secret: &Secret, key: FilterKey, value: &str) -> bool {
    match key {
        FilterKey::Name => secret.name.starts_with(value),
        FilterKey::Description => secret.description.as_deref().is_some_and(|text| begins(text, value)),
        FilterKey::TagKey => secret.tags.iter().any(|tag| tag.key.starts_with(value)),
        FilterKey::TagValue => secret.tags.iter().any(|tag| tag.value.starts_with(value)),
        FilterKey::PrimaryRegion => {
            secret.told_primary_region().is_some_and(|region| region.starts_with(value))
        }
        // No service owns a secret.
        FilterKey::OwningService => false,
        FilterKey::All => {
            let attributes: Vec<String> = std::iter::once(secret.name.as_str())
                .chain(secret.description.as_deref())
                .chain(secret.told_primary_region())
                .chain(secret.tags.iter().flat_map(|tag| [tag.key.as_str(), tag.value.as_str()]))
                .flat_map(words)
                .collect();
            words(value).iter().all(|word| attributes.iter().any(|attribute| attribute.starts_with(word)))
        }
    }
}

fn begins(text: &str, prefix: &str) -> bool {
    text.to_lowercase().starts_with(&prefix.to_lowercase())
}

/// Splits at spaces, special characters and humps: `prod/MyDb` has the words `prod`, `my`, `db`, and
/// `mydb` as well.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    for part in text.split(|character: char| !character.is_alphanumeric()).filter(|part| !part.is_empty()) {
        let mut word = String::new();
        let mut was_lower = false;
        for character in part.chars() {
            if was_lower && character.is_uppercase() {
                words.push(std::mem::take(&mut word));
            }
            was_lower = !character.is_uppercase();
            word.extend(character.to_lowercase());
        }
        if word.chars().count() != part.chars().count() {
            words.push(part.to_lowercase());
        }
        words.push(word);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Tag;
    use crate::secret::Scope;
    use crate::time::Timestamp;

    fn secret() -> Secret {
        let scope = Scope { account: "123456789012".into(), region: "us-east-1".into() };
        let mut secret = Secret::new(scope, "prod/TwitterApp/Database", "AbCdEf", Timestamp::default());
        secret.description = Some("The main Database".into());
        secret.tags = vec![Tag { key: "Team".into(), value: "Blue".into() }];
        secret
    }

    fn check(key: FilterKey, values: &[&str], expected: bool) {
        let filter = Filter { key, values: values.iter().map(|value| (*value).to_owned()).collect() };
        assert_eq!(passes(&secret(), &[filter]), expected, "{key:?} {values:?}");
    }

    #[test]
    fn filters_match_as_documented() {
        check(FilterKey::Name, &["prod/"], true);
        check(FilterKey::Name, &["Prod/"], false);
        check(FilterKey::Name, &["!prod/"], false);
        check(FilterKey::Name, &["x", "prod"], true);
        check(FilterKey::Description, &["the MAIN"], true);
        check(FilterKey::Description, &["main"], false);
        check(FilterKey::TagKey, &["Te"], true);
        check(FilterKey::TagValue, &["blue"], false);
        check(FilterKey::All, &["twitter"], true);
        check(FilterKey::All, &["app database"], true);
        check(FilterKey::All, &["twitterapp"], true);
        check(FilterKey::All, &["blue green"], false);
        check(FilterKey::OwningService, &["rds"], false);
    }
}
