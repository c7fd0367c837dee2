//! DeleteWebhook (`Keywheel.DeleteWebhook`).

use serde::Serialize;

use super::members::Members;
use super::put_webhook::webhook_name;
use super::{ApiError, Request};

/// Takes a webhook away with its signing secret and its place in the log. A delivery that is on its way
/// may still arrive.
#[derive(Clone, Debug)]
pub struct DeleteWebhookRequest {
    /// As in PutWebhook.
    pub name: String,
}

impl Request for DeleteWebhookRequest {
    const NAME: &'static str = "DeleteWebhook";

    fn read(members: &mut Members) -> Result<Self, ApiError> {
        Ok(Self { name: webhook_name(members)? })
    }
}

/// What was taken away.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteWebhookResponse {
    /// As asked.
    pub name: String,
    /// Of the webhook.
    #[serde(rename = "ARN")]
    pub arn: String,
}
