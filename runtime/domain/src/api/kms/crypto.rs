//! Encrypt, Decrypt and ReEncrypt.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Serialize, Serializer};

use super::{
    ApiError, KEY_ID_CHARS, KmsErrorCode, Members, Request, SYMMETRIC_DEFAULT, kms_error, refuse,
    skip_grant_tokens,
};
use crate::kms::{CIPHERTEXT_BYTES_MAX, EncryptionContext, PLAIN_BYTES_MAX};
use crate::sensitive::Sensitive;

/// Encrypts up to 4096 bytes.
#[derive(Clone, Debug)]
pub struct EncryptRequest {
    /// Id, ARN, alias or alias ARN.
    pub key_id: String,
    /// What to encrypt.
    pub plaintext: Sensitive<Vec<u8>>,
    /// What decryption has to name again.
    pub context: EncryptionContext,
    /// Only say whether it would be done.
    pub dry_run: bool,
}

/// Decrypts.
#[derive(Clone, Debug)]
pub struct DecryptRequest {
    /// What Encrypt or a data key operation answered.
    pub ciphertext: Vec<u8>,
    /// As at encryption.
    pub context: EncryptionContext,
    /// The key that is expected.
    pub key_id: Option<String>,
    /// Only say whether it would be done.
    pub dry_run: bool,
}

/// Decrypts, and encrypts under another key or context.
#[derive(Clone, Debug)]
pub struct ReEncryptRequest {
    /// What Encrypt or a data key operation answered.
    pub ciphertext: Vec<u8>,
    /// As at encryption.
    pub source_context: EncryptionContext,
    /// The key that is expected.
    pub source_key_id: Option<String>,
    /// The new key.
    pub destination_key_id: String,
    /// The new context.
    pub destination_context: EncryptionContext,
    /// Only say whether it would be done.
    pub dry_run: bool,
}

pub(super) fn context(members: &mut Members, name: &str) -> Result<EncryptionContext, ApiError> {
    let pairs: BTreeMap<String, String> = members.pairs(name)?;
    if !EncryptionContext::is_within_bounds(&pairs) {
        members.violation(name, "have length less than or equal to 8192");
    }
    Ok(EncryptionContext::new(&pairs))
}

fn algorithm(members: &mut Members, name: &str) -> Result<(), ApiError> {
    let known = ["RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256", "SM2PKE"].map(|word| (word, false));
    let words: Vec<_> = [(SYMMETRIC_DEFAULT, true)].into_iter().chain(known).collect();
    match members.word(name, &words)? {
        Some(false) => Err(kms_error(
            KmsErrorCode::InvalidKeyUsage,
            "The requested encryption algorithm is not supported by keys of the type SYMMETRIC_DEFAULT.",
        )),
        _ => Ok(()),
    }
}

fn ciphertext(members: &mut Members) -> Result<Vec<u8>, ApiError> {
    Ok(members.required_blob("CiphertextBlob", 1..=CIPHERTEXT_BYTES_MAX)?.expose().clone())
}

impl Request for EncryptRequest {
    const NAME: &'static str = "Encrypt";

    fn read(members: &mut Members) -> Result<Self, ApiError> {
        skip_grant_tokens(members)?;
        algorithm(members, "EncryptionAlgorithm")?;
        Ok(Self {
            key_id: members.required_text("KeyId", KEY_ID_CHARS)?,
            plaintext: members.required_blob("Plaintext", 1..=PLAIN_BYTES_MAX)?,
            context: context(members, "EncryptionContext")?,
            dry_run: members.boolean("DryRun")?.unwrap_or(false),
        })
    }
}

impl Request for DecryptRequest {
    const NAME: &'static str = "Decrypt";

