//! What happens to keys without a request.

use keywheel_domain::time::DAY_MS;
use serde_json::json;

use super::super::world::World;
use super::{code, kms, new_key};

async fn rotations(world: &World, key: &str) -> usize {
    let listed = kms(world, "ListKeyRotations", &json!({"KeyId": key})).await.unwrap();
    listed["Rotations"].as_array().unwrap().len()
}

#[tokio::test]
async fn a_key_is_rotated_when_its_period_ends_and_a_disabled_one_when_it_is_enabled() {
    let world = World::new().await;
    let key = new_key(&world).await;
    let enable = json!({"KeyId": key, "RotationPeriodInDays": 90});
    kms(&world, "EnableKeyRotation", &enable).await.unwrap();
    world.clock.advance(89 * DAY_MS);
    world.work().await;
    assert_eq!(rotations(&world, &key).await, 0);
    world.clock.advance(2 * DAY_MS);
    world.work().await;
    world.work().await;
    assert_eq!(rotations(&world, &key).await, 1);

    kms(&world, "DisableKey", &json!({"KeyId": key})).await.unwrap();
    world.clock.advance(200 * DAY_MS);
    world.work().await;
    assert_eq!(rotations(&world, &key).await, 1);
    kms(&world, "EnableKey", &json!({"KeyId": key})).await.unwrap();
    world.work().await;
    assert_eq!(rotations(&world, &key).await, 2, "once, however many periods have passed");
}

#[tokio::test]
async fn a_key_goes_with_its_material_and_its_aliases_when_its_time_has_come() {
    let world = World::new().await;
    let key = new_key(&world).await;
    let alias = json!({"AliasName": "alias/gone", "TargetKeyId": key});
    kms(&world, "CreateAlias", &alias).await.unwrap();
    let before = world.image().entries().keys().filter(|place| is_of(place, &key)).count();
    assert!(before > 0);
    kms(&world, "ScheduleKeyDeletion", &json!({"KeyId": key, "PendingWindowInDays": 7})).await.unwrap();
    world.clock.advance(7 * DAY_MS - 1);
    world.work().await;
    kms(&world, "DescribeKey", &json!({"KeyId": key})).await.unwrap();
    world.clock.advance(1);
    world.work().await;
    assert_eq!(code(kms(&world, "DescribeKey", &json!({"KeyId": key})).await), "NotFoundException");
    assert_eq!(code(kms(&world, "DescribeKey", &json!({"KeyId": "alias/gone"})).await), "NotFoundException");
    for (place, entry) in world.image().entries() {
        let is_row = place.as_bytes().starts_with(b"audit");
        let named = is_of(place, &key) || String::from_utf8_lossy(&entry.value).contains(&key);
        assert!(is_row || !named, "{place:?}");
    }
    let other = new_key(&world).await;
    let again = json!({"AliasName": "alias/gone", "TargetKeyId": other});
    kms(&world, "CreateAlias", &again).await.unwrap();
}

fn is_of(place: &keywheel::store::Key, key: &str) -> bool {
    String::from_utf8_lossy(place.as_bytes()).contains(key)
}
