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
    use proptest::prelude::*;
    use proptest::sample::select;

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

    const KEYS: [FilterKey; 7] = [
        FilterKey::Name,
        FilterKey::Description,
        FilterKey::TagKey,
        FilterKey::TagValue,
        FilterKey::PrimaryRegion,
        FilterKey::OwningService,
        FilterKey::All,
    ];

    fn word() -> impl Strategy<Value = String> {
        "[a-z]{1,5}"
    }

    /// A secret whose attributes are made of these words: joined by special characters, by humps, by spaces.
    fn of_words(words: &[String]) -> Secret {
        let mut secret = secret();
        let hump = |word: &String| word[..1].to_uppercase() + &word[1..];
        secret.name = words.join("/");
        secret.description = Some(words.iter().map(hump).collect());
        secret.tags = vec![Tag { key: words.join("_"), value: words.join(" ") }];
        secret.replication.primary_region = Some("eu-west-1".into());
        secret
    }

    fn passes_one(secret: &Secret, key: FilterKey, value: &str) -> bool {
        passes(secret, &[Filter { key, values: vec![value.to_owned()] }])
    }

    proptest! {
        #![proptest_config(ProptestConfig {
            failure_persistence: None,
            rng_seed: proptest::test_runner::RngSeed::Fixed(5),
            ..ProptestConfig::default()
        })]

        #[test]
        fn a_negated_value_finds_what_the_value_does_not(
            words in proptest::collection::vec(word(), 1..4), value in "[a-zA-Z/ ]{0,6}", key in select(KEYS.to_vec()),
        ) {
            let secret = of_words(&words);
            let found = passes_one(&secret, key, &value);
            prop_assert_eq!(passes_one(&secret, key, &format!("!{value}")), !found);
        }

        #[test]
        fn each_filter_must_pass_and_of_its_values_one(
            words in proptest::collection::vec(word(), 1..4),
            filters in proptest::collection::vec(
                (select(KEYS.to_vec()), proptest::collection::vec("!?[a-z]{1,3}", 1..3)), 0..3),
        ) {
            let secret = of_words(&words);
            let expected = filters.iter().all(|(key, values)| {
                values.iter().any(|value| passes_one(&secret, *key, value))
            });
            let filters: Vec<Filter> =
                filters.into_iter().map(|(key, values)| Filter { key, values }).collect();
            prop_assert_eq!(passes(&secret, &filters), expected);
        }

        #[test]
        fn all_finds_each_word_by_its_beginning_in_any_case(
            words in proptest::collection::vec(word(), 1..4), at in any::<prop::sample::Index>(), kept in 1..6_usize,
        ) {
            let secret = of_words(&words);
            let word = at.get(&words);
            let beginning = &word[..kept.min(word.len())];
            prop_assert!(passes_one(&secret, FilterKey::All, beginning));
            prop_assert!(passes_one(&secret, FilterKey::All, &beginning.to_uppercase()));
            prop_assert!(passes_one(&secret, FilterKey::All, &words.join(" ")));
            let absent = format!("{word}zzzzzz");
            prop_assert!(!passes_one(&secret, FilterKey::All, &absent));
        }
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
        check(FilterKey::PrimaryRegion, &["us-"], false);
        check(FilterKey::PrimaryRegion, &["!us-"], true);
    }
}
