//! CreateKey, DescribeKey, ListKeys and UpdateKeyDescription.

use serde::Serialize;

use super::policies::{POLICY_CHARS, policy_text};
use super::{
    ApiError, KEY_ID_CHARS, KmsErrorCode, Members, PageRequest, Request, SYMMETRIC_DEFAULT, kms_error,
    read_tags, skip_grant_tokens,
};
use crate::kms::{KeyState, KeyTag, KmsKey};
use crate::time::{Timestamp, wire};

const ENCRYPT_DECRYPT: &str = "ENCRYPT_DECRYPT";
const AWS_KMS: &str = "AWS_KMS";
const OTHER_USAGES: [&str; 4] =
    ["SIGN_VERIFY", "GENERATE_VERIFY_MAC", "KEY_AGREEMENT", "ENCAPSULATE_DECAPSULATE"];
const OTHER_ORIGINS: [&str; 3] = ["EXTERNAL", "AWS_CLOUDHSM", "EXTERNAL_KEY_STORE"];
const OTHER_SPECS: [&str; 19] = [
    "RSA_2048",
    "RSA_3072",
    "RSA_4096",
    "ECC_NIST_P256",
    "ECC_NIST_P384",
    "ECC_NIST_P521",
    "ECC_SECG_P256K1",
    "HMAC_224",
    "HMAC_256",
    "HMAC_384",
    "HMAC_512",
    "SM2",
    "ML_DSA_44",
    "ML_DSA_65",
    "ML_DSA_87",
    "ECC_NIST_EDWARDS25519",
    "ML_KEM_512",
    "ML_KEM_768",
    "ML_KEM_1024",
];
const DESCRIPTION_CHARS: super::Bounds = 0..=8192;

/// Makes a key.
#[derive(Clone, Debug)]
pub struct CreateKeyRequest {
    /// What the owner writes.
    pub description: String,
    /// Its policy; the default one when absent.
    pub policy: Option<String>,
    /// Its tags.
    pub tags: Vec<KeyTag>,
    /// Whether its policy may keep out whoever makes it. It always may; conditions ask for it.
    pub bypasses_lockout_check: bool,
}

/// Describes a key.
#[derive(Clone, Debug)]
pub struct DescribeKeyRequest {
    /// Id, ARN, alias or alias ARN.
    pub key_id: String,
}

/// Lists the keys of the region.
#[derive(Clone, Debug)]
pub struct ListKeysRequest {
    /// Which page.
    pub page: PageRequest,
}

/// Changes what the owner wrote.
#[derive(Clone, Debug)]
pub struct UpdateKeyDescriptionRequest {
    /// Id or ARN.
    pub key_id: String,
    /// What the owner writes.
    pub description: String,
}

