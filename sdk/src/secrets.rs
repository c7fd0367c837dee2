//! AWS Secrets Manager as far as a rotation needs it: its own operations, parameters and errors.
//!
//! A function reaches the secret that it rotates, and what its role grants it.

use thiserror::Error;

use crate::host::{self, Host};
use crate::sensitive::Sensitive;

/// The label of the version in use.
pub const CURRENT: &str = "AWSCURRENT";
/// The label of the version that a rotation is about to bring into use.
pub const PENDING: &str = "AWSPENDING";
/// The label of the version that was in use before.
pub const PREVIOUS: &str = "AWSPREVIOUS";

/// What AWS's own rotation functions leave out of a password: characters that break connection
/// strings and shell quoting.
pub const EXCLUDE_CHARACTERS_DEFAULT: &str = "/@\"'\\";
/// The length of a generated password when nothing else is asked for, in characters.
pub const PASSWORD_LENGTH_DEFAULT: u32 = 32;

/// A secret value, as it was stored: text or bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// `SecretString`.
    Text(Sensitive<String>),
    /// `SecretBinary`.
    Binary(Sensitive<Vec<u8>>),
}

/// A refusal, in the API's words.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{code}: {message}")]
pub struct Error {
    /// The exception's name, for example `ResourceNotFoundException`.
    pub code: String,
    /// The API's sentence.
    pub message: String,
}

impl Error {
    /// The secret or the version does not exist, or the version holds no value yet.
    pub fn is_not_found(&self) -> bool {
        self.code == "ResourceNotFoundException"
    }

    /// Whether the same call may succeed later.
    pub fn is_transient(&self) -> bool {
        matches!(
            self.code.as_str(),
            "InternalServiceError"
                | "InternalServiceErrorException"
                | "InternalFailure"
                | "ServiceUnavailable"
                | "ServiceUnavailableException"
                | "ThrottlingException"
        )
    }
}

/// A version and its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionValue {
    /// The ARN of the secret.
    pub arn: String,
    /// The name of the secret.
    pub name: String,
    /// The id of the version.
    pub version_id: String,
    /// The labels of the version.
    pub version_stages: Vec<String>,
    /// What it holds.
    pub value: Value,
}

/// What [`put_secret_value`] stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredVersion {
    /// The id of the version: the token.
    pub version_id: String,
    /// The labels of the version.
    pub version_stages: Vec<String>,
}

/// A version and its labels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionStages {
    /// The id of the version.
    pub version_id: String,
    /// Its labels.
    pub stages: Vec<String>,
}

/// A secret without its values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description {
    /// The ARN of the secret.
    pub arn: String,
    /// The name of the secret.
    pub name: String,
    /// Whether the host rotates the secret on its schedule.
    pub rotation_enabled: bool,
    /// The versions that have labels.
    pub versions: Vec<VersionStages>,
}

impl Description {
    /// The id of the version that carries a label.
    pub fn holder(&self, stage: &str) -> Option<&str> {
        let holds = |version: &&VersionStages| version.stages.iter().any(|held| held == stage);
        self.versions.iter().find(holds).map(|version| version.version_id.as_str())
    }
}

/// What a generated password consists of. The default is that of AWS's rotation functions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasswordRules {
    /// 1 to 4096 characters; 32 when absent.
    pub length: Option<u32>,
    /// Characters that the target does not take.
    pub exclude_characters: String,
    /// No digits.
    pub exclude_numbers: bool,
    /// No punctuation.
    pub exclude_punctuation: bool,
    /// No capital letters.
    pub exclude_uppercase: bool,
    /// No small letters.
    pub exclude_lowercase: bool,
    /// Spaces as well.
    pub include_space: bool,
    /// At least one character of each class that is not excluded.
    pub require_each_included_type: bool,
}

impl Default for PasswordRules {
    fn default() -> Self {
        Self {
            length: Some(PASSWORD_LENGTH_DEFAULT),
            exclude_characters: EXCLUDE_CHARACTERS_DEFAULT.to_owned(),
            exclude_numbers: false,
            exclude_punctuation: false,
            exclude_uppercase: false,
            exclude_lowercase: false,
            include_space: false,
            require_each_included_type: true,
        }
    }
}

