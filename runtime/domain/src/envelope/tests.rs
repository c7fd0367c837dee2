//! A sealed value opens with exactly what it was sealed with, and with nothing else.

use proptest::prelude::*;

use super::*;

const WRAPPED: &[u8] = &[7; 80];

fn key(byte: u8) -> Key {
    Sensitive::new([byte; KEY_BYTES])
}

fn binding() -> Binding<'static> {
    Binding {
        purpose: Purpose::SecretValue,
        account: "123456789012",
        resource: "arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-a1b2c3",
        version_id: "11111111-1111-1111-1111-111111111111",
        key_id: "alias/aws/secretsmanager",
    }
}

fn sealed(plain: &[u8], nonce: u8) -> Vec<u8> {
    seal(&key(1), WRAPPED, &binding(), &[nonce; NONCE_BYTES], plain).unwrap()
}

fn opened(bytes: &[u8], binding: &Binding<'_>) -> Result<Vec<u8>, EnvelopeError> {
    open(&key(1), &Sealed::parse(bytes)?, binding).map(|plain| plain.expose().clone())
}

#[test]
fn the_layout_of_format_1_is_fixed() {
    let bytes = sealed(b"hunter2", 9);
    let key_id = binding().key_id;
    let mut header = vec![1, 1, 0, 24];
    header.extend_from_slice(key_id.as_bytes());
    header.extend_from_slice(&[0, 80]);
    header.extend_from_slice(WRAPPED);
    header.extend_from_slice(&[9; NONCE_BYTES]);
    assert_eq!(bytes[..header.len()], header);
    assert_eq!(bytes.len(), header.len() + TAG_BYTES + 7);
    // A value sealed by an earlier build must open: these bytes never change.
    assert_eq!(hex::encode(&bytes[header.len()..]), "45d0a09b1394a80ba940bdcfaf8d9c752bbf8c40742263");
}

#[test]
fn parse_tells_which_key_to_ask_for() {
    let bytes = sealed(b"hunter2", 9);
    let parts = Sealed::parse(&bytes).unwrap();
    assert_eq!((parts.key_id, parts.wrapped_data_key, parts.nonce), (binding().key_id, WRAPPED, &[9; 16]));
}

#[test]
fn another_binding_or_key_refuses() {
    let bytes = sealed(b"hunter2", 9);
    assert_eq!(opened(&bytes, &binding()), Ok(b"hunter2".to_vec()));
    let others = [
        Binding { purpose: Purpose::FunctionEnvironment, ..binding() },
        Binding { account: "123456789013", ..binding() },
        Binding { resource: "arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-a1b2c4", ..binding() },
        Binding { version_id: "", ..binding() },
        Binding { key_id: "alias/other", ..binding() },
        // The same bytes with another boundary between two members.
        Binding {
            account: "12345678901",
            resource: "2arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-a1b2c3",
            ..binding()
        },
    ];
    for other in others {
        assert_eq!(opened(&bytes, &other), Err(EnvelopeError::NotAuthentic), "{other:?}");
    }
    let refused = open(&key(2), &Sealed::parse(&bytes).unwrap(), &binding());
    assert_eq!(refused.err(), Some(EnvelopeError::NotAuthentic));
}

#[test]
fn limits() {
    let nonce = [0; NONCE_BYTES];
    let too_long = "k".repeat(KEY_ID_BYTES_MAX + 1);
    for key_id in ["", &too_long] {
        let refused = seal(&key(1), WRAPPED, &Binding { key_id, ..binding() }, &nonce, b"");
        assert!(matches!(refused, Err(EnvelopeError::Length { part: "key id", .. })));
    }
    let refused = seal(&key(1), &[], &binding(), &nonce, b"");
    assert!(matches!(refused, Err(EnvelopeError::Length { part: "wrapped data key", .. })));
    let refused = seal(&key(1), WRAPPED, &binding(), &nonce, &vec![0; PLAIN_BYTES_MAX + 1]);
    assert!(matches!(refused, Err(EnvelopeError::Length { part: "value", .. })));
    let largest = vec![0; PLAIN_BYTES_MAX];
    assert_eq!(opened(&sealed(&largest, 0), &binding()), Ok(largest));
}

#[test]
fn an_unknown_format_is_named() {
    let mut bytes = sealed(b"", 0);
    bytes[0] = 2;
    assert_eq!(Sealed::parse(&bytes), Err(EnvelopeError::UnknownFormat(2)));
}

