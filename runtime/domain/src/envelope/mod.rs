//! Sealed values: their layout, and the cipher that closes them.
//!
//! A value is encrypted under a data key of its own; the data key travels beside it, wrapped by a key
//! that only the key ring knows. Reading is therefore two steps with the key ring between them:
//! [`Sealed::parse`] tells which key wraps the data key, and [`open`] takes the data key unwrapped.
//!
//! Cipher: AES-256-SIV (RFC 5297), which authenticates any number of strings beside the plain text,
//! each with its own boundary. Bound are a label, the format, the purpose, every member of [`Binding`],
//! the nonce and the wrapped data key: no byte of a sealed value can change, and none can be moved to
//! another version, secret, account or purpose. The nonce only hides that two values are equal; the
//! cipher stays safe if one repeats.
//!
//! Deliberately absent: where keys come from, where random bytes come from, and compression.
//!
//! Layout of format 1, integers in big endian:
//!
//! ```text
//! 1   format, 1
//! 1   purpose
//! 2   length of the key id, then the key id in UTF-8
//! 2   length of the wrapped data key, then its bytes
//! 16  nonce
//! 16  synthetic initialization vector, which is also the authentication tag
//! *   encrypted value, to the end
//! ```

mod wrap;

use aes_siv::KeyInit;
use aes_siv::siv::Aes256Siv;

use crate::sensitive::Sensitive;

pub use wrap::{unwrap_key, wrap_key};

/// The only format so far.
pub const FORMAT: u8 = 1;
/// Length of data keys and wrapping keys: two AES-256 keys, one authenticates and one encrypts.
pub const KEY_BYTES: usize = 64;
/// Length of the nonce.
pub const NONCE_BYTES: usize = 16;
/// Most bytes in a key id; the protocol's limit for `KmsKeyId`.
pub const KEY_ID_BYTES_MAX: usize = 2048;
/// Most bytes in a wrapped data key: our own takes 80, a foreign key service some hundred more.
pub const WRAPPED_KEY_BYTES_MAX: usize = 4096;
/// Most bytes in a value. A secret value has 65,536 at most; a function's environment may be larger.
pub const PLAIN_BYTES_MAX: usize = 1 << 20;

const TAG_BYTES: usize = aes_siv::siv::IV_SIZE;
const LABEL: &[u8] = b"keywheel sealed value";

/// A key in use: of the data or of its wrapping.
pub type Key = Sensitive<[u8; KEY_BYTES]>;

/// What kind of value is sealed. One kind never opens as another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Purpose {
    /// The value of one version of a secret.
    SecretValue = 1,
    /// The environment of a rotation function.
    FunctionEnvironment = 2,
    /// The secret half of an access key.
    AccessKey = 3,
    /// What deliveries to a webhook are signed with.
    WebhookSecret = 4,
    /// What temporary credentials say of themselves.
    SessionToken = 5,
}

impl Purpose {
    const fn from_byte(byte: u8) -> Option<Self> {
        match byte {
            1 => Some(Self::SecretValue),
            2 => Some(Self::FunctionEnvironment),
            3 => Some(Self::AccessKey),
            4 => Some(Self::WebhookSecret),
            5 => Some(Self::SessionToken),
            _ => None,
        }
    }
}

/// What a sealed value belongs to. It opens with exactly these and no other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Binding<'a> {
    /// The kind of value.
    pub purpose: Purpose,
    /// The account.
    pub account: &'a str,
    /// The ARN of the secret, function or webhook, or the access key id.
    pub resource: &'a str,
    /// The version within the resource; empty where it has none.
    pub version_id: &'a str,
    /// The key that wraps the data key.
    pub key_id: &'a str,
}