    fn read(members: &mut Members) -> Result<Self, ApiError> {
        skip_grant_tokens(members)?;
        algorithm(members, "EncryptionAlgorithm")?;
        refuse(members, "Recipient", "Answers for enclaves are not supported.")?;
        Ok(Self {
            ciphertext: ciphertext(members)?,
            context: context(members, "EncryptionContext")?,
            key_id: members.text("KeyId", KEY_ID_CHARS)?,
            dry_run: members.boolean("DryRun")?.unwrap_or(false),
        })
    }
}

impl Request for ReEncryptRequest {
    const NAME: &'static str = "ReEncrypt";

    fn read(members: &mut Members) -> Result<Self, ApiError> {
        skip_grant_tokens(members)?;
        algorithm(members, "SourceEncryptionAlgorithm")?;
        algorithm(members, "DestinationEncryptionAlgorithm")?;
        Ok(Self {
            ciphertext: ciphertext(members)?,
            source_context: context(members, "SourceEncryptionContext")?,
            source_key_id: members.text("SourceKeyId", KEY_ID_CHARS)?,
            destination_key_id: members.required_text("DestinationKeyId", KEY_ID_CHARS)?,
            destination_context: context(members, "DestinationEncryptionContext")?,
            dry_run: members.boolean("DryRun")?.unwrap_or(false),
        })
    }
}

/// A ciphertext.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct EncryptResponse {
    /// Names its key and material.
    #[serde(serialize_with = "blob")]
    pub ciphertext_blob: Vec<u8>,
    /// ARN of the key.
    pub key_id: String,
    /// The only one.
    pub encryption_algorithm: &'static str,
}

impl EncryptResponse {
    /// Of this key.
    pub const fn new(key_id: String, ciphertext_blob: Vec<u8>) -> Self {
        Self { ciphertext_blob, key_id, encryption_algorithm: SYMMETRIC_DEFAULT }
    }
}

/// The plain text.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DecryptResponse {
    /// ARN of the key.
    pub key_id: String,
    /// What was encrypted.
    #[serde(serialize_with = "expose")]
    pub plaintext: Sensitive<Vec<u8>>,
    /// The only one.
    pub encryption_algorithm: &'static str,
    /// The material that decrypted.
    pub key_material_id: String,
}

impl DecryptResponse {
    /// Of this key.
    pub const fn new(key_id: String, plaintext: Sensitive<Vec<u8>>, key_material_id: String) -> Self {
        Self { key_id, plaintext, encryption_algorithm: SYMMETRIC_DEFAULT, key_material_id }
    }
}

/// A ciphertext of another key.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ReEncryptResponse {
    /// Names its key and material.
    #[serde(serialize_with = "blob")]
    pub ciphertext_blob: Vec<u8>,
    /// ARN of the key that decrypted.
    pub source_key_id: String,
    /// ARN of the key that encrypted.
    pub key_id: String,
    /// The only one.
    pub source_encryption_algorithm: &'static str,
    /// The only one.
    pub destination_encryption_algorithm: &'static str,
    /// The material that decrypted.
    pub source_key_material_id: String,
    /// The material that encrypted.
    pub destination_key_material_id: String,
}

impl ReEncryptResponse {
    /// From one key, with its material, to another.
    pub fn new(source: (String, String), destination: (String, String), ciphertext_blob: Vec<u8>) -> Self {
        Self {
            ciphertext_blob,
            source_key_id: source.0,
            key_id: destination.0,
            source_encryption_algorithm: SYMMETRIC_DEFAULT,
            destination_encryption_algorithm: SYMMETRIC_DEFAULT,
            source_key_material_id: source.1,
            destination_key_material_id: destination.1,
        }
    }
}

pub(super) fn blob<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&STANDARD.encode(bytes))
}

/// The plain bytes, to their caller.
pub(super) fn expose<S: Serializer>(plain: &Sensitive<Vec<u8>>, serializer: S) -> Result<S::Ok, S::Error> {
    let encoded = Sensitive::new(STANDARD.encode(plain.expose()));
    serializer.serialize_str(encoded.expose())
}
