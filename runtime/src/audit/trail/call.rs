//! One call, in CloudTrail's words: the record format 1.11 of its user guide.

use std::borrow::Cow;

use keywheel_domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

const EVENT_VERSION: &str = "1.11";
/// Characters of what a client calls itself.
const USER_AGENT_CHARS_MAX: usize = 256;

/// Who called.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Identity<'a> {
    /// `Root`, `IAMUser` or `AssumedRole`.
    #[serde(rename = "type")]
    pub kind: Cow<'a, str>,
    /// Of the caller.
    pub arn: String,
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

/// A call and how it ended. It holds no value: of the request only the members that name something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Call<'a> {
    event_version: Cow<'a, str>,
    /// Who called.
    pub user_identity: Identity<'a>,
    /// To the second, in UTC.
    pub event_time: String,
    /// Such as `secretsmanager.amazonaws.com`.
    pub event_source: Cow<'a, str>,
    /// The operation.
    pub event_name: Cow<'a, str>,
    /// From the credential scope.
    pub aws_region: Cow<'a, str>,
    /// The other end of the connection.
    #[serde(rename = "sourceIPAddress")]
    pub source_ip_address: String,
    /// What the client calls itself.
    pub user_agent: Cow<'a, str>,
    /// The code of a refusal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_code: Option<Cow<'a, str>>,
    /// The sentence of a refusal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_message: Option<Cow<'a, str>>,
    /// What the request named.
    #[serde(default)]
    pub request_parameters: Option<Map<String, Value>>,
    /// Always null: answers may hold values.
    #[serde(default)]
    response_elements: Option<Map<String, Value>>,
    /// As the answer's header says it.
    #[serde(rename = "requestID")]
    pub request_id: Cow<'a, str>,
    /// Of the row.
    #[serde(rename = "eventID")]
    pub event_id: Cow<'a, str>,
    /// Whether it could change nothing.
    pub read_only: bool,
    event_type: Cow<'a, str>,
    management_event: bool,
    /// Whose log it is in.
    pub recipient_account_id: Cow<'a, str>,
    event_category: Cow<'a, str>,
}

/// What there is to say of a call.
pub struct Facts<'a> {
    /// When it was answered.
    pub at: Timestamp,
    /// Who called.
    pub identity: Identity<'a>,
    /// Such as `secretsmanager.amazonaws.com`.
    pub source: &'a str,
    /// The operation.
    pub operation: &'a str,
    /// From the credential scope.
    pub region: &'a str,
    /// The other end of the connection.
    pub address: Option<String>,
    /// The header of that name.
    pub user_agent: Option<&'a str>,
    /// What the request named.
    pub parameters: Map<String, Value>,
    /// Code and sentence of a refusal.
    pub refusal: Option<(&'a str, &'a str)>,
    /// As the answer's header says it.
    pub request_id: &'a str,
}

impl<'a> Call<'a> {
    /// The call of these facts.
    pub fn new(facts: Facts<'a>) -> Self {
        let Facts { at, identity, source, operation, region, address, request_id, .. } = facts;
        let (error_code, error_message) = facts.refusal.unzip();
        let user_agent = facts.user_agent.unwrap_or_default();
        let told =
            user_agent.char_indices().nth(USER_AGENT_CHARS_MAX).map_or(user_agent.len(), |(end, _)| end);
        Self {
            event_version: EVENT_VERSION.into(),
            recipient_account_id: identity.account_id.clone(),
            user_identity: identity,
            event_time: seconds(at),
            event_source: source.into(),
            event_name: operation.into(),
            aws_region: region.into(),
            source_ip_address: address.unwrap_or_default(),
            user_agent: user_agent[..told].into(),
            error_code: error_code.map(Cow::Borrowed),
            error_message: error_message.filter(|sentence| !sentence.is_empty()).map(Cow::Borrowed),
            request_parameters: Some(facts.parameters).filter(|parameters| !parameters.is_empty()),
            response_elements: None,
            request_id: request_id.into(),
            event_id: request_id.into(),
            read_only: is_read_only(operation),
            event_type: "AwsApiCall".into(),
            management_event: true,
            event_category: "Management".into(),
        }
    }

    /// As it is stored: the text that `CloudTrailEvent` holds.
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("a call has text keys and no failing serializer")
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
