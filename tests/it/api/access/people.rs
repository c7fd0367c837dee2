//! Who asked for a rotation and who agreed to it stay the same people under other names, on other paths and in sessions.

use super::super::approvers::Idle;
use super::sessions::{Net, Signer};
use super::*;

const BOB: &str = "arn:aws:iam::123456789012:user/bob";

/// Asks as this signer; the answer, or the sentence of a refusal.
async fn call(net: &Net, signer: &Signer, action: &str, body: &Value) -> Result<Value, String> {
    let (target, body) = (format!("Keywheel.{action}"), body.to_string());
    let headers: [(&str, &[u8]); 2] = [("host", b"localhost"), ("x-amz-target", target.as_bytes())];
    let (status, text) = net.send(signer, "secretsmanager", &headers, body).await;
    let answer: Value = serde_json::from_str(&text).unwrap();
    if status == 200 {
        return Ok(answer);
    }
    let told = answer["message"].as_str().or(answer["Message"].as_str()).unwrap();
    Err(told.to_owned())
}

/// A new user who may do everything.
async fn add_user(net: &Net, name: &str) -> Signer {
    net.iam("CreateUser", &[("UserName", name)]).await;
    let key = net.iam("CreateAccessKey", &[("UserName", name)]).await;
    net.user_policy(name, &policy("Allow", "*", "*")).await;
    Signer::of(&key)
}

/// Has `asker` ask for a rotation to which so many have to agree; the request for approval.
async fn ask_to_rotate(net: &Net, asker: &Signer, count: u32) -> Value {
    let approvals = json!({"SecretId": "app", "Approvals": {"Before": ["createSecret"], "Count": count}});
    call(net, &Signer::root(), "PutRotationPolicy", &approvals).await.unwrap();
    let rotate = json!({
        "SecretId": "app",
        "ClientRequestToken": "22222222-2222-4222-8222-222222222222",
        "RotationLambdaARN": "arn:aws:lambda:us-east-1:123456789012:function:idle",
    });
    net.json(asker, "RotateSecret", &rotate).await.unwrap();
    net.node.worker_over(Arc::new(Idle)).tick().await.unwrap();
    let listed = call(net, asker, "ListApprovals", &json!({})).await.unwrap();
    assert_eq!(listed["Approvals"][0]["RequestedBy"], ANN, "{listed}");
    json!({"ApprovalId": listed["Approvals"][0]["ApprovalId"]})
}

/// Lets sessions of `reader` do everything.
async fn open_role(net: &Net) {
    let all = document(&policy("Allow", "*", "*"));
    net.iam("PutRolePolicy", &[("RoleName", "reader"), ("PolicyName", "All"), ("PolicyDocument", &all)])
        .await;
}

fn document(statement: &Value) -> String {
    json!({"Version": "2012-10-17", "Statement": statement}).to_string()
}

#[tokio::test]
async fn nobody_agrees_to_what_they_asked_for_through_a_role() {
    let (net, ann) = Net::new().await;
    open_role(&net).await;
    let session = net.assume(&ann, &[]).await.unwrap();
    let answer = ask_to_rotate(&net, &session, 1).await;
    let other = net.assume(&ann, &[]).await.unwrap();
    for signer in [&ann, &session, &other] {
        let told = call(&net, signer, "Approve", &answer).await.unwrap_err();
        assert!(told.starts_with(&format!("`{ANN}` asked")), "{told}");
    }
    call(&net, &Signer::root(), "Approve", &answer).await.unwrap();
}

#[tokio::test]
async fn nobody_agrees_to_what_they_asked_for_under_another_name() {
    let (net, ann) = Net::new().await;
    open_role(&net).await;
    let answer = ask_to_rotate(&net, &ann, 1).await;
    let before = net.assume(&ann, &[]).await.unwrap();
    for (change, arn) in [
        (["ann", "NewUserName", "lee"], "arn:aws:iam::123456789012:user/lee"),
        (["lee", "NewPath", "/ops/"], "arn:aws:iam::123456789012:user/ops/lee"),
    ] {
        net.iam("UpdateUser", &[("UserName", change[0]), (change[1], change[2])]).await;
        let now = net.assume(&ann, &[]).await.unwrap();
        for (signer, arn) in [(&ann, arn), (&now, arn), (&before, ANN)] {
            for action in ["Approve", "Reject"] {
                let told = call(&net, signer, action, &answer).await.unwrap_err();
                assert!(told.starts_with(&format!("`{arn}` asked")), "{told}");
            }
        }
    }
    // Whoever gets the name is somebody else.
    let other = add_user(&net, "ann").await;
    assert_eq!(call(&net, &other, "Approve", &answer).await.unwrap()["Wanting"], 0);
}

#[tokio::test]
async fn an_answer_counts_once_whatever_its_giver_is_called_later() {
    let (net, ann) = Net::new().await;
    open_role(&net).await;
    let bob = add_user(&net, "bob").await;
    let answer = ask_to_rotate(&net, &ann, 2).await;
    let before = net.assume(&bob, &[]).await.unwrap();
    let wanting = async |signer: &Signer| {
        call(&net, signer, "Approve", &answer).await.map(|answer| answer["Wanting"].as_u64().unwrap())
    };
    assert_eq!(wanting(&before).await, Ok(1));
    assert_eq!(wanting(&bob).await, Ok(1), "who stands behind the session has agreed");
    for change in [["bob", "NewUserName", "rob"], ["rob", "NewPath", "/ops/"]] {
        net.iam("UpdateUser", &[("UserName", change[0]), (change[1], change[2])]).await;
        let now = net.assume(&bob, &[]).await.unwrap();
        for signer in [&bob, &before, &now] {
            assert_eq!(wanting(signer).await, Ok(1), "{change:?}");
        }
    }
    let told = call(&net, &ann, "DescribeApproval", &answer).await.unwrap();
    assert_eq!(told["Given"].as_array().map(Vec::len), Some(1), "{told}");
    assert_eq!(told["Given"][0]["By"], BOB, "as the giver was called then");
    let other = add_user(&net, "bob").await;
    assert_eq!(wanting(&other).await, Ok(0), "another user of the name is another person");
}

/// A user who is made again under the same name has another id, and no session of the first one outlives that as a
/// second person.
#[tokio::test]
async fn who_was_made_again_is_another_person() {
    let (net, ann) = Net::new().await;
    open_role(&net).await;
    let bob = add_user(&net, "bob").await;
    let answer = ask_to_rotate(&net, &ann, 3).await;
    let first = net.assume(&bob, &[]).await.unwrap();
    let wanting = async |signer: &Signer| {
        call(&net, signer, "Approve", &answer).await.map(|answer| answer["Wanting"].as_u64().unwrap())
    };
    assert_eq!(wanting(&bob).await, Ok(2));
    net.iam("DeleteAccessKey", &[("UserName", "bob"), ("AccessKeyId", &bob.access_key_id)]).await;
    net.iam("DeleteUserPolicy", &[("UserName", "bob"), ("PolicyName", "P")]).await;
    net.iam("DeleteUser", &[("UserName", "bob")]).await;
    let second = add_user(&net, "bob").await;
    assert_eq!(wanting(&first).await, Ok(2), "a session that the first one began");
    assert_eq!(wanting(&second).await, Ok(1));
    assert_eq!(wanting(&net.assume(&second, &[]).await.unwrap()).await, Ok(1));
}
