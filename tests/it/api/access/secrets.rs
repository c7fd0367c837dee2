use super::*;

const GET: &str = "secretsmanager:GetSecretValue";

fn app() -> Value {
    json!({"SecretId": "app"})
}

#[tokio::test]
async fn policies_of_a_user_decide() {
    let (world, arn) = with_secret().await;
    let get = policy("Allow", GET, "*");
    let app = app();
    let none = missing(GET, "app", "identity-based policy");
    for (statements, expected) in [
        (vec![], none.as_str()),
        (vec![get.clone()], "OK"),
        (vec![policy("Allow", "secretsmanager:Get*", &arn)], "OK"),
        (vec![policy("Allow", "SecretsManager:getsecretvalue", "*")], "OK"),
        (vec![policy("Allow", "*", "arn:aws:secretsmanager:us-east-1:123456789012:secret:app-??????")], "OK"),
        (
            vec![policy("Allow", "*", "arn:aws:secretsmanager:us-east-1:123456789012:secret:app")],
            none.as_str(),
        ),
        (vec![policy("Allow", "secretsmanager:DescribeSecret", "*")], none.as_str()),
        (
            vec![get.clone(), policy("Deny", "secretsmanager:*", "*")],
            &denied(ANN, GET, "app", "with an explicit deny in an identity-based policy"),
        ),
    ] {
        check(&world, &user(&statements), "GetSecretValue", &app, expected).await;
    }
    // Somebody of whom the store knows nothing may do nothing.
    let unknown = Caller { standing: Standing::Nothing, ..user(&[]) };
    check(&world, &unknown, "GetSecretValue", &app, &none).await;
}

#[tokio::test]
async fn strangers_are_not_told_what_there_is() {
    let (world, _) = with_secret().await;
    let stranger = user(&[policy("Allow", "secretsmanager:ListSecrets", "*")]);
    let reader = user(&[policy(
        "Allow",
        "secretsmanager:*",
        "arn:aws:secretsmanager:us-east-1:123456789012:secret:mine-??????",
    )]);
    let gone = "ResourceNotFoundException: Secrets Manager can't find the specified secret.";
    for (action, members) in [
        ("GetSecretValue", json!({})),
        ("DescribeSecret", json!({})),
        ("DeleteSecret", json!({"ForceDeleteWithoutRecovery": true})),
        ("UpdateSecret", json!({"ClientRequestToken": TOKEN, "KmsKeyId": "alias/none"})),
        ("TagResource", json!({"Tags": []})),
    ] {
        for name in ["app", "nobody"] {
            let mut body = members.clone();
            body["SecretId"] = name.into();
            let expected = missing(&format!("secretsmanager:{action}"), name, "identity-based policy");
            check(&world, &stranger, action, &body, &expected).await;
        }
    }
    check(&world, &reader, "GetSecretValue", &json!({"SecretId": "mine"}), gone).await;
    let create = json!({"Name": "mine", "ClientRequestToken": TOKEN, "SecretString": "x"});
    check(&world, &reader, "CreateSecret", &create, "OK").await;
    check(&world, &reader, "GetSecretValue", &json!({"SecretId": "mine"}), "OK").await;
    let other = json!({"Name": "other", "ClientRequestToken": TOKEN});
    let expected = missing("secretsmanager:CreateSecret", "other", "identity-based policy");
    check(&world, &reader, "CreateSecret", &other, &expected).await;
}

#[tokio::test]
async fn a_boundary_and_session_policies_are_the_most_that_may_be_done() {
    let (world, _) = with_secret().await;
    let (all, get) = (policy("Allow", "*", "*"), policy("Allow", GET, "*"));
    let app = app();
    let put = json!({"SecretId": "app", "ClientRequestToken": TOKEN, "SecretString": "x"});
    let bounded = bounded_user(std::slice::from_ref(&all), Some(&get));
    check(&world, &bounded, "GetSecretValue", &app, "OK").await;
    let expected = missing("secretsmanager:PutSecretValue", "app", "permissions boundary");
    check(&world, &bounded, "PutSecretValue", &put, &expected).await;
    let wide = bounded_user(&[], Some(&all));
    check(&world, &wide, "GetSecretValue", &app, &missing(GET, "app", "identity-based policy")).await;

    let arn = "arn:aws:sts::123456789012:assumed-role/reader/one";
    let expected = denied(
        arn,
        "secretsmanager:PutSecretValue",
        "app",
        "because no session policy allows the secretsmanager:PutSecretValue action",
    );
    let within = session(std::slice::from_ref(&all), &[get]);
    check(&world, &within, "GetSecretValue", &app, "OK").await;
    check(&world, &within, "PutSecretValue", &put, &expected).await;
    check(&world, &session(&[all], &[]), "PutSecretValue", &put, "OK").await;
}

