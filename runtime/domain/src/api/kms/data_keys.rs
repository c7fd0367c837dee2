//! GenerateDataKey, GenerateDataKeyWithoutPlaintext and GenerateRandom.

use serde::Serialize;

use super::crypto::{blob, context, expose};
use super::{ApiError, KEY_ID_CHARS, KmsErrorCode, Members, Request, kms_error, refuse, skip_grant_tokens};
use crate::api::ErrorCode;
use crate::kms::EncryptionContext;
use crate::sensitive::Sensitive;

/// How many random bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DataKeySize(pub usize);

/// Makes a data key, in plain and encrypted.
#[derive(Clone, Debug)]
pub struct GenerateDataKeyRequest {
    /// Id, ARN, alias or alias ARN.
    pub key_id: String,
    /// What decryption has to name again.
    pub context: EncryptionContext,
    /// Its length.
    pub size: DataKeySize,
    /// Only say whether it would be done.
    pub dry_run: bool,
}

/// Makes a data key, encrypted only.
#[derive(Clone, Debug)]
pub struct GenerateDataKeyWithoutPlaintextRequest(pub GenerateDataKeyRequest);

/// Makes random bytes.
#[derive(Clone, Copy, Debug)]
pub struct GenerateRandomRequest {
    /// How many.
    pub size: DataKeySize,
}

fn size(members: &mut Members) -> Result<DataKeySize, ApiError> {
    let spec = members.word("KeySpec", &[("AES_256", 32), ("AES_128", 16)])?;
    let bytes = members.bounded_integer("NumberOfBytes", 1..=1024)?;
    match (spec, bytes) {
        (Some(bytes), None) | (None, Some(bytes)) => Ok(DataKeySize(bytes)),
        _ => Err(ApiError::new(ErrorCode::Validation, "Please specify either number of bytes or key spec.")),
    }
}

impl Request for GenerateDataKeyRequest {
    const NAME: &'static str = "GenerateDataKey";

    fn read(members: &mut Members) -> Result<Self, ApiError> {
        skip_grant_tokens(members)?;
        refuse(members, "Recipient", "Answers for enclaves are not supported.")?;
        let key_id = members.required_text("KeyId", KEY_ID_CHARS)?;
        let context = context(members, "EncryptionContext")?;
        let dry_run = members.boolean("DryRun")?.unwrap_or(false);
        Ok(Self { key_id, context, size: size(members)?, dry_run })
    }
}

impl Request for GenerateDataKeyWithoutPlaintextRequest {
    const NAME: &'static str = "GenerateDataKeyWithoutPlaintext";

    fn read(members: &mut Members) -> Result<Self, ApiError> {
        GenerateDataKeyRequest::read(members).map(Self)
    }
}

impl Request for GenerateRandomRequest {
    const NAME: &'static str = "GenerateRandom";

    fn read(members: &mut Members) -> Result<Self, ApiError> {
        refuse(members, "Recipient", "Answers for enclaves are not supported.")?;
        if members.text("CustomKeyStoreId", 1..=64)?.is_some() {
            let told = "Custom key stores are not supported.";
            return Err(kms_error(KmsErrorCode::UnsupportedOperation, told));
        }
        let bytes = members.bounded_integer("NumberOfBytes", 1..=1024)?;
        Ok(Self { size: DataKeySize(members.require("NumberOfBytes", bytes).unwrap_or(1)) })
    }
}

/// A data key.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GenerateDataKeyResponse {
    /// Encrypted.
    #[serde(serialize_with = "blob")]
    pub ciphertext_blob: Vec<u8>,
    /// In plain.
    #[serde(serialize_with = "expose")]
    pub plaintext: Sensitive<Vec<u8>>,
    /// ARN of the key.
    pub key_id: String,
    /// The material that encrypted.
    pub key_material_id: String,
}

/// A data key.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GenerateDataKeyWithoutPlaintextResponse {
    /// Encrypted.
    #[serde(serialize_with = "blob")]
    pub ciphertext_blob: Vec<u8>,
    /// ARN of the key.
    pub key_id: String,
    /// The material that encrypted.
    pub key_material_id: String,
}

/// Random bytes.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GenerateRandomResponse {
    /// The bytes.
    #[serde(serialize_with = "expose")]
    pub plaintext: Sensitive<Vec<u8>>,
}
