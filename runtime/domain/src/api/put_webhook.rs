//! PutWebhook: tells the audit log to an HTTP endpoint (`Keywheel.PutWebhook`).

use serde::{Serialize, Serializer};

use super::list_events::{EVENT_CHARS, EVENTS};
use super::members::Members;
use super::{ApiError, Request};
use crate::sensitive::Sensitive;
use crate::webhook::{self, URL_CHARS_MAX};

/// Makes a webhook, or sets all of one but its place in the log and its signing secret.
#[derive(Clone, Debug)]
pub struct PutWebhookRequest {
    /// 1 to 64 of `A-Za-z0-9_.-`.
    pub name: String,
    /// Where events go.
    pub url: String,
    /// Only events of these names; all when absent.
    pub events: Option<Vec<String>>,
    /// Whether events are delivered; true when absent.
    pub enabled: Option<bool>,
    /// Whether an existing webhook gets a new signing secret. The one before signs no more.
    pub rotate_signing_secret: Option<bool>,
}

impl Request for PutWebhookRequest {
    const NAME: &'static str = "PutWebhook";

    fn read(members: &mut Members) -> Result<Self, ApiError> {
        Ok(Self {
            name: webhook_name(members)?,
            url: members.required_text("Url", 1..=URL_CHARS_MAX)?,
            events: members.list("Events", EVENTS, EVENT_CHARS)?,
            enabled: members.boolean("Enabled")?,
            rotate_signing_secret: members.boolean("RotateSigningSecret")?,
        })
    }
}

/// `Name`.
pub(super) fn webhook_name(members: &mut Members) -> Result<String, ApiError> {
    let name = members.required_text("Name", 1..=webhook::NAME_CHARS_MAX)?;
    // What is wrong with its length has been said.
    if (1..=webhook::NAME_CHARS_MAX).contains(&name.chars().count()) && !webhook::is_name(&name) {
        members.violation("Name", &format!("satisfy regular expression pattern: {}", webhook::NAME_PATTERN));
    }
    Ok(name)
}

/// The webhook. A signing secret is in the answer that made it and never in another one.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct PutWebhookResponse {
    /// As asked.
    pub name: String,
    /// Of the webhook.
    #[serde(rename = "ARN")]
    pub arn: String,
    /// As asked.
    pub url: String,
    /// What deliveries are signed with from now on; absent when it stays as it was.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "expose")]
    pub signing_secret: Option<Sensitive<String>>,
    /// The first event that may be delivered next.
    pub from_event_id: u64,
}

fn expose<S: Serializer>(secret: &Option<Sensitive<String>>, serializer: S) -> Result<S::Ok, S::Error> {
    secret.as_ref().map(Sensitive::expose).serialize(serializer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_secret_is_in_the_answer_and_not_in_its_debug() {
        let answer = |secret: Option<&str>| PutWebhookResponse {
            name: "ops".to_owned(),
            arn: "arn".to_owned(),
            url: "https://h/".to_owned(),
            signing_secret: secret.map(|secret| Sensitive::new(secret.to_owned())),
            from_event_id: 7,
        };
        assert!(!format!("{:?}", answer(Some("hunter2"))).contains("hunter2"));
        let check = |secret, expected| assert_eq!(serde_json::to_string(&answer(secret)).unwrap(), expected);
        check(None, r#"{"Name":"ops","ARN":"arn","Url":"https://h/","FromEventId":7}"#);
        check(
            Some("hunter2"),
            r#"{"Name":"ops","ARN":"arn","Url":"https://h/","SigningSecret":"hunter2","FromEventId":7}"#,
        );
    }
}
