//! ListWebhooks (`Keywheel.ListWebhooks`).

use serde::Serialize;

use super::members::Members;
use super::{ApiError, Request};
use crate::time::{Timestamp, wire};

/// Lists the webhooks of the account and region. There are few enough for one answer.
#[derive(Clone, Copy, Debug)]
pub struct ListWebhooksRequest {}

impl Request for ListWebhooksRequest {
    const NAME: &'static str = "ListWebhooks";

    fn read(_: &mut Members) -> Result<Self, ApiError> {
        Ok(Self {})
    }
}

/// All of them.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListWebhooksResponse {
    /// In the order of their names.
    pub webhooks: Vec<WebhookDescription>,
}

/// One webhook, without its signing secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct WebhookDescription {
    /// The name.
    pub name: String,
    /// Of the webhook.
    #[serde(rename = "ARN")]
    pub arn: String,
    /// Where events go.
    pub url: String,
    /// Only events of these names; all when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub events: Option<Vec<String>>,
    /// Whether events are delivered.
    pub enabled: bool,
    /// When it was made.
    #[serde(serialize_with = "wire::required")]
    pub created_date: Timestamp,
    /// The last event that it has got, or that is not for it. Those that are passed over are noted now and
    /// then only.
    pub last_event_id: u64,
    /// When a delivery was tried last.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "wire::option")]
    pub last_try_date: Option<Timestamp>,
    /// The HTTP status of the last answer; absent when there was none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_status: Option<u16>,
    /// Why the last delivery failed; absent when it did not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_error: Option<String>,
    /// Deliveries that failed since the last one that did not.
    pub failures_in_a_row: u32,
    /// When the next delivery is tried, after one that failed.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "wire::option")]
    pub next_try_date: Option<Timestamp>,
}
