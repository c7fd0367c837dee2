//! What is simulated is what happens.

use super::{Place, Signer, element};

const ANN: &str = "arn:aws:iam::123456789012:user/ann";

/// What each of these policies of Ann lets her do.
const POLICIES: [&str; 6] = [
    r#"{"Effect":"Allow","Action":"iam:*","Resource":"*"}"#,
    r#"{"Effect":"Allow","Action":"iam:Get*","Resource":"arn:aws:iam::*:user/a*"}"#,
    r#"{"Effect":"Allow","NotAction":"iam:GetUser","Resource":"*"}"#,
    r#"[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"iam:GetUser","NotResource":"arn:aws:iam::123456789012:user/${aws:username}"}]"#,
    r#"{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalTag/team":"blue"}}}"#,
    r#"{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalTag/team":"red"}}}"#,
];

#[tokio::test]
async fn a_simulation_decides_as_a_request_is_decided() {
    let place = Place::new().await;
    place.root("CreateUser UserName=ann Tags.member.1.Key=team Tags.member.1.Value=blue").await;
    place.root("CreateUser UserName=bob").await;
    let ann = place.key_of("ann").await;
    let mut decided = std::collections::BTreeSet::new();
    for statement in POLICIES {
        let document = format!(r#"{{"Version":"2012-10-17","Statement":{statement}}}"#);
        place.root(&format!("PutUserPolicy UserName=ann PolicyName=P PolicyDocument={document}")).await;
        for (action, resource, line) in [
            ("iam:GetUser", ANN, "GetUser UserName=ann"),
            ("iam:GetUser", "arn:aws:iam::123456789012:user/bob", "GetUser UserName=bob"),
            ("iam:ListUserTags", ANN, "ListUserTags UserName=ann"),
            ("iam:ListUsers", "*", "ListUsers"),
        ] {
            let allowed = match place.send(&ann, line).await {
                Ok(_) => true,
                Err(refused) if refused.starts_with("AccessDenied") => false,
                Err(refused) => panic!("{refused}"),
            };
            for asked in [
                format!("SimulatePrincipalPolicy PolicySourceArn={ANN}"),
                format!("SimulateCustomPolicy PolicyInputList.member.1={document} CallerArn={ANN}"),
            ] {
                let line = format!("{asked} ActionNames.member.1={action} ResourceArns.member.1={resource}");
                let told = place.root(&line).await;
                let decision = element(&told, "EvalDecision").unwrap();
                assert_eq!(decision == "allowed", allowed, "{statement} {line}: {told}");
                decided.insert(decision.to_owned());
            }
        }
    }
    assert_eq!(decided.into_iter().collect::<Vec<_>>(), ["allowed", "explicitDeny", "implicitDeny"]);
}

#[tokio::test]
async fn who_may_not_see_what_somebody_may_do_is_refused() {
    let place = Place::new().await;
    place.root("CreateUser UserName=ann").await;
    let ann = place.key_of("ann").await;
    let action = "ActionNames.member.1=s3:GetObject";
    let document = r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;
    let asked = [
        ("SimulatePrincipalPolicy", format!("PolicySourceArn={ANN} {action}")),
        ("GetContextKeysForPrincipalPolicy", format!("PolicySourceArn={ANN}")),
        ("SimulateCustomPolicy", format!("PolicyInputList.member.1={document} {action}")),
        ("GetContextKeysForCustomPolicy", format!("PolicyInputList.member.1={document}")),
    ];
    for (operation, members) in &asked {
        let told = place.send(&ann, &format!("{operation} {members}")).await.unwrap_err();
        assert!(told.contains(&format!("is not authorized to perform: iam:{operation}")), "{told}");
        // Nor is it told whether there is such a user.
        let nobody = members.replace("user/ann", "user/nobody");
        let told = place.send(&ann, &format!("{operation} {nobody}")).await.unwrap_err();
        assert!(told.starts_with("AccessDenied"), "{told}");
    }
    for (operation, members) in &asked {
        let allow = format!(
            r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Action":"iam:{operation}","Resource":"*"}}}}"#
        );
        place.root(&format!("PutUserPolicy UserName=ann PolicyName=P PolicyDocument={allow}")).await;
        place.send(&ann, &format!("{operation} {members}")).await.unwrap();
        let others = asked.iter().filter(|(other, _)| other != operation);
        for (other, members) in others {
            place.send(&ann, &format!("{other} {members}")).await.unwrap_err();
        }
    }
    place
        .send(&Signer::root(), &format!("SimulatePrincipalPolicy PolicySourceArn={ANN} {action}"))
        .await
        .unwrap();
}