/// The parts of a sealed value. None of them is authentic before [`open`] succeeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sealed<'a> {
    /// The kind of value.
    pub purpose: Purpose,
    /// The key that wraps the data key.
    pub key_id: &'a str,
    /// The data key, wrapped.
    pub wrapped_data_key: &'a [u8],
    /// Random bytes.
    pub nonce: &'a [u8; NONCE_BYTES],
    tag: &'a [u8; TAG_BYTES],
    ciphertext: &'a [u8],
}

/// Why a value could not be sealed or opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EnvelopeError {
    /// A part is empty or longer than its limit.
    #[error("{part} of {bytes} bytes: the limit is {bytes_min} to {bytes_max}")]
    Length {
        /// The part.
        part: &'static str,
        /// Its length.
        bytes: usize,
        /// The least length.
        bytes_min: usize,
        /// The greatest length.
        bytes_max: usize,
    },
    /// The format is none that this program writes.
    #[error("sealed value of the unknown format {0}")]
    UnknownFormat(u8),
    /// The bytes are not a sealed value: cut off, or damaged in their lengths or names.
    #[error("malformed sealed value")]
    Malformed,
    /// Wrong key, wrong binding or changed bytes; which of them cannot be told.
    #[error("the sealed value does not open with this key and binding")]
    NotAuthentic,
    /// A wrapped key does not open with this wrapping key and context.
    #[error("the wrapped key does not open with this wrapping key and context")]
    KeyNotAuthentic,
}

/// Seals a value under its data key. The result holds everything but the data key and the binding.
///
/// # Errors
/// [`EnvelopeError::Length`] when a part breaks its limit.
pub fn seal(
    data_key: &Key,
    wrapped_data_key: &[u8],
    binding: &Binding<'_>,
    nonce: &[u8; NONCE_BYTES],
    plain: &[u8],
) -> Result<Vec<u8>, EnvelopeError> {
    let key_id_length = length("key id", binding.key_id.len(), 1, KEY_ID_BYTES_MAX)?;
    let wrapped_length = length("wrapped data key", wrapped_data_key.len(), 1, WRAPPED_KEY_BYTES_MAX)?;
    length("value", plain.len(), 0, PLAIN_BYTES_MAX)?;

    // The exact capacity: a growing buffer would leave copies of the plain text behind.
    let header_bytes = 6 + binding.key_id.len() + wrapped_data_key.len() + NONCE_BYTES;
    let mut sealed = Vec::with_capacity(header_bytes + TAG_BYTES + plain.len());
    sealed.extend_from_slice(&[FORMAT, binding.purpose as u8]);
    sealed.extend_from_slice(&key_id_length);
    sealed.extend_from_slice(binding.key_id.as_bytes());
    sealed.extend_from_slice(&wrapped_length);
    sealed.extend_from_slice(wrapped_data_key);
    sealed.extend_from_slice(nonce);
    let tag_at = sealed.len();
    sealed.extend_from_slice(&[0; TAG_BYTES]);
    let value_at = sealed.len();
    sealed.extend_from_slice(plain);

    let tag = Aes256Siv::new(data_key.expose().into())
        .encrypt_inout_detached(bound(binding, wrapped_data_key, nonce), (&mut sealed[value_at..]).into())
        .expect("the bound strings are fewer than the cipher's limit");
    sealed[tag_at..value_at].copy_from_slice(&tag);
    Ok(sealed)
}

/// Opens a parsed value with its unwrapped data key.
///
/// # Errors
/// [`EnvelopeError::NotAuthentic`] when the key or any member of the binding is another than at
/// sealing, or any byte changed.
pub fn open(
    data_key: &Key,
    sealed: &Sealed<'_>,
    binding: &Binding<'_>,
) -> Result<Sensitive<Vec<u8>>, EnvelopeError> {
    if sealed.key_id != binding.key_id || sealed.purpose != binding.purpose {
        return Err(EnvelopeError::NotAuthentic);
    }
    let mut plain = Sensitive::new(sealed.ciphertext.to_vec());
    Aes256Siv::new(data_key.expose().into())
        .decrypt_inout_detached(
            bound(binding, sealed.wrapped_data_key, sealed.nonce),
            plain.expose_mut().as_mut_slice().into(),
            &(*sealed.tag).into(),
        )
        .map_err(|_| EnvelopeError::NotAuthentic)?;
    Ok(plain)
}