#[test]
fn every_single_bit_counts() {
    let bytes = sealed(b"hunter2", 9);
    for index in 0..bytes.len() * 8 {
        let mut changed = bytes.clone();
        changed[index / 8] ^= 1 << (index % 8);
        assert!(opened(&changed, &binding()).is_err(), "bit {index}");
    }
}

#[test]
fn a_wrapped_key_opens_in_its_context_only() {
    let context: [&[u8]; 2] = [b"account", b"key"];
    let wrapped = wrap_key(&key(1), &context, &key(2)).unwrap();
    assert_eq!(wrapped.len(), 80);
    assert_eq!(unwrap_key(&key(1), &context, &wrapped), Ok(key(2)));
    let contexts: [&[&[u8]]; 5] =
        [&[], &[b"account"], &[b"key", b"account"], &[b"accountkey"], &[b"account", b"key", b""]];
    for other in contexts {
        assert_eq!(unwrap_key(&key(1), other, &wrapped), Err(EnvelopeError::KeyNotAuthentic));
    }
    assert_eq!(unwrap_key(&key(3), &context, &wrapped), Err(EnvelopeError::KeyNotAuthentic));
    for index in 0..wrapped.len() * 8 {
        let mut changed = wrapped.clone();
        changed[index / 8] ^= 1 << (index % 8);
        assert_eq!(unwrap_key(&key(1), &context, &changed), Err(EnvelopeError::KeyNotAuthentic));
    }
    for length in 0..wrapped.len() {
        assert!(unwrap_key(&key(1), &context, &wrapped[..length]).is_err());
    }
    assert!(wrap_key(&key(1), &[b"".as_slice(); 126], &key(2)).is_err());
}

#[test]
fn a_wrapped_key_is_no_value() {
    // Both use the same cipher; the labels keep them apart even under one key.
    let wrapped = wrap_key(&key(1), &[], &key(2)).unwrap();
    let bytes = sealed(&[2; KEY_BYTES], 0);
    assert_ne!(bytes[bytes.len() - wrapped.len()..], wrapped);
}

proptest! {
    #[test]
    fn round_trip(
        plain in any::<Vec<u8>>(), data_key in any::<u8>(), nonce in any::<[u8; 16]>(),
        wrapped in prop::collection::vec(any::<u8>(), 1..100),
        account in "[0-9]{12}", resource in ".{0,60}", version_id in ".{0,64}", key_id in ".{1,60}",
    ) {
        let binding = Binding {
            purpose: Purpose::AccessKey, account: &account, resource: &resource,
            version_id: &version_id, key_id: &key_id,
        };
        let bytes = seal(&key(data_key), &wrapped, &binding, &nonce, &plain).unwrap();
        let parts = Sealed::parse(&bytes).unwrap();
        prop_assert_eq!(parts.key_id, &key_id);
        prop_assert_eq!(parts.wrapped_data_key, &wrapped);
        let again = open(&key(data_key), &parts, &binding).unwrap();
        prop_assert_eq!(again.expose(), &plain);
    }

    #[test]
    fn a_flipped_bit_refuses(plain in any::<Vec<u8>>(), index in any::<usize>()) {
        let mut bytes = sealed(&plain, 3);
        let index = index % (bytes.len() * 8);
        bytes[index / 8] ^= 1 << (index % 8);
        prop_assert!(opened(&bytes, &binding()).is_err());
    }

    #[test]
    fn another_length_refuses(
        plain in any::<Vec<u8>>(), cut in any::<usize>(), tail in prop::collection::vec(any::<u8>(), 1..40),
    ) {
        let bytes = sealed(&plain, 3);
        prop_assert!(opened(&bytes[..cut % bytes.len()], &binding()).is_err());
        prop_assert!(opened(&[bytes, tail].concat(), &binding()).is_err());
    }

    #[test]
    fn equal_values_look_different(plain in any::<Vec<u8>>(), nonces in any::<(u8, u8)>()) {
        let (one, other) = (sealed(&plain, nonces.0), sealed(&plain, nonces.1));
        let value = |bytes: &[u8]| bytes[bytes.len() - plain.len() - TAG_BYTES..].to_vec();
        prop_assert_eq!(value(&one) == value(&other), nonces.0 == nonces.1);
    }

    #[test]
    fn parse_takes_any_bytes(bytes in any::<Vec<u8>>()) {
        for format in [None, Some(1)] {
            let mut bytes = bytes.clone();
            if let (Some(format), Some(first)) = (format, bytes.first_mut()) {
                *first = format;
            }
            if let Ok(parts) = Sealed::parse(&bytes) {
                prop_assert!(open(&key(1), &parts, &binding()).is_err());
            }
        }
    }
}
