//! Whatever a form says, it is answered or refused, and never a fault of the service.

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use super::{Place, Signer, VERSION, element, encoded, send};

const ACTIONS: [&str; 20] = [
    "CreateUser",
    "GetUser",
    "UpdateUser",
    "CreateAccessKey",
    "UpdateAccessKey",
    "ListAccessKeys",
    "GetAccessKeyLastUsed",
    "CreateGroup",
    "AddUserToGroup",
    "CreateRole",
    "UpdateRole",
    "CreatePolicy",
    "GetPolicyVersion",
    "ListPolicies",
    "ListEntitiesForPolicy",
    "PutUserPolicy",
    "AttachRolePolicy",
    "TagPolicy",
    "UntagUser",
    "PutRolePermissionsBoundary",
];
const MEMBERS: [&str; 22] = [
    "UserName",
    "UserName.member.1",
    "NewUserName",
    "GroupName",
    "RoleName",
    "Path",
    "PathPrefix",
    "PolicyName",
    "PolicyArn",
    "PolicyDocument",
    "AssumeRolePolicyDocument",
    "VersionId",
    "AccessKeyId",
    "Status",
    "MaxItems",
    "Marker",
    "MaxSessionDuration",
    "Scope",
    "Tags",
    "Tags.member.1.Key",
    "Tags.member.1.Value",
    "TagKeys.member.1",
];

fn values() -> impl Strategy<Value = String> {
    let likely = prop::sample::select(vec![
        "ann",
        "",
        "true",
        "Active",
        "1",
        "-1",
        "99999999999999999999",
        "/a/",
        "v1",
        "arn:aws:iam::123456789012:policy/p",
        "arn:aws:iam::aws:policy/IAMFullAccess",
        r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#,
        r#"{"Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Principal":"*"}}"#,
    ]);
    prop_oneof![4 => likely.prop_map(str::to_owned), 1 => "\\PC{0,20}"]
}

#[tokio::test]
async fn any_form_is_answered_and_never_as_a_fault() {
    let place = Place::new().await;
    place.root("CreateUser UserName=ann").await;
    let config = Config { failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let members = prop::collection::btree_map(prop::sample::select(&MEMBERS[..]), values(), 0..6);
    let forms = (prop::sample::select(&ACTIONS[..]), members);
    let mut answered = 0;
    for _ in 0..2_000 {
        let (action, members) = forms.new_tree(&mut runner).unwrap().current();
        let mut form = format!("Action={action}&Version={VERSION}");
        for (name, value) in members {
            form.push_str(&format!("&{name}={}", encoded(&value)));
        }
        let (status, kind, body) = send(&place.server, &place.clock, &Signer::root(), &form).await;
        assert_eq!(kind, "text/xml");
        match status {
            200 => answered += 1,
            400..500 => assert!(element(&body, "Code").is_some(), "{form}: {body}"),
            _ => panic!("{form}: {status} {body}"),
        }
    }
    assert!(answered > 100, "{answered}");
}