impl<'a> Sealed<'a> {
    /// Takes the parts apart. The first of them, `key_id`, tells whom to ask for the data key.
    ///
    /// # Errors
    /// The format is unknown, or the bytes are not laid out as it says.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, EnvelopeError> {
        let (&format, rest) = bytes.split_first().ok_or(EnvelopeError::Malformed)?;
        if format != FORMAT {
            return Err(EnvelopeError::UnknownFormat(format));
        }
        let (&purpose, rest) = rest.split_first().ok_or(EnvelopeError::Malformed)?;
        let purpose = Purpose::from_byte(purpose).ok_or(EnvelopeError::Malformed)?;
        let (key_id, rest) = split_part(rest, KEY_ID_BYTES_MAX)?;
        let key_id = str::from_utf8(key_id).map_err(|_| EnvelopeError::Malformed)?;
        let (wrapped_data_key, rest) = split_part(rest, WRAPPED_KEY_BYTES_MAX)?;
        let (nonce, rest) = rest.split_first_chunk().ok_or(EnvelopeError::Malformed)?;
        let (tag, ciphertext) = rest.split_first_chunk().ok_or(EnvelopeError::Malformed)?;
        if ciphertext.len() > PLAIN_BYTES_MAX {
            return Err(EnvelopeError::Malformed);
        }
        Ok(Self { purpose, key_id, wrapped_data_key, nonce, tag, ciphertext })
    }
}

/// The strings that the cipher authenticates beside the value, in their order.
fn bound<'a>(
    binding: &Binding<'a>,
    wrapped_data_key: &'a [u8],
    nonce: &'a [u8; NONCE_BYTES],
) -> [&'a [u8]; 8] {
    [
        LABEL,
        kind(binding.purpose),
        binding.account.as_bytes(),
        binding.resource.as_bytes(),
        binding.version_id.as_bytes(),
        binding.key_id.as_bytes(),
        wrapped_data_key,
        nonce,
    ]
}

/// Format and purpose as bound.
const fn kind(purpose: Purpose) -> &'static [u8] {
    match purpose {
        Purpose::SecretValue => &[FORMAT, Purpose::SecretValue as u8],
        Purpose::FunctionEnvironment => &[FORMAT, Purpose::FunctionEnvironment as u8],
        Purpose::AccessKey => &[FORMAT, Purpose::AccessKey as u8],
        Purpose::WebhookSecret => &[FORMAT, Purpose::WebhookSecret as u8],
        Purpose::SessionToken => &[FORMAT, Purpose::SessionToken as u8],
    }
}

/// The length of a part as it is written, when it keeps its limits.
fn length(
    part: &'static str,
    bytes: usize,
    bytes_min: usize,
    bytes_max: usize,
) -> Result<[u8; 2], EnvelopeError> {
    if bytes < bytes_min || bytes > bytes_max {
        return Err(EnvelopeError::Length { part, bytes, bytes_min, bytes_max });
    }
    // Only the value can be longer than 65,535, and its length is not written.
    Ok(u16::try_from(bytes).unwrap_or(u16::MAX).to_be_bytes())
}

/// A part behind its length.
fn split_part(bytes: &[u8], bytes_max: usize) -> Result<(&[u8], &[u8]), EnvelopeError> {
    let (length, rest) = bytes.split_first_chunk().ok_or(EnvelopeError::Malformed)?;
    let length = usize::from(u16::from_be_bytes(*length));
    if length == 0 || length > bytes_max {
        return Err(EnvelopeError::Malformed);
    }
    rest.split_at_checked(length).ok_or(EnvelopeError::Malformed)
}

#[cfg(test)]
mod tests;
