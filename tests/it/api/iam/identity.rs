//! What evaluation gets to know of the records, and when.

use std::sync::Arc;

use keywheel::ops::{Identity, NamedPolicy};
use keywheel_domain::policy::Kind;
use keywheel_tests::node::ACCOUNT;

use super::Place;

const READ: &str =
    r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"kms:*","Resource":"*"}}"#;
const TRUST: &str = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"*"}}}"#;
const POLICY: &str = "arn:aws:iam::123456789012:policy/read";

async fn identity(place: &Place, name: &str) -> Option<Arc<Identity>> {
    place.node.ops.identity_of_user(ACCOUNT, name).await.unwrap()
}

fn names(policies: &[NamedPolicy]) -> Vec<&str> {
    policies.iter().map(|policy| policy.name.as_str()).collect()
}

#[tokio::test]
async fn a_user_has_its_own_policies_and_those_of_its_groups() {
    let place = Place::new().await;
    assert!(identity(&place, "ann").await.is_none());
    for line in [
        "CreateUser UserName=ann Path=/people/ Tags.member.1.Key=team Tags.member.1.Value=blue",
        &format!("CreatePolicy PolicyName=read PolicyDocument={READ}"),
        &format!("PutUserPolicy UserName=ann PolicyName=own PolicyDocument={READ}"),
        "AttachUserPolicy UserName=ann PolicyArn=arn:aws:iam::aws:policy/IAMFullAccess",
        "CreateGroup GroupName=readers",
        "AddUserToGroup UserName=ann GroupName=readers",
        &format!("PutGroupPolicy GroupName=readers PolicyName=inner PolicyDocument={READ}"),
        &format!("AttachGroupPolicy GroupName=readers PolicyArn={POLICY}"),
        &format!("PutUserPermissionsBoundary UserName=ann PermissionsBoundary={POLICY}"),
    ] {
        place.root(line).await;
    }
    let ann = identity(&place, "ann").await.unwrap();
    assert_eq!(ann.arn, "arn:aws:iam::123456789012:user/people/ann");
    assert!(ann.id.starts_with("AIDA"));
    let builtin = "arn:aws:iam::aws:policy/IAMFullAccess";
    assert_eq!(names(&ann.policies), ["own", builtin, "readers/inner", POLICY]);
    assert!(ann.policies.iter().all(|policy| policy.document.kind() == Kind::Identity));
    let boundary = ann.boundary.as_ref().unwrap();
    assert_eq!((boundary.name.as_str(), boundary.document.kind()), (POLICY, Kind::Boundary));
    assert_eq!(ann.tags["team"], "blue");
    assert!(
        identity(&place, "Ann").await.is_none(),
        "capitals are told apart: keys belong to a name as it is"
    );

    place.root("UpdateGroup GroupName=readers NewGroupName=auditors").await;
    let ann = identity(&place, "ann").await.unwrap();
    assert_eq!(names(&ann.policies), ["own", builtin, "auditors/inner", POLICY]);
    place.root("RemoveUserFromGroup UserName=ann GroupName=auditors").await;
    place.root("DeleteUserPermissionsBoundary UserName=ann").await;
    let ann = identity(&place, "ann").await.unwrap();
    assert_eq!(names(&ann.policies), ["own", builtin]);
    assert!(ann.boundary.is_none());
}

#[tokio::test]
async fn an_identity_is_read_again_when_one_of_its_records_has_changed() {
    let place = Place::new().await;
    place.root("CreateUser UserName=ann").await;
    place.root(&format!("CreatePolicy PolicyName=read PolicyDocument={READ}")).await;
    place.root(&format!("AttachUserPolicy UserName=ann PolicyArn={POLICY}")).await;
    let first = identity(&place, "ann").await.unwrap();
    assert!(Arc::ptr_eq(&first, &identity(&place, "ann").await.unwrap()));
    place.root("CreateUser UserName=bob").await;
    let after = identity(&place, "ann").await.unwrap();
    assert!(Arc::ptr_eq(&first, &after), "nothing of ann has changed");
    let deny = READ.replace("Allow", "Deny");
    place
        .root(&format!("CreatePolicyVersion PolicyArn={POLICY} SetAsDefault=true PolicyDocument={deny}"))
        .await;
    let after = identity(&place, "ann").await.unwrap();
    assert!(!Arc::ptr_eq(&first, &after));
    assert_ne!(first.policies[0].document, after.policies[0].document);
    place.root(&format!("DetachUserPolicy UserName=ann PolicyArn={POLICY}")).await;
    assert!(identity(&place, "ann").await.unwrap().policies.is_empty());
    place.root("DeleteUser UserName=ann").await;
    assert!(identity(&place, "ann").await.is_none());
    place.root("CreateUser UserName=ann").await;
    assert_ne!(identity(&place, "ann").await.unwrap().id, first.id, "another ann");
}

#[tokio::test]
async fn a_role_says_who_may_assume_it_and_for_how_long() {
    let place = Place::new().await;
    let create =
        format!("CreateRole RoleName=rotator MaxSessionDuration=7200 AssumeRolePolicyDocument={TRUST}");
    place.root(&create).await;
    place.root(&format!("PutRolePolicy RoleName=rotator PolicyName=own PolicyDocument={READ}")).await;
    let role = place.node.ops.identity_of_role(ACCOUNT, "rotator").await.unwrap().unwrap();
    assert_eq!(role.identity.arn, "arn:aws:iam::123456789012:role/rotator");
    assert!(role.identity.id.starts_with("AROA"));
    assert_eq!(names(&role.identity.policies), ["own"]);
    assert_eq!((role.trust.document.kind(), role.session_seconds_max), (Kind::Trust, 7200));
    assert!(place.node.ops.identity_of_role(ACCOUNT, "other").await.unwrap().is_none());
    assert!(identity(&place, "rotator").await.is_none());
}
