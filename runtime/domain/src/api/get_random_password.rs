//! GetRandomPassword.

use serde::Serialize;

use super::members::Members;
use super::{ApiError, Request};
use crate::sensitive::Sensitive;

/// Which characters a password is made of. Everything defaults to false but the last.
#[derive(Clone, Debug)]
pub struct GetRandomPasswordRequest {
    /// Characters, 1 to 4096; 32 when absent.
    pub password_length: usize,
    /// Characters that never occur.
    pub exclude_characters: String,
    /// No digits.
    pub exclude_numbers: bool,
    /// None of the 32 ASCII punctuation characters.
    pub exclude_punctuation: bool,
    /// No capital letters.
    pub exclude_uppercase: bool,
    /// No small letters.
    pub exclude_lowercase: bool,
    /// The space may occur.
    pub include_space: bool,
    /// At least one character of each class that is not excluded; true when absent.
    pub require_each_included_type: bool,
}

/// Length of a password that names none.
const DEFAULT_LENGTH_CHARS: usize = 32;

impl Default for GetRandomPasswordRequest {
    fn default() -> Self {
        Self {
            password_length: DEFAULT_LENGTH_CHARS,
            exclude_characters: String::new(),
            exclude_numbers: false,
            exclude_punctuation: false,
            exclude_uppercase: false,
            exclude_lowercase: false,
            include_space: false,
            require_each_included_type: true,
        }
    }
}

impl Request for GetRandomPasswordRequest {
    const NAME: &'static str = "GetRandomPassword";

    fn read(members: &mut Members) -> Result<Self, ApiError> {
        Ok(Self {
            password_length: members
                .bounded_integer("PasswordLength", 1..=4096)?
                .unwrap_or(DEFAULT_LENGTH_CHARS),
            exclude_characters: members.text("ExcludeCharacters", 0..=4096)?.unwrap_or_default(),
            exclude_numbers: members.boolean("ExcludeNumbers")?.unwrap_or(false),
            exclude_punctuation: members.boolean("ExcludePunctuation")?.unwrap_or(false),
            exclude_uppercase: members.boolean("ExcludeUppercase")?.unwrap_or(false),
            exclude_lowercase: members.boolean("ExcludeLowercase")?.unwrap_or(false),
            include_space: members.boolean("IncludeSpace")?.unwrap_or(false),
            require_each_included_type: members.boolean("RequireEachIncludedType")?.unwrap_or(true),
        })
    }
}

/// The password.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetRandomPasswordResponse {
    /// Made of the characters that the request allows.
    #[serde(serialize_with = "expose")]
    pub random_password: Sensitive<String>,
}

fn expose<S: serde::Serializer>(password: &Sensitive<String>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(password.expose())
}
