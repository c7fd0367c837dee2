//! One call, in CloudTrail's words: the record format 1.11 of its user guide.

use std::borrow::Cow;

use keywheel_domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

const EVENT_VERSION: &str = "1.11";
/// Characters that are kept of what a client calls itself.
const USER_AGENT_CHARS_MAX: usize = 256;
/// Characters that are kept of the sentence of a refusal.
const ERROR_MESSAGE_CHARS_MAX: usize = 1024;
/// Bytes of a call beyond which it is stored without what the request named, as CloudTrail leaves out members of
/// that size.
const LINE_BYTES_MAX: usize = 100 * 1024;
/// Room for the usual call, so that the buffer is allocated once.
const LINE_BYTES_USUAL: usize = 512;
const SERIALIZES: &str = "a call has text keys and no failing serializer";

/// Who called.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Identity<'a> {
    /// `Root`, `IAMUser` or `AssumedRole`.
    #[serde(rename = "type")]
    pub kind: Cow<'a, str>,
    /// Of the caller.
    pub arn: Cow<'a, str>,
    /// Twelve digits.
    pub account_id: Cow<'a, str>,
    /// The access key that signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_key_id: Option<Cow<'a, str>>,
    /// The name of a user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_name: Option<Cow<'a, str>>,
    /// Of a session of a role: the role's id and the session's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub principal_id: Option<String>,
    /// Of temporary credentials.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_context: Option<SessionContext>,
}

/// What is known of temporary credentials.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionContext {
    /// The role that was assumed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_issuer: Option<SessionIssuer>,
    /// When they were given out.
    pub attributes: SessionAttributes,
    /// Who stands behind the session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_identity: Option<String>,
}

/// The role that was assumed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionIssuer {
    #[serde(rename = "type")]
    kind: Cow<'static, str>,
    /// The role's id.
    pub principal_id: String,
    /// Of the role.
    pub arn: String,
    /// Twelve digits.
    pub account_id: String,
    /// The role's name.
    pub user_name: String,
}

/// How temporary credentials were had.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionAttributes {
    /// To the second, in UTC.
    pub creation_date: String,
    mfa_authenticated: Cow<'static, str>,
}

impl SessionIssuer {
    /// A role.
    pub const fn role(principal_id: String, arn: String, account_id: String, user_name: String) -> Self {
        Self { kind: Cow::Borrowed("Role"), principal_id, arn, account_id, user_name }
    }
}

impl SessionAttributes {
    /// Of credentials that were given out then; there are no second factors.
    pub fn issued(at: Timestamp) -> Self {
        Self { creation_date: seconds(at), mfa_authenticated: "false".into() }
    }
}

/// A call and how it ended: all of a CloudTrail event that cannot be told from where the call is stored. It holds
/// no value: of the request only the members that name something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Call<'a> {
    /// Who called.
    pub user_identity: Identity<'a>,
    /// Such as `secretsmanager.amazonaws.com`.
    pub event_source: Cow<'a, str>,
    /// The operation.
    pub event_name: Cow<'a, str>,
    /// The other end of the connection.
    #[serde(rename = "sourceIPAddress", default, skip_serializing_if = "str::is_empty")]
    pub source_ip_address: String,
    /// What the client calls itself.
    #[serde(default, skip_serializing_if = "str::is_empty")]
    pub user_agent: Cow<'a, str>,
    /// The code of a refusal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_code: Option<Cow<'a, str>>,
    /// The sentence of a refusal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_message: Option<Cow<'a, str>>,
    /// What the request named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_parameters: Option<Map<String, Value>>,
    /// As the answer's header says it.
    #[serde(rename = "requestID")]
    pub request_id: Cow<'a, str>,
}

/// The whole event, in the order of CloudTrail's user guide.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Event<'a> {
    event_version: &'static str,
    user_identity: &'a Identity<'a>,
    event_time: String,
    event_source: &'a str,
    event_name: &'a str,
    aws_region: &'a str,
    #[serde(rename = "sourceIPAddress")]
    source_ip_address: &'a str,
    user_agent: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_message: Option<&'a str>,
    request_parameters: Option<&'a Map<String, Value>>,
    /// Always null: answers may hold values.
    response_elements: (),
    #[serde(rename = "requestID")]
    request_id: &'a str,
    #[serde(rename = "eventID")]
    event_id: &'a str,
    read_only: bool,
    event_type: &'static str,
    management_event: bool,
    recipient_account_id: &'a str,
    event_category: &'static str,
}

