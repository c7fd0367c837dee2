//! What webhooks were told, and what waits to be told. The labels are names that operators made, of which
//! an account has few; those of a webhook that is taken away go with it.

use keywheel_domain::secret::Scope;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

/// How a delivery can end.
const OUTCOMES: [&str; 4] = ["delivered", "refused", "failed", "gone"];

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct WebhookLabels {
    region: String,
    webhook: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct DeliveryLabels {
    region: String,
    webhook: String,
    outcome: &'static str,
}

/// The counters and gauges of webhooks.
#[derive(Default)]
pub struct WebhookMetrics {
    deliveries: Family<DeliveryLabels, Counter>,
    backlog: Family<WebhookLabels, Gauge>,
}

impl WebhookMetrics {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register(
            "webhook_deliveries",
            "Deliveries to webhooks that were tried, by outcome",
            self.deliveries.clone(),
        );
        registry.register(
            "webhook_backlog",
            "Rows of the audit log that a webhook was not told yet; those that are not for it count until \
             they are passed over",
            self.backlog.clone(),
        );
    }

    /// A delivery ended.
    pub fn delivery(&self, scope: &Scope, name: &str, outcome: &'static str) {
        debug_assert!(OUTCOMES.contains(&outcome), "labels that are not known are never forgotten");
        self.deliveries.get_or_create(&delivery_labels(scope, name, outcome)).inc();
    }

    /// So many rows are behind the one that a webhook was told last.
    pub fn set_backlog(&self, scope: &Scope, name: &str, rows: u64) {
        let rows = i64::try_from(rows).unwrap_or(i64::MAX);
        self.backlog.get_or_create(&labels(scope, name)).set(rows);
    }

    /// The webhook is told nothing any more.
    pub fn forget(&self, scope: &Scope, name: &str) {
        self.backlog.remove(&labels(scope, name));
        for outcome in OUTCOMES {
            self.deliveries.remove(&delivery_labels(scope, name, outcome));
        }
    }
}

fn labels(scope: &Scope, name: &str) -> WebhookLabels {
    WebhookLabels { region: scope.region.clone(), webhook: name.to_owned() }
}

fn delivery_labels(scope: &Scope, name: &str, outcome: &'static str) -> DeliveryLabels {
    let WebhookLabels { region, webhook } = labels(scope, name);
    DeliveryLabels { region, webhook, outcome }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_webhook_is_counted_until_it_is_forgotten() {
        let mut registry = Registry::default();
        let metrics = WebhookMetrics::default();
        metrics.register(&mut registry);
        let scope = Scope { account: "1".to_owned(), region: "us-east-1".to_owned() };
        for outcome in OUTCOMES {
            metrics.delivery(&scope, "ops", outcome);
        }
        metrics.set_backlog(&scope, "ops", 7);
        let text = || {
            let mut text = String::new();
            prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
            text
        };
        let labels = r#"region="us-east-1",webhook="ops""#;
        assert!(text().contains(&format!("webhook_backlog{{{labels}}} 7\n")), "{}", text());
        let gone = format!("webhook_deliveries_total{{{labels},outcome=\"gone\"}} 1\n");
        assert!(text().contains(&gone), "{}", text());
        metrics.forget(&scope, "ops");
        assert!(!text().contains("ops"), "{}", text());
    }
}
