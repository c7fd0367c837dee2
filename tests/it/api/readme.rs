//! What the README shows is taken.

use serde_json::{Value, json};

use super::world::World;

const README: &str = include_str!("../../../README.md");

#[tokio::test]
async fn the_policy_of_the_readme_is_taken() {
    let world = World::new().await;
    for (index, name) in ["app", "prod/standby", "prod/admin"].iter().enumerate() {
        let token = format!("{index}1111111-1111-4111-8111-111111111111");
        let create = json!({"Name": name, "SecretString": "{}", "ClientRequestToken": token});
        world.call("CreateSecret", &create).await.unwrap();
    }
    let shown = README.split("```json\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let mut policy: Value = serde_json::from_str(shown).unwrap();
    assert!(policy["Blackouts"].is_array(), "the policy is the first JSON of the README");
    policy["SecretId"] = "app".into();
    world.send("Keywheel.PutRotationPolicy", policy.to_string().as_bytes()).await.unwrap();
}
