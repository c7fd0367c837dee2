//! Long random walks through the operations, from fixed seeds: after each step the records agree with each other.

use std::collections::BTreeMap;

use keywheel::entropy::{Entropy, uniform};
use keywheel_tests::entropy::SimEntropy;
use keywheel_tests::node::ACCOUNT;
use serde_json::Value;

use super::{Place, element};

const SEEDS: std::ops::Range<u64> = 0..6;
const STEPS: usize = 250;
const DOCUMENT: &str = r#"{"Statement":{"Effect":"Allow","Action":"kms:*","Resource":"*"}}"#;
const TRUST: &str = r#"{"Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"*"}}}"#;
/// `U` stands for a user, `G` for a group, `R` for a role, `P` for a policy, `K` for an access key.
const OPERATIONS: [&str; 37] = [
    "CreateUser UserName=U",
    "CreateUser UserName=U PermissionsBoundary=P",
    "UpdateUser UserName=U NewUserName=U",
    "DeleteUser UserName=U",
    "CreateAccessKey UserName=U",
    "CreateAccessKey UserName=U",
    "UpdateAccessKey UserName=U AccessKeyId=K Status=Inactive",
    "UpdateAccessKey UserName=U AccessKeyId=K Status=Active",
    "DeleteAccessKey UserName=U AccessKeyId=K",
    "CreateGroup GroupName=G",
    "UpdateGroup GroupName=G NewGroupName=G",
    "DeleteGroup GroupName=G",
    "AddUserToGroup UserName=U GroupName=G",
    "AddUserToGroup UserName=U GroupName=G",
    "RemoveUserFromGroup UserName=U GroupName=G",
    "CreateRole RoleName=R AssumeRolePolicyDocument=TRUST",
    "CreateRole RoleName=R PermissionsBoundary=P AssumeRolePolicyDocument=TRUST",
    "DeleteRole RoleName=R",
    "CreatePolicy PolicyName=N PolicyDocument=DOCUMENT",
    "CreatePolicy PolicyName=N PolicyDocument=DOCUMENT",
    "CreatePolicyVersion PolicyArn=P PolicyDocument=DOCUMENT SetAsDefault=true",
    "DeletePolicyVersion PolicyArn=P VersionId=v1",
    "DeletePolicy PolicyArn=P",
    "AttachUserPolicy UserName=U PolicyArn=P",
    "AttachGroupPolicy GroupName=G PolicyArn=P",
    "AttachRolePolicy RoleName=R PolicyArn=P",
    "DetachUserPolicy UserName=U PolicyArn=P",
    "DetachGroupPolicy GroupName=G PolicyArn=P",
    "DetachRolePolicy RoleName=R PolicyArn=P",
    "PutUserPermissionsBoundary UserName=U PermissionsBoundary=P",
    "PutRolePermissionsBoundary RoleName=R PermissionsBoundary=P",
    "DeleteUserPermissionsBoundary UserName=U",
    "DeleteRolePermissionsBoundary RoleName=R",
    "PutUserPolicy UserName=U PolicyName=inline PolicyDocument=DOCUMENT",
    "DeleteUserPolicy UserName=U PolicyName=inline",
    "TagUser UserName=U Tags.member.1.Key=a Tags.member.1.Value=b",
    "UntagUser UserName=U TagKeys.member.1=A",
];

fn pick<'a>(entropy: &dyn Entropy, from: &[&'a str]) -> &'a str {
    from[uniform(entropy, from.len())]
}

