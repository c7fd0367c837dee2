use keywheel_sdk::Step;
use keywheel_sdk::testing::{InMemory, Outcome};

use super::Rotation;

#[test]
fn a_rotation_brings_a_new_value_into_use() {
    let host = InMemory::new();
    let secret = host.secret("app", "first");
    host.begin_rotation(&secret, "6b4c4a5e-6d2f-4f0e-9d5b-0c8f7a1e2b3c");
    // Each step twice: a repetition changes nothing.
    for step in Step::ALL.into_iter().flat_map(|step| [step, step]) {
        assert_eq!(host.invoke(&Rotation, &secret, step), Outcome::Done, "{step:?}");
    }
    let current = host.text(&secret, "AWSCURRENT");
    assert!(current.is_some_and(|value| value != "first"));
}
