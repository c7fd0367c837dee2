//! The alerts and the dashboard name metrics that exist.
#![cfg(test)]

use std::collections::BTreeSet;
use std::time::Duration;

use keywheel::metrics::{JobCounts, Metrics, SecretCounts};
use keywheel_domain::secret::Scope;

const ALERTS: &str = include_str!("../../runtime/monitoring/alerts.yml");
const DASHBOARD: &str = include_str!("../../runtime/monitoring/grafana.json");

/// Names of ours in a text.
fn named(text: &str) -> BTreeSet<String> {
    let is_name = |c: char| c.is_ascii_lowercase() || c == '_' || c.is_ascii_digit();
    text.match_indices("keywheel_")
        .map(|(at, _)| text[at..].chars().take_while(|c| is_name(*c)).collect())
        .collect()
}

/// Each sample of everything that is measured, once it was.
fn exported() -> BTreeSet<String> {
    let metrics = Metrics::new();
    metrics.request("GetSecretValue", "OK", Duration::from_millis(1));
    metrics.rotation("succeeded");
    metrics.step("createSecret", "ok", Duration::from_millis(1));
    metrics.set_jobs(&JobCounts::default());
    let mut secrets = SecretCounts::default();
    secrets.see("db", 1);
    metrics.set_secrets(&secrets);
    let scope = Scope { account: "123456789012".to_owned(), region: "us-east-1".to_owned() };
    metrics.webhooks().delivery(&scope, "ops", "delivered");
    metrics.webhooks().set_backlog(&scope, "ops", 1);
    metrics.render().lines().filter(|line| !line.starts_with('#')).flat_map(named).collect()
}

#[test]
fn every_metric_that_is_named_exists() {
    let exported = exported();
    for (place, text) in [("alerts.yml", ALERTS), ("grafana.json", DASHBOARD)] {
        let named = named(text);
        assert!(named.len() > 5, "{place} names metrics");
        let unknown: Vec<_> = named.difference(&exported).collect();
        assert!(unknown.is_empty(), "{place} names {unknown:?}, and there are {exported:?}");
    }
    let dashboard: serde_json::Value = serde_json::from_str(DASHBOARD).unwrap();
    assert!(dashboard["panels"].as_array().unwrap().len() > 5);
}