impl PasswordRules {
    /// The rules in the function's own configuration, under the names that AWS's rotation functions
    /// use: `EXCLUDE_CHARACTERS`, `PASSWORD_LENGTH`, `EXCLUDE_NUMBERS`, `EXCLUDE_PUNCTUATION`,
    /// `EXCLUDE_UPPERCASE`, `EXCLUDE_LOWERCASE`, `REQUIRE_EACH_INCLUDED_TYPE`.
    pub fn from_environment() -> Result<Self, InvalidRule> {
        Self::from_variables(|name| std::env::var(name).ok())
    }

    /// As [`from_environment`](Self::from_environment), from any source of variables.
    ///
    /// ```
    /// use keywheel_sdk::secrets::PasswordRules;
    ///
    /// let rules = PasswordRules::from_variables(|name| match name {
    ///     "PASSWORD_LENGTH" => Some("48".to_owned()),
    ///     "EXCLUDE_PUNCTUATION" => Some("true".to_owned()),
    ///     _ => None,
    /// });
    /// let expected = PasswordRules { length: Some(48), exclude_punctuation: true, ..PasswordRules::default() };
    /// assert_eq!(rules, Ok(expected));
    /// ```
    pub fn from_variables(variable: impl Fn(&'static str) -> Option<String>) -> Result<Self, InvalidRule> {
        let flag = |name: &'static str, absent: bool| match variable(name) {
            None => Ok(absent),
            Some(text) if text.eq_ignore_ascii_case("true") => Ok(true),
            Some(text) if text.eq_ignore_ascii_case("false") => Ok(false),
            Some(_) => Err(InvalidRule { name, expected: "`true` or `false`" }),
        };
        let length = match variable("PASSWORD_LENGTH") {
            None => PASSWORD_LENGTH_DEFAULT,
            Some(text) => text
                .parse()
                .map_err(|_| InvalidRule { name: "PASSWORD_LENGTH", expected: "a number of characters" })?,
        };
        let exclude_characters =
            variable("EXCLUDE_CHARACTERS").unwrap_or_else(|| EXCLUDE_CHARACTERS_DEFAULT.to_owned());
        Ok(Self {
            length: Some(length),
            exclude_characters,
            exclude_numbers: flag("EXCLUDE_NUMBERS", false)?,
            exclude_punctuation: flag("EXCLUDE_PUNCTUATION", false)?,
            exclude_uppercase: flag("EXCLUDE_UPPERCASE", false)?,
            exclude_lowercase: flag("EXCLUDE_LOWERCASE", false)?,
            include_space: false,
            require_each_included_type: flag("REQUIRE_EACH_INCLUDED_TYPE", true)?,
        })
    }
}

/// A variable of the function's configuration that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the function's variable `{name}` must be {expected}")]
pub struct InvalidRule {
    name: &'static str,
    expected: &'static str,
}

impl From<InvalidRule> for crate::Failure {
    fn from(error: InvalidRule) -> Self {
        Self::Permanent(error.to_string())
    }
}

/// Reads a value. Without a version and a stage: that of the version labelled `AWSCURRENT`.
///
/// [`Event`](crate::Event) has shorter ways to the current, the pending and the previous value.
pub fn get_secret_value(
    secret_id: &str,
    version_id: Option<&str>,
    version_stage: Option<&str>,
) -> Result<VersionValue, Error> {
    Host::get_secret_value(host::current().as_ref(), secret_id, version_id, version_stage)
}

/// Stores a value under a token. The same value under the same token again changes nothing.
pub fn put_secret_value(
    secret_id: &str,
    client_request_token: &str,
    value: &Value,
    version_stages: &[&str],
    rotation_token: &str,
) -> Result<StoredVersion, Error> {
    Host::put_secret_value(
        host::current().as_ref(),
        secret_id,
        client_request_token,
        value,
        version_stages,
        rotation_token,
    )
}

/// Names the versions of a secret and their labels.
pub fn describe_secret(secret_id: &str) -> Result<Description, Error> {
    Host::describe_secret(host::current().as_ref(), secret_id)
}

/// Moves a label to a version, or removes it from one.
pub fn update_secret_version_stage(
    secret_id: &str,
    version_stage: &str,
    move_to_version_id: Option<&str>,
    remove_from_version_id: Option<&str>,
) -> Result<(), Error> {
    Host::update_secret_version_stage(
        host::current().as_ref(),
        secret_id,
        version_stage,
        move_to_version_id,
        remove_from_version_id,
    )
}

/// Makes a password in the host, from its source of randomness.
pub fn get_random_password(rules: &PasswordRules) -> Result<Sensitive<String>, Error> {
    Host::get_random_password(host::current().as_ref(), rules)
}
