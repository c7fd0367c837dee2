//! RotateSecret.

use serde::{Deserialize, Serialize};

use super::associate_cross_account_replica::ARN_CHARS;
use super::members::{Members, SECRET_ID_CHARS, TOKEN_CHARS};
use super::{ApiError, Request, RotationRules};

/// Configures rotation, and starts one.
#[derive(Clone, Debug)]
pub struct RotateSecretRequest {
    /// Name or ARN.
    pub secret_id: String,
    /// Becomes the new version's id.
    pub client_request_token: Option<String>,
    /// The rotation function; the one that is configured when absent.
    pub rotation_lambda_arn: Option<String>,
    /// When to rotate from now on.
    pub rotation_rules: Option<RotationRules>,
    /// Rotate now; when false, only test the configuration.
    pub rotate_immediately: bool,
    /// What the partner of a managed external secret needs to rotate it.
    pub external_metadata: Option<Vec<ExternalSecretRotationMetadata>>,
    /// The role under which the partner's secret is rotated.
    pub external_role_arn: Option<String>,
}

/// One item of what a partner needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ExternalSecretRotationMetadata {
    /// 1 to 256 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// 1 to 2048 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}

/// Items of [`ExternalSecretRotationMetadata`].
const EXTERNAL_METADATA_ITEMS_MAX: usize = 50;

impl Request for RotateSecretRequest {
    const NAME: &'static str = "RotateSecret";

    fn read(members: &mut Members) -> Result<Self, ApiError> {
        Ok(Self {
            secret_id: members.required_text("SecretId", SECRET_ID_CHARS)?,
            client_request_token: members.text("ClientRequestToken", TOKEN_CHARS)?,
            rotation_lambda_arn: members.text("RotationLambdaARN", 0..=2048)?,
            rotation_rules: members.structure("RotationRules", rules)?,
            rotate_immediately: members.boolean("RotateImmediately")?.unwrap_or(true),
            external_metadata: members.structures(
                "ExternalSecretRotationMetadata",
                0..=EXTERNAL_METADATA_ITEMS_MAX,
                |item| {
                    Ok(ExternalSecretRotationMetadata {
                        key: item.text("Key", 1..=256)?,
                        value: item.text("Value", 1..=2048)?,
                    })
                },
            )?,
            external_role_arn: members.text("ExternalSecretRotationRoleArn", ARN_CHARS)?,
        })
    }
}

/// `RotationRules`.
pub(super) fn rules(members: &mut Members) -> Result<RotationRules, ApiError> {
    let days = members.bounded_integer("AutomaticallyAfterDays", 1..=1000)?;
    let rules = RotationRules {
        automatically_after_days: days.and_then(|days| u32::try_from(days).ok()),
        duration: members.text("Duration", 2..=3)?,
        schedule_expression: members.text("ScheduleExpression", 1..=256)?,
    };
    if let Some(duration) = &rules.duration
        && !duration.strip_suffix('h').is_some_and(|hours| hours.bytes().all(|byte| byte.is_ascii_digit()))
    {
        members.violation("Duration", "satisfy regular expression pattern: [0-9]+h");
    }
    if let Some(expression) = &rules.schedule_expression
        && !expression.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"()#?*-/, ".contains(&byte))
    {
        members.violation(
            "ScheduleExpression",
            "satisfy regular expression pattern: [0-9A-Za-z\\(\\)#\\?\\*\\-\\/, ]+",
        );
    }
    Ok(rules)
}

/// The secret, and the version that the rotation makes.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct RotateSecretResponse {
    /// The full ARN.
    #[serde(rename = "ARN")]
    pub arn: String,
    /// The friendly name.
    pub name: String,
    /// The new version's id: the token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version_id: Option<String>,
}
