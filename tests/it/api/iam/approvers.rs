//! Approvers are users of IAM, also those of stores that were made before there was IAM.

use keywheel::store::{Batch, Key, Store as _};
use keywheel_domain::api::ApiError;
use keywheel_tests::node::{ACCOUNT, Node};
use serde_json::{Value, json};

use super::{Place, element};

const APPROVER: &str = "arn:aws:iam::aws:policy/KeywheelApprover";

async fn call(place: &Place, action: &str, body: Value) -> Result<Value, ApiError> {
    let target = format!("Keywheel.{action}");
    let answer = place.node.ops.dispatch(&Node::root(), &target, body.to_string().as_bytes()).await?;
    Ok(serde_json::from_slice(&answer).unwrap())
}

async fn approvers(place: &Place) -> Vec<String> {
    let listed = call(place, "ListApprovers", json!({})).await.unwrap();
    let names = listed["Approvers"].as_array().unwrap().iter();
    names.map(|approver| approver["UserName"].as_str().unwrap().to_owned()).collect()
}

/// Writes a user as older versions did, beside the access key that the user has.
async fn age(place: &Place, name: &str) {
    let image = place.store.durable_image();
    let user = Key::new(format!("user\0{ACCOUNT}\0{name}"));
    let entry = &image.entries()[&user];
    let record: Value = serde_json::from_slice(&entry.value).unwrap();
    let old = json!({
        "name": name,
        "access_key_id": record["keys"][0]["id"],
        "created": record["created"],
    });
    let census = Key::new(format!("iam-census\0{ACCOUNT}"));
    let batch = Batch::new().put(user, old.to_string()).delete(census);
    place.store.commit(batch).await.unwrap();
}

#[tokio::test]
async fn an_approver_of_before_is_a_user_with_the_policy() {
    let place = Place::new().await;
    let made = call(&place, "CreateApprover", json!({"UserName": "ann"})).await.unwrap();
    call(&place, "CreateApprover", json!({"UserName": "bob"})).await.unwrap();
    age(&place, "ann").await;
    age(&place, "bob").await;
    let signer = super::Signer {
        access_key_id: made["AccessKeyId"].as_str().unwrap().to_owned(),
        secret: made["SecretAccessKey"].as_str().unwrap().to_owned(),
        service: "iam",
    };
    let refused = place.send(&signer, "ListUsers").await.unwrap_err();
    assert!(refused.starts_with("AccessDenied"), "the key still signs: {refused}");
    assert_eq!(approvers(&place).await, ["ann", "bob"]);
    let ann = place.node.ops.identity_of_user(ACCOUNT, "ann").await.unwrap().unwrap();
    assert_eq!(ann.policies.iter().map(|policy| policy.name.as_str()).collect::<Vec<_>>(), [APPROVER]);

    // What was never counted is counted at the first change.
    place.root("CreateUser UserName=carl").await;
    let summary = place.root("GetAccountSummary").await;
    assert!(summary.contains("<key>Users</key><value>3</value>"), "{summary}");
    let policy = place.root(&format!("GetPolicy PolicyArn={APPROVER}")).await;
    assert_eq!(element(&policy, "AttachmentCount"), Some("2"));
    let keys = place.root("ListAccessKeys UserName=ann").await;
    assert_eq!(element(&keys, "AccessKeyId"), Some(signer.access_key_id.as_str()));

    // A change writes the record as it is now; the approver stays one.
    place.root("TagUser UserName=ann Tags.member.1.Key=team Tags.member.1.Value=blue").await;
    assert_eq!(approvers(&place).await, ["ann", "bob"]);
    call(&place, "DeleteApprover", json!({"UserName": "bob"})).await.unwrap();
    let policy = place.root(&format!("GetPolicy PolicyArn={APPROVER}")).await;
    assert_eq!(element(&policy, "AttachmentCount"), Some("1"));
    assert!(place.send(&signer, "ListUsers").await.unwrap_err().starts_with("AccessDenied"));
    place.root(&format!("DetachUserPolicy UserName=ann PolicyArn={APPROVER}")).await;
    assert!(approvers(&place).await.is_empty());
}

#[tokio::test]
async fn whoever_has_the_policy_is_an_approver() {
    let place = Place::new().await;
    place.root("CreateUser UserName=ann Path=/people/").await;
    assert!(approvers(&place).await.is_empty());
    place.root(&format!("AttachUserPolicy UserName=ann PolicyArn={APPROVER}")).await;
    let listed = call(&place, "ListApprovers", json!({})).await.unwrap();
    assert_eq!(listed["Approvers"][0]["Arn"], "arn:aws:iam::123456789012:user/people/ann");
    assert_eq!(listed["Approvers"][0].get("AccessKeyId"), None, "a user without a key");

    // Who is more than an approver is not deleted as one.
    place.root("CreateGroup GroupName=readers").await;
    place.root("AddUserToGroup UserName=ann GroupName=readers").await;
    let refused = call(&place, "DeleteApprover", json!({"UserName": "ann"})).await.unwrap_err();
    assert_eq!(refused.code.as_str(), "InvalidRequestException");
    place.root("RemoveUserFromGroup UserName=ann GroupName=readers").await;
    call(&place, "DeleteApprover", json!({"UserName": "ann"})).await.unwrap();
    let refused = place.send(&super::Signer::root(), "GetUser UserName=ann").await.unwrap_err();
    assert!(refused.starts_with("NoSuchEntity"), "{refused}");
    let refused = call(&place, "DeleteApprover", json!({"UserName": "carl"})).await.unwrap_err();
    assert_eq!(refused.code.as_str(), "ResourceNotFoundException");
}