impl Call<'_> {
    /// What a client calls itself, of the length that is kept.
    pub fn user_agent_kept(user_agent: &str) -> &str {
        beginning(user_agent, USER_AGENT_CHARS_MAX)
    }

    /// The sentence of a refusal, of the length that is kept; `None` when it says nothing.
    pub fn error_message_kept(sentence: &str) -> Option<&str> {
        Some(beginning(sentence, ERROR_MESSAGE_CHARS_MAX)).filter(|kept| !kept.is_empty())
    }

    /// As it is stored.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut line = Vec::with_capacity(LINE_BYTES_USUAL);
        serde_json::to_writer(&mut line, self).expect(SERIALIZES);
        if line.len() > LINE_BYTES_MAX && self.request_parameters.is_some() {
            return Self { request_parameters: None, ..self.clone() }.to_bytes();
        }
        line
    }

    /// The text that `CloudTrailEvent` holds, of a call that was answered then in this region.
    pub fn event(&self, at: Timestamp, region: &str) -> String {
        let event = Event {
            event_version: EVENT_VERSION,
            user_identity: &self.user_identity,
            event_time: seconds(at),
            event_source: &self.event_source,
            event_name: &self.event_name,
            aws_region: region,
            source_ip_address: &self.source_ip_address,
            user_agent: &self.user_agent,
            error_code: self.error_code.as_deref(),
            error_message: self.error_message.as_deref(),
            request_parameters: self.request_parameters.as_ref(),
            response_elements: (),
            request_id: &self.request_id,
            event_id: self.event_id(),
            read_only: self.is_read_only(),
            event_type: "AwsApiCall",
            management_event: true,
            recipient_account_id: &self.user_identity.account_id,
            event_category: "Management",
        };
        serde_json::to_string(&event).expect(SERIALIZES)
    }

    /// Each request has one event.
    pub fn event_id(&self) -> &str {
        &self.request_id
    }

    /// Whether the operation could change nothing.
    pub fn is_read_only(&self) -> bool {
        is_read_only(&self.event_name)
    }

    /// The user's name as LookupEvents tells it.
    pub fn username(&self) -> &str {
        let identity = &self.user_identity;
        let session = || identity.principal_id.as_deref()?.split_once(':').map(|(_, name)| name);
        identity.user_name.as_deref().or_else(session).unwrap_or("root")
    }

    /// What the call was about: its kind as CloudTrail names it, and the name as the caller gave it.
    pub fn resource(&self) -> Option<(&'static str, &str)> {
        const KINDS: [(&str, &str); 9] = [
            ("secretId", "AWS::SecretsManager::Secret"),
            ("name", "AWS::SecretsManager::Secret"),
            ("functionName", "AWS::Lambda::Function"),
            ("keyId", "AWS::KMS::Key"),
            ("userName", "AWS::IAM::User"),
            ("roleName", "AWS::IAM::Role"),
            ("roleArn", "AWS::IAM::Role"),
            ("groupName", "AWS::IAM::Group"),
            ("policyArn", "AWS::IAM::Policy"),
        ];
        let parameters = self.request_parameters.as_ref()?;
        KINDS.iter().find_map(|(name, kind)| Some((*kind, parameters.get(*name)?.as_str()?)))
    }
}

fn beginning(text: &str, chars: usize) -> &str {
    text.char_indices().nth(chars).map_or(text, |(end, _)| &text[..end])
}

/// Whether an operation of this name changes nothing, by how AWS names operations.
fn is_read_only(operation: &str) -> bool {
    const VERBS: [&str; 12] = [
        "Get",
        "List",
        "Describe",
        "BatchGet",
        "Lookup",
        "Validate",
        "Preview",
        "Follow",
        "Decrypt",
        "Encrypt",
        "GenerateDataKey",
        "Simulate",
    ];
    // It makes credentials, and changes nothing.
    operation == "AssumeRole" || VERBS.iter().any(|verb| operation.starts_with(verb))
}

/// As CloudTrail writes a moment.
fn seconds(at: Timestamp) -> String {
    let mut text = at.to_string();
    if let Some(point) = text.find('.') {
        text.replace_range(point.., "Z");
    }
    text
}
