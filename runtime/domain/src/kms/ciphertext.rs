//! What a key encrypts, as it is handed out.
//!
//! Layout, integers in big endian. The cipher is AES-256-SIV; bound are a label, the ARN of the key, all that
//! stands before the encrypted bytes, and the encryption context.
//!
//! ```text
//! 1   format, 1
//! 16  id of the key
//! 4   number of its material
//! 16  nonce
//! 16  synthetic initialization vector, which is also the authentication tag
//! *   encrypted bytes, to the end
//! ```

use aes_siv::KeyInit;
use aes_siv::siv::{Aes256Siv, IV_SIZE};
use uuid::Uuid;

use super::EncryptionContext;
use crate::envelope::Key;
use crate::sensitive::Sensitive;

/// Most bytes that are encrypted at once.
pub const PLAIN_BYTES_MAX: usize = 4096;
/// Most bytes of a ciphertext that is looked at; the service's own limit.
pub const CIPHERTEXT_BYTES_MAX: usize = 6144;
/// Length of the nonce.
pub const NONCE_BYTES: usize = 16;

const FORMAT: u8 = 1;
const LABEL: &[u8] = b"keywheel kms ciphertext";
const ID_BYTES: usize = 16;
const NUMBER_BYTES: usize = 4;
const HEADER_BYTES: usize = 1 + ID_BYTES + NUMBER_BYTES + NONCE_BYTES;

/// The parts of a ciphertext; none is authentic before [`open`] succeeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ciphertext<'a> {
    /// Id of the key.
    pub key_id: Uuid,
    /// Which of its material.
    pub material: u32,
    header: &'a [u8],
    tag: &'a [u8; IV_SIZE],
    encrypted: &'a [u8],
}

/// Why bytes were not encrypted or decrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CiphertextError {
    /// There is nothing to encrypt, or too much.
    #[error("plain text of {0} bytes: the limit is 1 to {PLAIN_BYTES_MAX}")]
    Length(usize),
    /// The bytes are no ciphertext of ours.
    #[error("malformed ciphertext")]
    Malformed,
    /// Other material, another key or context, or changed bytes; which of them cannot be told.
    #[error("the ciphertext does not open with this key and context")]
    NotAuthentic,
}

/// Encrypts with this material of the key `key_arn`, whose id is `key_id`.
///
/// # Errors
/// [`CiphertextError::Length`].
pub fn seal(
    material: &Key,
    (key_arn, key_id, number): (&str, Uuid, u32),
    context: &EncryptionContext,
    nonce: &[u8; NONCE_BYTES],
    plain: &[u8],
) -> Result<Vec<u8>, CiphertextError> {
    if plain.is_empty() || plain.len() > PLAIN_BYTES_MAX {
        return Err(CiphertextError::Length(plain.len()));
    }
    // The exact capacity: a growing buffer would leave copies of the plain text behind.
    let mut sealed = Vec::with_capacity(HEADER_BYTES + IV_SIZE + plain.len());
    sealed.push(FORMAT);
    sealed.extend_from_slice(key_id.as_bytes());
    sealed.extend_from_slice(&number.to_be_bytes());
    sealed.extend_from_slice(nonce);
    sealed.extend_from_slice(&[0; IV_SIZE]);
    sealed.extend_from_slice(plain);
    let (header, rest) = sealed.split_at_mut(HEADER_BYTES);
    let (tag_place, encrypted) = rest.split_at_mut(IV_SIZE);
    let bound: [&[u8]; 4] = [LABEL, key_arn.as_bytes(), header, context.as_bytes()];
    let tag = Aes256Siv::new(material.expose().into())
        .encrypt_inout_detached(bound, encrypted.into())
        .expect("four strings are fewer than the cipher's limit");
    tag_place.copy_from_slice(&tag);
    Ok(sealed)
}

impl<'a> Ciphertext<'a> {
    /// Takes the parts apart.
    ///
    /// # Errors
    /// [`CiphertextError::Malformed`].
    pub fn parse(bytes: &'a [u8]) -> Result<Self, CiphertextError> {
        let malformed = CiphertextError::Malformed;
        if bytes.len() > CIPHERTEXT_BYTES_MAX {
            return Err(malformed);
        }
        let (header, rest) = bytes.split_at_checked(HEADER_BYTES).ok_or(malformed)?;
        let (tag, encrypted) = rest.split_first_chunk().ok_or(malformed)?;
        let (&format, names) = header.split_first().ok_or(malformed)?;
        let (id, names) = names.split_first_chunk::<ID_BYTES>().ok_or(malformed)?;
        let (number, _) = names.split_first_chunk::<NUMBER_BYTES>().ok_or(malformed)?;
        if format != FORMAT || encrypted.is_empty() || encrypted.len() > PLAIN_BYTES_MAX {
            return Err(malformed);
        }
        let (key_id, material) = (Uuid::from_bytes(*id), u32::from_be_bytes(*number));
        Ok(Self { key_id, material, header, tag, encrypted })
    }
}

/// Decrypts with the material that the ciphertext names.
///
/// # Errors
/// [`CiphertextError::NotAuthentic`].
pub fn open(
    material: &Key,
    key_arn: &str,
    context: &EncryptionContext,
    sealed: &Ciphertext<'_>,
) -> Result<Sensitive<Vec<u8>>, CiphertextError> {
    let mut plain = Sensitive::new(sealed.encrypted.to_vec());
    let bound: [&[u8]; 4] = [LABEL, key_arn.as_bytes(), sealed.header, context.as_bytes()];
    Aes256Siv::new(material.expose().into())
        .decrypt_inout_detached(bound, plain.expose_mut().as_mut_slice().into(), &(*sealed.tag).into())
        .map_err(|_| CiphertextError::NotAuthentic)?;
    Ok(plain)
}
