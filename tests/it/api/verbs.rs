//! What operators ask for: what it begins, and what is refused and changes nothing.

use serde_json::{Value, json};

use super::world::{FUNCTION_ARN, World};

const TOKEN: &str = "22222222-2222-4222-8222-222222222222";

struct Verbs(World);

impl Verbs {
    /// A secret `app` with a value, and with a function where `rotates`.
    async fn new(rotates: bool) -> Self {
        let world = World::new().await;
        let token = "11111111-1111-4111-8111-111111111111";
        let create = json!({"Name": "app", "SecretString": "{}", "ClientRequestToken": token});
        world.call("CreateSecret", &create).await.unwrap();
        if rotates {
            let test = json!({"SecretId": "app", "ClientRequestToken": TOKEN, "RotationLambdaARN": FUNCTION_ARN, "RotateImmediately": false});
            world.call("RotateSecret", &test).await.unwrap();
            world.work().await;
        }
        Self(world)
    }

    async fn ask(&self, target: &str, members: Value) -> Result<Value, String> {
        self.0.clock.advance(1);
        let answer = self.0.send(target, members.to_string().as_bytes()).await;
        answer.map(|body| serde_json::from_slice(&body).unwrap()).map_err(|error| error.to_string())
    }

    async fn verb(&self, name: &str) -> Result<Value, String> {
        self.ask(&format!("Keywheel.{name}"), json!({"SecretId": "app"})).await
    }

    async fn rotate(&self, token: &str) -> Result<Value, String> {
        self.ask("secretsmanager.RotateSecret", json!({"SecretId": "app", "ClientRequestToken": token})).await
    }

    /// Purpose and state of each rotation of the secret, oldest first.
    async fn rotations(&self) -> Vec<String> {
        let listed = self.ask("Keywheel.ListRotations", json!({"SecretId": "app"})).await.unwrap();
        let rotations = listed["Rotations"].as_array().unwrap();
        rotations.iter().map(|job| format!("{} {}", job["Purpose"], job["State"]).replace('"', "")).collect()
    }

    async fn check_refused(&self, verb: &str, sentence: &str) {
        let image = self.0.image();
        let refusal = self.verb(verb).await.unwrap_err();
        assert!(refusal.contains(sentence), "{verb}: {refusal}");
        assert_eq!(self.0.image(), image, "{verb} changes nothing");
    }
}

#[tokio::test]
async fn what_cannot_be_asked_is_refused_and_changes_nothing() {
    let without = Verbs::new(false).await;
    for verb in ["VerifySecret", "ReconcileSecret", "DryRunRotation", "RollBackRotation"] {
        without.check_refused(verb, "No Lambda rotation function ARN").await;
    }
    let verbs = Verbs::new(true).await;
    verbs.check_refused("RetryRotation", "There is no rotation of this secret that waits").await;
    verbs.check_refused("RollBackRotation", "no version AWSPREVIOUS").await;
    verbs.rotate("33333333-3333-4333-8333-333333333333").await.unwrap();
    for verb in ["VerifySecret", "ReconcileSecret", "DryRunRotation"] {
        verbs
            .check_refused(verb, "isn't complete: Rotate 33333333-3333-4333-8333-333333333333 is Ready")
            .await;
    }
    verbs.check_refused("RetryRotation", "there is nothing to retry").await;
    let unknown = verbs.ask("Keywheel.Approve", json!({"ApprovalId": "none"})).await.unwrap_err();
    assert!(unknown.starts_with("ResourceNotFoundException: There is no such open request"), "{unknown}");
}

#[tokio::test]
async fn verbs_do_what_they_say() {
    let verbs = Verbs::new(true).await;
    for verb in ["VerifySecret", "DryRunRotation", "ReconcileSecret"] {
        verbs.verb(verb).await.unwrap();
        verbs.0.work().await;
    }
    verbs.rotate("33333333-3333-4333-8333-333333333333").await.unwrap();
    // Nothing was called yet: giving up ends it at once.
    verbs.verb("RollBackRotation").await.unwrap();
    verbs.rotate("44444444-4444-4444-8444-444444444444").await.unwrap();
    verbs.0.work().await;
    verbs.verb("RollBackRotation").await.unwrap();
    verbs.0.work().await;
    let expected = [
        "Test Succeeded",
        "Verify Succeeded",
        "DryRun Succeeded",
        "Reconcile Succeeded",
        "Rotate RolledBack",
        "Rotate Succeeded",
        "RollBack RolledBack",
    ];
    assert_eq!(verbs.rotations().await, expected);
    let value = verbs.ask("secretsmanager.GetSecretValue", json!({"SecretId": "app"})).await.unwrap();
    assert_eq!(value["SecretString"], "{}");
}

/// A verification that waits for a dead target must not keep anybody from rotating.
#[tokio::test]
async fn looking_gives_way_to_a_rotation() {
    let verbs = Verbs::new(true).await;
    verbs.verb("VerifySecret").await.unwrap();
    verbs.rotate("33333333-3333-4333-8333-333333333333").await.unwrap();
    assert_eq!(verbs.rotations().await, ["Test Succeeded", "Verify Cancelled", "Rotate Ready"]);
    verbs.0.work().await;
    assert_eq!(verbs.rotations().await, ["Test Succeeded", "Verify Cancelled", "Rotate Succeeded"]);
    let versions =
        verbs.ask("secretsmanager.ListSecretVersionIds", json!({"SecretId": "app"})).await.unwrap();
    assert_eq!(versions["Versions"].as_array().unwrap().len(), 2, "the copy is gone: {versions}");
}

/// The copy that a verification works on has a value under its token, which gave way and took another.
#[tokio::test]
async fn the_token_of_what_gives_way_is_not_used_again() {
    let verbs = Verbs::new(true).await;
    let token = "33333333-3333-4333-8333-333333333333";
    let verify = json!({"SecretId": "app", "ClientRequestToken": token});
    verbs.ask("Keywheel.VerifySecret", verify).await.unwrap();
    let image = verbs.0.image();
    let refusal = verbs.rotate(token).await.unwrap_err();
    assert!(refusal.starts_with("InvalidParameterException: You can't use ClientRequestToken"), "{refusal}");
    assert_eq!(verbs.0.image(), image);
}
