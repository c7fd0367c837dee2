//! The process dies before or after each commit of a change: the records agree with each other, and the change can be
//! repeated or was done.

use std::path::Path;
use std::sync::Arc;

use keywheel::store::Store;
use keywheel_tests::clock::SimClock;
use keywheel_tests::node::Node;
use keywheel_tests::store::{Mortal, SimStore};

use super::{Signer, element, form, open, send};

const DOCUMENT: &str = r#"{"Statement":{"Effect":"Allow","Action":"kms:*","Resource":"*"}}"#;
const POLICY: &str = "arn:aws:iam::123456789012:policy/read";

async fn ask(node: &Node, clock: &SimClock, line: &str) -> (u16, String) {
    let (status, _, body) = send(&node.server(), clock, &Signer::root(), &form(line)).await;
    (status, body)
}

/// The changes that need several records to agree, each with what refuses it when it was done already.
const CHANGES: [(&str, Option<&str>); 9] = [
    (
        "CreateUser UserName=bob PermissionsBoundary=arn:aws:iam::123456789012:policy/read",
        Some("EntityAlreadyExists"),
    ),
    ("UpdateUser UserName=ann NewUserName=Bea", Some("NoSuchEntity")),
    ("AddUserToGroup UserName=ann GroupName=writers", None),
    ("RemoveUserFromGroup UserName=ann GroupName=readers", Some("NoSuchEntity")),
    ("AttachUserPolicy UserName=ann PolicyArn=arn:aws:iam::123456789012:policy/read", None),
    (
        "DetachGroupPolicy GroupName=readers PolicyArn=arn:aws:iam::123456789012:policy/read",
        Some("NoSuchEntity"),
    ),
    ("UpdateGroup GroupName=readers NewGroupName=auditors", Some("NoSuchEntity")),
    ("DeleteAccessKey UserName=ann AccessKeyId=$KEY", Some("NoSuchEntity")),
    ("DeleteGroup GroupName=writers", Some("NoSuchEntity")),
];

async fn count(node: &Node, clock: &SimClock, line: &str, list: &str) -> usize {
    let (status, told) = ask(node, clock, line).await;
    assert_eq!(status, 200, "{line}: {told}");
    element(&told, list).unwrap().matches("<member>").count()
}

/// What is counted is what there is.
async fn check(node: &Node, clock: &SimClock, when: &str) {
    let (_, summary) = ask(node, clock, "GetAccountSummary").await;
    for (noun, line) in [("Users", "ListUsers"), ("Groups", "ListGroups")] {
        let there = count(node, clock, line, noun).await;
        assert!(summary.contains(&format!("<key>{noun}</key><value>{there}</value>")), "{when}: {summary}");
    }
    let (_, policy) = ask(node, clock, &format!("GetPolicy PolicyArn={POLICY}")).await;
    for (usage, counted) in
        [("PermissionsPolicy", "AttachmentCount"), ("PermissionsBoundary", "PermissionsBoundaryUsageCount")]
    {
        let line = format!("ListEntitiesForPolicy PolicyArn={POLICY} PolicyUsageFilter={usage}");
        let (_, users) = ask(node, clock, &line).await;
        let there = users.matches("<member>").count();
        assert_eq!(element(&policy, counted), Some(there.to_string().as_str()), "{when}: {usage}");
    }
}

/// Whether the change reached the commit at which it should die.
async fn dies((line, done): (&str, Option<&str>), commits: usize, after_effect: bool) -> bool {
    let (folder, clock) = (tempfile::tempdir().unwrap(), SimClock::at_noon());
    let store = Arc::new(SimStore::new());
    let reopen = async |store: Arc<dyn Store>, seed| open(store, folder.path() as &Path, &clock, seed).await;
    let node = reopen(Arc::clone(&store) as Arc<dyn Store>, 1).await;
    for line in [
        &format!("CreatePolicy PolicyName=read PolicyDocument={DOCUMENT}"),
        "CreateUser UserName=ann",
        "CreateGroup GroupName=readers",
        "CreateGroup GroupName=writers",
        "AddUserToGroup UserName=ann GroupName=readers",
        &format!("AttachGroupPolicy GroupName=readers PolicyArn={POLICY}"),
    ] {
        assert_eq!(ask(&node, &clock, line).await.0, 200, "{line}");
    }
    let (_, made) = ask(&node, &clock, "CreateAccessKey UserName=ann").await;
    let signer = Signer {
        access_key_id: element(&made, "AccessKeyId").unwrap().to_owned(),
        secret: element(&made, "SecretAccessKey").unwrap().to_owned(),
        service: "iam",
    };
    let line = line.replace("$KEY", &signer.access_key_id);

    let mortal = Mortal::new(Arc::clone(&store), after_effect);
    let node = reopen(Arc::clone(&mortal) as Arc<dyn Store>, 2).await;
    mortal.die_at(commits);
    let died = tokio::select! {
        (status, told) = ask(&node, &clock, &line) => {
            assert_eq!(status, 200, "{line}: {told}");
            false
        }
        () = mortal.died() => true,
    };
    drop(node);

    let when = format!("{line} {commits} {after_effect}");
    let node = reopen(Arc::clone(&store) as Arc<dyn Store>, 3).await;
    check(&node, &clock, &when).await;
    let was_done = !died || after_effect;
    let (status, told) = ask(&node, &clock, &line).await;
    match done.filter(|_| was_done) {
        Some(code) => assert_eq!(element(&told, "Code"), Some(code), "{when}"),
        None => assert_eq!(status, 200, "{when}: {told}"),
    }
    check(&node, &clock, &when).await;
    // A key goes when it is deleted, and at no other time.
    let (status, _, told) = send(&node.server(), &clock, &signer, &form("ListUsers")).await;
    let expected = if line.starts_with("DeleteAccessKey") { "InvalidClientTokenId" } else { "AccessDenied" };
    assert_eq!((status, element(&told, "Code")), (403, Some(expected)), "{when}");
    died
}

#[tokio::test]
async fn whatever_dies_the_records_agree_and_the_change_can_be_repeated() {
    for change in CHANGES {
        for after_effect in [false, true] {
            assert!(dies(change, 0, after_effect).await, "{change:?} commits");
            assert!(!dies(change, 1, after_effect).await, "{change:?} is one commit");
        }
    }
}
