//! Keys wrapped by keys.
//!
//! AES-SIV is a key-wrap mode: deterministic, which harms nothing for keys that are random.

use aes_siv::KeyInit;
use aes_siv::siv::{Aes256Siv, IV_SIZE, MAX_HEADERS};

use super::{EnvelopeError, KEY_BYTES, Key};
use crate::sensitive::Sensitive;

const LABEL: &[u8] = b"keywheel wrapped key 1";
/// Length of a wrapped key.
const WRAPPED_BYTES: usize = IV_SIZE + KEY_BYTES;
/// Most strings of a context; one place is taken by the label.
const CONTEXT_STRINGS_MAX: usize = MAX_HEADERS - 1;

/// Wraps `key`, bound to the strings of `context`: each with its boundary, in this order.
///
/// # Errors
/// The context has more strings than the cipher takes.
pub fn wrap_key(wrapping: &Key, context: &[&[u8]], key: &Key) -> Result<Vec<u8>, EnvelopeError> {
    check_context(context)?;
    let mut wrapped = vec![0; WRAPPED_BYTES];
    let (tag_place, key_place) = wrapped.split_at_mut(IV_SIZE);
    key_place.copy_from_slice(key.expose());
    let tag = Aes256Siv::new(wrapping.expose().into())
        .encrypt_inout_detached(bound(context), key_place.into())
        .expect("the context was counted");
    tag_place.copy_from_slice(&tag);
    Ok(wrapped)
}

/// Opens a wrapped key.
///
/// # Errors
/// [`EnvelopeError::KeyNotAuthentic`] when the wrapping key or the context is another, or a byte changed.
pub fn unwrap_key(wrapping: &Key, context: &[&[u8]], wrapped: &[u8]) -> Result<Key, EnvelopeError> {
    check_context(context)?;
    let (tag, encrypted) = wrapped.split_first_chunk::<IV_SIZE>().ok_or(EnvelopeError::KeyNotAuthentic)?;
    let encrypted: [u8; KEY_BYTES] = encrypted.try_into().map_err(|_| EnvelopeError::KeyNotAuthentic)?;
    let mut key = Sensitive::new(encrypted);
    Aes256Siv::new(wrapping.expose().into())
        .decrypt_inout_detached(bound(context), key.expose_mut().as_mut_slice().into(), &(*tag).into())
        .map_err(|_| EnvelopeError::KeyNotAuthentic)?;
    Ok(key)
}

fn bound<'a>(context: &'a [&'a [u8]]) -> impl Iterator<Item = &'a [u8]> {
    [LABEL].into_iter().chain(context.iter().copied())
}

fn check_context(context: &[&[u8]]) -> Result<(), EnvelopeError> {
    if context.len() > CONTEXT_STRINGS_MAX {
        let (bytes, bytes_max) = (context.len(), CONTEXT_STRINGS_MAX);
        return Err(EnvelopeError::Length { part: "wrapping context", bytes, bytes_min: 0, bytes_max });
    }
    Ok(())
}