/// Refuses every word but the first; unknown ones break a constraint.
fn only(
    members: &mut Members,
    name: &str,
    own: &'static str,
    others: &[&'static str],
) -> Result<(), ApiError> {
    let others = others.iter().map(|word| (*word, false));
    let words: Vec<(&str, bool)> = [(own, true)].into_iter().chain(others).collect();
    match members.word(name, &words)? {
        Some(false) => Err(kms_error(
            KmsErrorCode::UnsupportedOperation,
            format!(
                "{name} must be {own}: only symmetric keys that encrypt are supported, with material made here."
            ),
        )),
        _ => Ok(()),
    }
}

impl Request for CreateKeyRequest {
    const NAME: &'static str = "CreateKey";

    fn read(members: &mut Members) -> Result<Self, ApiError> {
        only(members, "KeyUsage", ENCRYPT_DECRYPT, &OTHER_USAGES)?;
        only(members, "KeySpec", SYMMETRIC_DEFAULT, &OTHER_SPECS)?;
        only(members, "CustomerMasterKeySpec", SYMMETRIC_DEFAULT, &OTHER_SPECS)?;
        only(members, "Origin", AWS_KMS, &OTHER_ORIGINS)?;
        let store = members.text("CustomKeyStoreId", 1..=64)?.is_some();
        let external = members.text("XksKeyId", 1..=128)?.is_some();
        if store || external || members.boolean("MultiRegion")? == Some(true) {
            return Err(kms_error(
                KmsErrorCode::UnsupportedOperation,
                "Multi-Region keys and custom key stores are not supported.",
            ));
        }
        Ok(Self {
            bypasses_lockout_check: members.boolean("BypassPolicyLockoutSafetyCheck")?.unwrap_or_default(),
            description: members.text("Description", DESCRIPTION_CHARS)?.unwrap_or_default(),
            policy: policy_text(members, POLICY_CHARS)?,
            tags: read_tags(members)?.unwrap_or_default(),
        })
    }
}

impl Request for DescribeKeyRequest {
    const NAME: &'static str = "DescribeKey";

    fn read(members: &mut Members) -> Result<Self, ApiError> {
        skip_grant_tokens(members)?;
        Ok(Self { key_id: members.required_text("KeyId", KEY_ID_CHARS)? })
    }
}

impl Request for ListKeysRequest {
    const NAME: &'static str = "ListKeys";

    fn read(members: &mut Members) -> Result<Self, ApiError> {
        Ok(Self { page: PageRequest::read(members)? })
    }
}

impl Request for UpdateKeyDescriptionRequest {
    const NAME: &'static str = "UpdateKeyDescription";

    fn read(members: &mut Members) -> Result<Self, ApiError> {
        let key_id = members.required_text("KeyId", KEY_ID_CHARS)?;
        let description = members.text("Description", DESCRIPTION_CHARS)?;
        Ok(Self { key_id, description: members.require("Description", description).unwrap_or_default() })
    }
}

/// What CreateKey and DescribeKey answer.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct KeyMetadataResponse {
    /// All but its material.
    pub key_metadata: KeyMetadata,
}

/// What is told of a key.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct KeyMetadata {
    #[serde(rename = "AWSAccountId")]
    account_id: String,
    key_id: String,
    arn: String,
    #[serde(serialize_with = "wire::required")]
    creation_date: Timestamp,
    enabled: bool,
    description: String,
    key_usage: &'static str,
    key_state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "wire::option")]
    deletion_date: Option<Timestamp>,
    origin: &'static str,
    key_manager: crate::kms::KeyManager,
    customer_master_key_spec: &'static str,
    key_spec: &'static str,
    encryption_algorithms: [&'static str; 1],
    multi_region: bool,
    current_key_material_id: String,
}

impl KeyMetadata {
    /// Of this key.
    pub fn of(key: &KmsKey) -> Self {
        let deletion_date = match key.state {
            KeyState::PendingDeletion { due } => Some(due),
            KeyState::Enabled | KeyState::Disabled => None,
        };
        Self {
            account_id: key.scope.account.clone(),
            key_id: key.id.clone(),
            arn: key.arn(),
            creation_date: key.created,
            enabled: key.state == KeyState::Enabled,
            description: key.description.clone(),
            key_usage: ENCRYPT_DECRYPT,
            key_state: key.state.as_str(),
            deletion_date,
            origin: AWS_KMS,
            key_manager: key.manager,
            customer_master_key_spec: SYMMETRIC_DEFAULT,
            key_spec: SYMMETRIC_DEFAULT,
            encryption_algorithms: [SYMMETRIC_DEFAULT],
            multi_region: false,
            current_key_material_id: key.current().id.clone(),
        }
    }
}

/// A page.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListKeysResponse {
    /// In the order of their ids.
    pub keys: Vec<KeyEntry>,
    /// Where to go on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_marker: Option<String>,
    /// Whether there are more.
    pub truncated: bool,
}

/// A key.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct KeyEntry {
    /// Its id.
    pub key_id: String,
    /// Its ARN.
    pub key_arn: String,
}