#[tokio::test]
async fn a_secrets_own_policy_lets_in_and_keeps_out() {
    let (world, _) = with_secret().await;
    let app = app();
    let (nobody, all) = (user(&[]), user(&[policy("Allow", "*", "*")]));
    let get = |principal: &str| json!({"Effect": "Allow", "Action": GET, "Resource": "*", "Principal": {"AWS": principal}});
    put_policy(&world, get(ANN)).await;
    check(&world, &nobody, "GetSecretValue", &app, "OK").await;
    let described = missing("secretsmanager:DescribeSecret", "app", "identity-based policy");
    check(&world, &nobody, "DescribeSecret", &app, &described).await;
    // Naming the account leaves it to the account's own policies.
    put_policy(&world, get("123456789012")).await;
    check(&world, &nobody, "GetSecretValue", &app, &missing(GET, "app", "identity-based policy")).await;
    check(
        &world,
        &session(&[], &[]),
        "GetSecretValue",
        &app,
        &denied(
            "arn:aws:sts::123456789012:assumed-role/reader/one",
            GET,
            "app",
            &format!("because no identity-based policy allows the {GET} action"),
        ),
    )
    .await;
    put_policy(&world, get("arn:aws:iam::123456789012:role/app/reader")).await;
    check(&world, &session(&[], &[]), "GetSecretValue", &app, "OK").await;

    put_policy(&world, json!({"Effect": "Deny", "Action": "*", "Resource": "*", "Principal": "*"})).await;
    let ending = "with an explicit deny in a resource-based policy";
    check(&world, &all, "GetSecretValue", &app, &denied(ANN, GET, "app", ending)).await;
    let root = "arn:aws:iam::123456789012:root";
    check(&world, &Node::root(), "GetSecretValue", &app, &denied(root, GET, "app", ending)).await;
    // Root can always repair it.
    for action in ["GetResourcePolicy", "DeleteResourcePolicy"] {
        check(&world, &Node::root(), action, &app, "OK").await;
    }
    check(&world, &Node::root(), "GetSecretValue", &app, "OK").await;
}

#[tokio::test]
async fn two_accounts_agree_or_nothing_happens() {
    let (world, arn) = with_secret().await;
    let theirs = |statements: &[Value]| {
        let caller = user(statements);
        let arn = "arn:aws:iam::999999999999:user/ann";
        let standing = Standing::User(Arc::new(identity(arn, "AIDAANN", statements)));
        Caller { account: "999999999999".to_owned(), standing, ..caller }
    };
    let (named, all) = (json!({"SecretId": arn}), [policy("Allow", "*", "*")]);
    let told = |layer: &str| {
        let ending = format!("because no {layer} allows the {GET} action");
        denied("arn:aws:iam::999999999999:user/ann", GET, &arn, &ending)
    };
    check(&world, &theirs(&all), "GetSecretValue", &named, &told("resource-based policy")).await;
    put_policy(
        &world,
        json!({"Effect": "Allow", "Action": GET, "Resource": "*", "Principal": {"AWS": "999999999999"}}),
    )
    .await;
    check(&world, &theirs(&[]), "GetSecretValue", &named, &told("identity-based policy")).await;
    // The service's own key stays in its account.
    let key = "InvalidRequestException: You can't access a secret from a different AWS account if you encrypt the \
               secret with the default KMS service key.";
    check(&world, &theirs(&all), "GetSecretValue", &named, key).await;
    let name = json!({"SecretId": "app"});
    let gone = "ResourceNotFoundException: Secrets Manager can't find the specified secret.";
    check(&world, &theirs(&all), "GetSecretValue", &name, gone).await;
}

#[tokio::test]
async fn many_at_once_are_decided_one_by_one() {
    let (world, arn) = with_secret().await;
    add(&world, "other", "red").await;
    let caller = user(&[
        policy("Allow", "secretsmanager:BatchGetSecretValue", "*"),
        policy("Allow", "secretsmanager:GetSecretValue", &arn),
    ]);
    let body = json!({"SecretIdList": ["app", "other", "nobody"]}).to_string();
    let answer = world.ops.dispatch(&caller, "secretsmanager.BatchGetSecretValue", body.as_bytes()).await;
    let answer: Value = serde_json::from_slice(&answer.unwrap()).unwrap();
    assert_eq!(answer["SecretValues"].as_array().unwrap().len(), 1);
    assert_eq!(answer["SecretValues"][0]["Name"], "app");
    let codes: Vec<_> =
        answer["Errors"].as_array().unwrap().iter().map(|error| &error["ErrorCode"]).collect();
    assert_eq!(codes, ["AccessDeniedException", "AccessDeniedException"]);
    let filters = json!({"Filters": [{"Key": "name", "Values": ["app"]}]});
    let expected = "AccessDeniedException: User: arn:aws:iam::123456789012:user/ann is not authorized to perform: \
                    secretsmanager:ListSecrets because no identity-based policy allows the \
                    secretsmanager:ListSecrets action";
    check(&world, &caller, "BatchGetSecretValue", &filters, expected).await;
}
