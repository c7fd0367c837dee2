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

/// A lost answer is asked for again, however long after: that must begin nothing, and tell the same job.
#[tokio::test]
async fn a_token_names_one_job_also_when_that_has_ended() {
    let verbs = Verbs::new(true).await;
    let token = "33333333-3333-4333-8333-333333333333";
    let asked = json!({"SecretId": "app", "ClientRequestToken": token});
    for (verb, other) in [("VerifySecret", "DryRunRotation"), ("DryRunRotation", "ReconcileSecret")] {
        let token = token.replace('3', if verb == "VerifySecret" { "4" } else { "5" });
        let asked = json!({"SecretId": "app", "ClientRequestToken": token});
        let first = verbs.ask(&format!("Keywheel.{verb}"), asked.clone()).await.unwrap();
        verbs.0.work().await;
        let image = verbs.0.image();
        let again = verbs.ask(&format!("Keywheel.{verb}"), asked.clone()).await.unwrap();
        assert_eq!((&again["Purpose"], &again["ClientRequestToken"]), (&first["Purpose"], &json!(token)));
        assert_eq!(again["State"], "Succeeded");
        let refusal = verbs.ask(&format!("Keywheel.{other}"), asked).await.unwrap_err();
        assert!(
            refusal.starts_with("InvalidParameterException: You can't use ClientRequestToken"),
            "{refusal}"
        );
        let refusal = verbs.rotate(&token).await.unwrap_err();
        assert!(
            refusal.starts_with("InvalidParameterException: You can't use ClientRequestToken"),
            "{refusal}"
        );
        assert_eq!(verbs.0.image(), image);
    }
    // A roll back that was asked for once must not be rolled back in turn.
    verbs.rotate("66666666-6666-4666-8666-666666666666").await.unwrap();
    verbs.0.work().await;
    verbs.ask("Keywheel.RollBackRotation", asked.clone()).await.unwrap();
    verbs.0.work().await;
    let image = verbs.0.image();
    let again = verbs.ask("Keywheel.RollBackRotation", asked.clone()).await.unwrap();
    assert_eq!((&again["Purpose"], &again["State"]), (&json!("RollBack"), &json!("RolledBack")));
    let refusal = verbs.ask("Keywheel.VerifySecret", asked).await.unwrap_err();
    assert!(refusal.contains("belongs to RollBack"), "{refusal}");
    assert_eq!(verbs.0.image(), image);
}

/// The token of a test has had a copy of the current value under it, so that no rotation can use it; and a
/// rotation that was asked for is no test.
#[tokio::test]
async fn the_token_of_a_test_is_no_rotations() {
    let verbs = Verbs::new(true).await;
    let test =
        |token: &str| json!({"SecretId": "app", "ClientRequestToken": token, "RotateImmediately": false});
    let check_refused = async |asked: Value| {
        let image = verbs.0.image();
        let refusal = verbs.ask("secretsmanager.RotateSecret", asked).await.unwrap_err();
        assert!(
            refusal.starts_with("InvalidParameterException: You can't use ClientRequestToken"),
            "{refusal}"
        );
        assert_eq!(verbs.0.image(), image);
    };
    let token = "33333333-3333-4333-8333-333333333333";
    verbs.ask("secretsmanager.RotateSecret", test(token)).await.unwrap();
    let at_once = json!({"SecretId": "app", "ClientRequestToken": token});
    check_refused(at_once.clone()).await;
    verbs.0.work().await;
    check_refused(at_once).await;
    assert_eq!(verbs.rotations().await, ["Test Succeeded", "Test Succeeded"]);
    // The same test again is the answer that was lost.
    let image = verbs.0.image();
    verbs.ask("secretsmanager.RotateSecret", test(token)).await.unwrap();
    verbs.0.work().await;
    assert_eq!(verbs.0.image(), image);
    let token = "44444444-4444-4444-8444-444444444444";
    verbs.rotate(token).await.unwrap();
    check_refused(test(token)).await;
    verbs.0.work().await;
    check_refused(test(token)).await;
    assert_eq!(verbs.rotations().await, ["Test Succeeded", "Test Succeeded", "Rotate Succeeded"]);
}

/// One that found no room for its labels at its end would leave a target that knows the new value only.
#[tokio::test]
async fn a_rotation_without_room_for_its_labels_does_not_begin() {
    let verbs = Verbs::new(true).await;
    let version = "11111111-1111-4111-8111-111111111111";
    // With the three of a rotation one more than a secret can have.
    for number in 0..18 {
        let stage =
            json!({"SecretId": "app", "VersionStage": format!("L{number}"), "MoveToVersionId": version});
        verbs.ask("secretsmanager.UpdateSecretVersionStage", stage).await.unwrap();
    }
    let image = verbs.0.image();
    let token = "33333333-3333-4333-8333-333333333333";
    let refusal = verbs.rotate(token).await.unwrap_err();
    assert!(refusal.starts_with("LimitExceededException: A secret can have at most 20"), "{refusal}");
    for verb in ["VerifySecret", "DryRunRotation", "ReconcileSecret"] {
        verbs.check_refused(verb, "at most 20 staging labels").await;
    }
    assert_eq!(verbs.0.image(), image);
    let stage = json!({"SecretId": "app", "VersionStage": "L0", "RemoveFromVersionId": version});
    verbs.ask("secretsmanager.UpdateSecretVersionStage", stage).await.unwrap();
    verbs.rotate(token).await.unwrap();
    verbs.0.work().await;
    assert_eq!(verbs.rotations().await, ["Test Succeeded", "Rotate Succeeded"]);
}