fn line(entropy: &dyn Entropy, keys: &[String]) -> String {
    let operation = OPERATIONS[uniform(entropy, OPERATIONS.len())];
    let word = |word: &str| {
        let Some((member, value)) = word.split_once('=') else { return word.to_owned() };
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        let value = match value {
            "U" => pick(entropy, &["ann", "bob", "Ann"]),
            "G" => pick(entropy, &["g1", "g2", "G1"]),
            "R" => pick(entropy, &["r1", "r2"]),
            "N" => pick(entropy, &["p1", "p2"]),
            "P" => pick(
                entropy,
                &[
                    "arn:aws:iam::123456789012:policy/p1",
                    "arn:aws:iam::123456789012:policy/p2",
                    "arn:aws:iam::aws:policy/KeywheelApprover",
                ],
            ),
            "K" if keys.is_empty() => "AKIAUNKNOWNUNKNOWN12",
            "K" => pick(entropy, &keys),
            "DOCUMENT" => DOCUMENT,
            "TRUST" => TRUST,
            value => value,
        };
        format!("{member}={value}")
    };
    operation.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

/// The records of a kind by their keys without its prefix.
fn records(place: &Place, kind: &str) -> BTreeMap<String, Value> {
    let prefix = format!("{kind}\0");
    let image = place.store.durable_image();
    let of_kind = image.entries().iter().filter_map(|(key, entry)| {
        let name = str::from_utf8(key.as_bytes()).ok()?.strip_prefix(&prefix)?;
        let name = name.strip_prefix(&format!("{ACCOUNT}\0")).unwrap_or(name);
        let text = str::from_utf8(&entry.value).unwrap();
        let record = serde_json::from_str(text).unwrap_or_else(|_| Value::from(text));
        Some((name.to_owned(), record))
    });
    of_kind.collect()
}

fn attached(record: &Value, arn: &str) -> bool {
    let attached = record["permissions"]["attached"].as_array();
    attached.is_some_and(|attached| attached.iter().any(|known| known == arn))
}

/// What the records say of each other.
fn check(place: &Place, when: &str) {
    let users = records(place, "user");
    let (groups, roles) = (records(place, "iam-group"), records(place, "iam-role"));
    let (policies, names) = (records(place, "iam-policy"), records(place, "iam-group-name"));
    let census = &records(place, "iam-census")[ACCOUNT];
    for (noun, there) in [
        ("users", users.len()),
        ("groups", groups.len()),
        ("roles", roles.len()),
        ("policies", policies.len()),
    ] {
        assert_eq!(census[noun], there, "{noun} {when}");
    }
    let holders = || users.values().chain(groups.values()).chain(roles.values());
    let uses = |arn: &str| {
        let bounded = holders().filter(|holder| holder["boundary"] == arn).count();
        (holders().filter(|holder| attached(holder, arn)).count(), bounded)
    };
    for policy in policies.values() {
        let arn = format!("arn:aws:iam::{ACCOUNT}:policy/{}", policy["name"].as_str().unwrap());
        let (attached, bounded) = uses(&arn);
        assert_eq!(
            (&policy["uses"]["attached"], &policy["uses"]["boundary"]),
            (&attached.into(), &bounded.into()),
            "{arn} {when}"
        );
    }
    let approver = "arn:aws:iam::aws:policy/KeywheelApprover";
    let counted = &census["builtin"][approver];
    let counted = (counted["attached"].as_u64().unwrap_or(0), counted["boundary"].as_u64().unwrap_or(0));
    let (attached, bounded) = uses(approver);
    assert_eq!(counted, (attached as u64, bounded as u64), "{when}");
    // No one has a policy that is not there.
    for holder in holders() {
        let named = holder["permissions"]["attached"].as_array().cloned().unwrap_or_default();
        for arn in named.iter().chain([&holder["boundary"]]).filter_map(Value::as_str) {
            let name = arn.rsplit('/').next().unwrap();
            assert!(arn == approver || policies.contains_key(name), "{arn} {when}");
        }
    }
    assert_eq!(names.len(), groups.len(), "{when}");
    for (id, group) in &groups {
        let members = users
            .values()
            .filter(|user| user["groups"].as_array().unwrap().iter().any(|member| member == id.as_str()));
        assert_eq!(group["members"], members.count(), "{when}");
        let name = group["name"].as_str().unwrap().to_lowercase();
        assert_eq!(names[&name], id.as_str(), "{when}");
    }
    let mut keys: BTreeMap<String, Value> = records(place, "access-key");
    keys.retain(|_, key| key["principal"] != "root");
    for user in users.values() {
        for key in user["keys"].as_array().unwrap() {
            let stored = keys.remove(key["id"].as_str().unwrap()).unwrap();
            let owner = format!("user/{}", user["name"].as_str().unwrap());
            assert_eq!(stored["principal"], owner, "{when}");
            let rests = stored["inactive"].as_bool().unwrap_or(false);
            assert_eq!(key["active"], !rests, "{when}");
        }
    }
    assert!(keys.is_empty(), "a key without a user {when}");
}

#[tokio::test]
async fn wherever_a_walk_goes_the_records_agree() {
    let mut done: BTreeMap<String, usize> = BTreeMap::new();
    for seed in SEEDS {
        let (place, entropy, mut keys) = (Place::new().await, SimEntropy::new(seed), Vec::new());
        place.root("CreatePolicy PolicyName=p1 PolicyDocument={\"Statement\":{\"Effect\":\"Deny\",\"Action\":\"*\",\"Resource\":\"*\"}}").await;
        for step in 0..STEPS {
            let line = line(&entropy, &keys);
            let when = format!("after {line} (seed {seed}, step {step})");
            match place.send(&super::Signer::root(), &line).await {
                Ok(told) => {
                    *done.entry(line.split(' ').next().unwrap().to_owned()).or_default() += 1;
                    if line.starts_with("CreateAccessKey") {
                        keys.push(element(&told, "AccessKeyId").unwrap().to_owned());
                    }
                }
                Err(refused) => {
                    let code = refused.split(':').next().unwrap();
                    let known = ["NoSuchEntity", "EntityAlreadyExists", "DeleteConflict", "LimitExceeded"];
                    assert!(
                        known.contains(&code) || code == "AccessDenied" && line.contains(":aws:"),
                        "{refused} {when}"
                    );
                }
            }
            check(&place, &when);
            for name in ["ann", "bob", "Ann"] {
                place.node.ops.identity_of_user(ACCOUNT, name).await.unwrap();
            }
        }
    }
    for operation in OPERATIONS {
        let name = operation.split(' ').next().unwrap();
        assert!(done.contains_key(name), "no walk did {name}");
    }
}
