//! Filters of ListSecrets: all of them are needed, of the values of each one is, and `!` turns one around.

use keywheel_domain::api::{Filter, ListSecretsRequest, SortBy, Tag, decode};
use keywheel_domain::search::{compare, passes};
use keywheel_domain::secret::{Scope, Secret};
use keywheel_domain::time::Timestamp;

/// The body of a request for a list.
pub(super) fn run(data: &[u8]) -> bool {
    let Ok(request) = decode::<ListSecretsRequest>(data) else { return false };
    let secrets = secrets(&request.filters);
    for secret in &secrets {
        let filters = &request.filters;
        let passed = passes(secret, filters);
        let each = filters.iter().all(|filter| passes(secret, std::slice::from_ref(filter)));
        assert_eq!(passed, each, "{filters:?}");
        let reversed: Vec<Filter> = filters.iter().rev().cloned().collect();
        assert_eq!(passed, passes(secret, &reversed), "the order of {filters:?} means nothing");
        if let Some((_, fewer)) = filters.split_last() {
            assert!(!passed || passes(secret, fewer), "a filter less hides nothing: {filters:?}");
        }
        for filter in filters {
            let any = filter.values.iter().any(|value| passes_one(secret, filter, value));
            assert_eq!(passes(secret, std::slice::from_ref(filter)), any, "{filter:?}");
            for value in filter.values.iter().filter(|value| !value.starts_with('!')) {
                let negated = passes_one(secret, filter, &format!("!{value}"));
                assert_ne!(negated, passes_one(secret, filter, value), "{filter:?}");
            }
        }
    }
    for by in [SortBy::CreatedDate, SortBy::LastAccessedDate, SortBy::LastChangedDate, SortBy::Name] {
        for one in &secrets {
            for other in &secrets {
                assert_eq!(compare(one, other, by), compare(other, one, by).reverse());
            }
        }
    }
    !request.filters.is_empty()
}

fn passes_one(secret: &Secret, filter: &Filter, value: &str) -> bool {
    passes(secret, &[Filter { key: filter.key, values: vec![value.to_owned()] }])
}

/// Secrets of which some have what is looked for.
fn secrets(filters: &[Filter]) -> Vec<Secret> {
    let scope = Scope { account: "123456789012".to_owned(), region: "us-east-1".to_owned() };
    let mut made: Vec<Secret> = ["prod/TwitterApp/Database", "prod/db", "Ümlaut"]
        .into_iter()
        .chain(filters.iter().flat_map(|filter| filter.values.first()).map(String::as_str))
        .enumerate()
        .map(|(index, name)| {
            let at = Timestamp::from_millis(i64::try_from(index / 2).unwrap_or_default());
            let mut secret = Secret::new(scope.clone(), name, "AbCdEf", at);
            secret.description = (index % 2 == 0).then(|| format!("The {name} of the Team"));
            secret.tags = vec![Tag { key: name.to_owned(), value: "Blue".to_owned() }];
            secret
        })
        .collect();
    if let Some(last) = made.last_mut() {
        last.replication.primary_region = Some("eu-west-1".to_owned());
    }
    made
}
