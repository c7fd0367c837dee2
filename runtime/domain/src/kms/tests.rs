//! Keys: names, contexts, ciphertexts and how a record changes.

use std::collections::BTreeMap;

use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::envelope::Key;
use crate::secret::Scope;
use crate::time::{DAY_MS, Timestamp};

const ID: &str = "1234abcd-12ab-34cd-56ef-1234567890ab";
const ARN: &str = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab";

fn scope() -> Scope {
    Scope { account: "123456789012".into(), region: "us-east-1".into() }
}

fn key_id() -> Uuid {
    Uuid::try_parse(ID).unwrap()
}

fn key() -> KmsKey {
    let material = Material {
        number: 1,
        id: "0".repeat(64),
        made: Timestamp::default(),
        cause: MaterialCause::Creation,
        wrapped: String::new(),
    };
    KmsKey {
        scope: scope(),
        id: ID.into(),
        description: String::new(),
        manager: KeyManager::Customer,
        state: KeyState::Enabled,
        created: Timestamp::default(),
        policy: default_policy("123456789012"),
        tags: Vec::new(),
        aliases: Vec::new(),
        rotation: None,
        materials: vec![material],
    }
}

#[test]
fn a_key_is_named_in_four_ways_and_in_no_other() {
    let check = |text: &str, arn: Result<&str, InvalidKeyId>| {
        let parsed = KeyId::parse(text).map(|id| id.arn(&scope()));
        assert_eq!(parsed.as_deref(), arn.as_ref().copied(), "{text}");
    };
    check(ID, Ok(ARN));
    check(ARN, Ok(ARN));
    check("alias/db", Ok("arn:aws:kms:us-east-1:123456789012:alias/db"));
    check("arn:aws:kms:eu-west-1:1:alias/a/b", Ok("arn:aws:kms:eu-west-1:1:alias/a/b"));
    for text in ["", "db", "alias/", "alias/a b", "alias/a:b", "key/x", "1234abcd12ab34cd56ef1234567890ab"] {
        check(text, Err(InvalidKeyId::Id));
    }
    for text in
        ["arn:", "arn:aws:s3:::bucket", "arn:aws:kms:r:1:key/db", "arn:aws:kms:r:1:db", "arn:aws:kms:r"]
    {
        check(text, Err(InvalidKeyId::Arn));
    }
    assert!(is_reserved(MANAGED_ALIAS) && !is_reserved("alias/awsome"));
}

#[test]
fn a_key_rotates_a_bounded_number_of_times() {
    let mut key = key();
    for _ in 0..ON_DEMAND_ROTATIONS_MAX {
        let number = key.next_number(MaterialCause::OnDemand).unwrap();
        key.materials.push(Material { number, cause: MaterialCause::OnDemand, ..key.current().clone() });
    }
    assert_eq!(key.next_number(MaterialCause::OnDemand), Err(TooManyRotations));
    while let Ok(number) = key.next_number(MaterialCause::Automatic) {
        key.materials.push(Material { number, cause: MaterialCause::Automatic, ..key.current().clone() });
    }
    assert_eq!(key.materials.len(), MATERIALS_MAX);
    let numbers = key.materials.iter().map(|material| material.number);
    assert!(numbers.eq(1..=u32::try_from(MATERIALS_MAX).unwrap()));
}

#[test]
fn a_rotation_that_is_late_sets_the_next_one_in_the_future() {
    let day = |days: i64| Timestamp::from_millis(days * DAY_MS);
    let mut key = key();
    key.rotate_every(90, day(0));
    key.set_next_rotation(day(91));
    assert_eq!(key.rotation.unwrap().next, day(180));
    key.set_next_rotation(day(1000));
    assert_eq!(key.rotation.unwrap().next, day(1090));
    assert_eq!(key.schedule_deletion(7, day(5)), day(12));
}

#[test]
fn a_tag_is_overwritten_by_its_key() {
    let tag = |key: &str, value: &str| KeyTag { tag_key: key.into(), tag_value: value.into() };
    let mut key = key();
    assert!(key.add_tags(&[tag("a", "1"), tag("b", "2"), tag("a", "3")]));
    assert_eq!(key.tags, [tag("a", "3"), tag("b", "2")]);
    let many: Vec<_> = (0..TAGS_MAX).map(|number| tag(&number.to_string(), "")).collect();
    assert!(!key.add_tags(&many));
}

#[test]
fn the_context_of_a_secret_is_that_of_its_two_pairs() {
    let pairs = [("SecretARN", "arn"), ("SecretVersionId", "v1")];
    let pairs = pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
    assert_eq!(EncryptionContext::of_secret("arn", "v1"), EncryptionContext::new(&pairs));
}

#[test]
fn only_within_its_bounds_is_anything_encrypted() {
    let check = |bytes: usize| {
        let plain = vec![0; bytes];
        seal(&Key::new([1; 64]), (ARN, key_id(), 1), &EncryptionContext::default(), &[0; 16], &plain)
    };
    assert_eq!(check(0), Err(CiphertextError::Length(0)));
    assert_eq!(check(PLAIN_BYTES_MAX + 1), Err(CiphertextError::Length(PLAIN_BYTES_MAX + 1)));
    let longest = check(PLAIN_BYTES_MAX).unwrap();
    assert!(longest.len() <= CIPHERTEXT_BYTES_MAX);
    Ciphertext::parse(&longest).unwrap();
}

fn pairs() -> impl Strategy<Value = BTreeMap<String, String>> {
    prop::collection::btree_map("[a-c]{0,2}", "[a-c]{0,2}", 0..4)
}

proptest! {
    #![proptest_config(ProptestConfig {
        rng_seed: proptest::test_runner::RngSeed::Fixed(17), failure_persistence: None, ..ProptestConfig::default()
    })]

    #[test]
    fn a_ciphertext_opens_with_its_own_key_material_and_context_only(
        plain in prop::collection::vec(any::<u8>(), 1..80),
        own in pairs(),
        other in pairs(),
        place in any::<prop::sample::Index>(),
        bit in 0..8_u32,
    ) {
        let (material, context) = (Key::new([1; 64]), EncryptionContext::new(&own));
        let sealed = seal(&material, (ARN, key_id(), 7), &context, &[9; 16], &plain).unwrap();
        let parsed = Ciphertext::parse(&sealed).unwrap();
        prop_assert_eq!((parsed.key_id, parsed.material), (key_id(), 7));
        let opened = open(&material, ARN, &context, &parsed).unwrap();
        prop_assert_eq!(opened.expose(), &plain);
        let refused = Err(CiphertextError::NotAuthentic);
        prop_assert_eq!(&open(&Key::new([2; 64]), ARN, &context, &parsed), &refused);
        prop_assert_eq!(&open(&material, "arn:other", &context, &parsed), &refused);
        let opened = open(&material, ARN, &EncryptionContext::new(&other), &parsed);
        prop_assert_eq!(opened.is_ok(), own == other);

        let mut changed = sealed.clone();
        changed[place.index(sealed.len())] ^= 1 << bit;
        let opened = Ciphertext::parse(&changed).and_then(|parsed| open(&material, ARN, &context, &parsed));
        prop_assert!(opened.is_err());
        let cut = Ciphertext::parse(&sealed[..place.index(sealed.len())]);
        prop_assert!(cut.and_then(|parsed| open(&material, ARN, &context, &parsed)).is_err());
    }

    #[test]
    fn two_contexts_have_the_same_form_only_if_they_are_the_same(one in pairs(), other in pairs()) {
        prop_assert_eq!(EncryptionContext::new(&one) == EncryptionContext::new(&other), one == other);
    }
}
