//! Shapes of STS (Query protocol, service model 2011-06-15).

use serde::Serialize;

use super::ApiError;
use super::iam::{IamRequest, moment, tags};
use super::members::{Bounds, Members};
use crate::iam::Tag;
use crate::sensitive::Sensitive;
use crate::time::Timestamp;

/// The longest session of a role, in seconds.
pub const ROLE_SECONDS_MAX: usize = 43_200;
/// The longest session of a user, in seconds.
pub const USER_SECONDS_MAX: usize = 129_600;
const SECONDS_MIN: usize = 900;
const ARN_CHARS: Bounds = 20..=2048;
const NAME_CHARS: Bounds = 2..=64;
/// Characters of a policy that is passed inline.
const POLICY_CHARS: Bounds = 1..=2048;
/// Managed policies that are passed.
const POLICIES_MAX: usize = 10;
const TAGS_MAX: usize = 50;
const TAG_KEY_CHARS: Bounds = 1..=128;
const EXTERNAL_ID_CHARS: Bounds = 2..=1224;
const NAME_PATTERN: &str = r"[\w+=,.@-]*";
const EXTERNAL_ID_PATTERN: &str = r"[\w+=,.@:\/-]*";

/// Asks who signed.
#[derive(Clone, Copy, Debug)]
pub struct GetCallerIdentityRequest;

/// Asks whose an access key is.
#[derive(Clone, Debug)]
pub struct GetAccessKeyInfoRequest {
    /// The key.
    pub access_key_id: String,
}

/// Asks for temporary credentials of the caller itself.
#[derive(Clone, Debug)]
pub struct GetSessionTokenRequest {
    /// How long they are good for.
    pub duration_seconds: Option<usize>,
    /// Whether a code of a second factor is shown.
    pub shows_second_factor: bool,
}

/// Asks for temporary credentials of a role.
#[derive(Clone, Debug)]
pub struct AssumeRoleRequest {
    /// The role.
    pub role_arn: String,
    /// What the session is called.
    pub role_session_name: String,
    /// The most that the session may do.
    pub policy: Option<String>,
    /// ARNs of managed policies that say so as well.
    pub policy_arns: Vec<String>,
    /// How long they are good for.
    pub duration_seconds: Option<usize>,
    /// What the session is tagged with.
    pub tags: Vec<Tag>,
    /// Keys of the tags that go on to the next role.
    pub transitive_tag_keys: Vec<String>,
    /// What the owner of the role told whoever may assume it.
    pub external_id: Option<String>,
    /// Who stands behind the session.
    pub source_identity: Option<String>,
    /// Whether a code of a second factor is shown.
    pub shows_second_factor: bool,
}

fn is_name_char(char: char) -> bool {
    char.is_ascii_alphanumeric() || "_+=,.@-".contains(char)
}

fn is_external_id_char(char: char) -> bool {
    is_name_char(char) || ":/".contains(char)
}

fn duration(members: &mut Members, seconds_max: usize) -> Result<Option<usize>, ApiError> {
    members.bounded_integer("DurationSeconds", SECONDS_MIN..=seconds_max)
}

fn shows_second_factor(members: &mut Members) -> Result<bool, ApiError> {
    let serial = members.text("SerialNumber", 9..=256)?;
    Ok(members.text("TokenCode", 6..=6)?.is_some() || serial.is_some())
}

impl IamRequest for GetCallerIdentityRequest {
    fn read(_: &mut Members) -> Result<Self, ApiError> {
        Ok(Self)
    }
}

impl IamRequest for GetAccessKeyInfoRequest {
    fn read(members: &mut Members) -> Result<Self, ApiError> {
        let is_word = |char: char| char.is_ascii_alphanumeric() || char == '_';
        let id = members.matching_text("AccessKeyId", 16..=128, (r"[\w]*", is_word))?;
        Ok(Self { access_key_id: members.require("AccessKeyId", id).unwrap_or_default() })
    }
}

impl IamRequest for GetSessionTokenRequest {
    fn read(members: &mut Members) -> Result<Self, ApiError> {
        Ok(Self {
            duration_seconds: duration(members, USER_SECONDS_MAX)?,
            shows_second_factor: shows_second_factor(members)?,
        })
    }
}

impl IamRequest for AssumeRoleRequest {
    fn read(members: &mut Members) -> Result<Self, ApiError> {
        let role_arn = members.required_text("RoleArn", ARN_CHARS)?;
        let name = members.matching_text("RoleSessionName", NAME_CHARS, (NAME_PATTERN, is_name_char))?;
        let policy_arns = members.structures("PolicyArns", 0..=POLICIES_MAX, |policy| {
            Ok(policy.text("arn", ARN_CHARS)?.unwrap_or_default())
        })?;
        let external_id = (EXTERNAL_ID_PATTERN, is_external_id_char as fn(char) -> bool);
        Ok(Self {
            role_arn,
            role_session_name: members.require("RoleSessionName", name).unwrap_or_default(),
            policy: members.text("Policy", POLICY_CHARS)?,
            policy_arns: policy_arns.unwrap_or_default(),
            duration_seconds: duration(members, ROLE_SECONDS_MAX)?,
            tags: tags(members)?.unwrap_or_default(),
            transitive_tag_keys: members
                .list("TransitiveTagKeys", 0..=TAGS_MAX, TAG_KEY_CHARS)?
                .unwrap_or_default(),
            external_id: members.matching_text("ExternalId", EXTERNAL_ID_CHARS, external_id)?,
            source_identity: members.matching_text(
                "SourceIdentity",
                NAME_CHARS,
                (NAME_PATTERN, is_name_char),
            )?,
            shows_second_factor: shows_second_factor(members)?,
        })
    }
}

/// Who signed.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetCallerIdentityResponse {
    /// The account's id, a user's, or a role's with the name of the session.
    pub user_id: String,
    /// Twelve digits.
    pub account: String,
    /// Of the caller.
    pub arn: String,
}

/// Whose an access key is.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetAccessKeyInfoResponse {
    /// Twelve digits.
    pub account: String,
}

/// Temporary credentials.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Credentials {
    /// `ASIA…`.
    pub access_key_id: String,
    /// The secret half.
    #[serde(serialize_with = "plain")]
    pub secret_access_key: Sensitive<String>,
    /// To be sent with each request.
    #[serde(serialize_with = "plain")]
    pub session_token: Sensitive<String>,
    /// Until when.
    #[serde(serialize_with = "moment")]
    pub expiration: Timestamp,
}

/// Temporary credentials of the caller itself.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetSessionTokenResponse {
    /// What to sign with.
    pub credentials: Credentials,
}

/// Temporary credentials of a role.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct AssumeRoleResponse {
    /// Who stands behind the session.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_identity: Option<String>,
    /// Who the session is.
    pub assumed_role_user: AssumedRoleUser,
    /// What to sign with.
    pub credentials: Credentials,
    /// How much of the room in a session token is used, in percent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub packed_policy_size: Option<usize>,
}

/// A session of a role.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct AssumedRoleUser {
    /// The role's id and the session's name.
    pub assumed_role_id: String,
    /// `arn:aws:sts::…:assumed-role/…`.
    pub arn: String,
}

fn plain<S: serde::Serializer>(secret: &Sensitive<String>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.expose())
}
