//! Keys of one account in the hands of another: the policy of the key and those of the caller agree, or nothing happens.

use keywheel_domain::rotation::Step;

use super::keys::{account, kms, new_key};
use super::*;

const OTHER: &str = "999999999999";
const THEIR_ANN: &str = "arn:aws:iam::999999999999:user/ann";
const NOT_ALLOWED: &str = "AccessDeniedException: Access to KMS is not allowed";
const FUNCTION: &str = "arn:aws:lambda:us-east-1:999999999999:function:f";

/// Ann of the other account, with these policies.
fn theirs(statements: &[Value]) -> Caller {
    let standing = Standing::User(Arc::new(identity(THEIR_ANN, "AIDATHEIRANN", statements)));
    Caller { account: OTHER.to_owned(), standing, ..user(statements) }
}

/// Ann of the other account, who may do everything there.
fn their_admin() -> Caller {
    theirs(&[policy("Allow", "*", "*")])
}

/// Lets the other account do this with a key.
fn sharing(actions: &Value) -> Value {
    json!({"Effect": "Allow", "Action": actions, "Resource": "*", "Principal": {"AWS": OTHER}})
}

async fn put_key_policy(world: &World, key: &str, statements: &[Value]) {
    let policy = json!({"Version": "2012-10-17", "Statement": statements}).to_string();
    kms(world, "PutKeyPolicy", json!({"KeyId": key, "PolicyName": "default", "Policy": policy})).await;
}

async fn answer(world: &World, caller: &Caller, target: &str, body: &Value) -> Value {
    let answer = world.ops.dispatch(caller, target, body.to_string().as_bytes()).await.unwrap();
    serde_json::from_slice(&answer).unwrap()
}

/// A refusal of Ann of the other account.
fn theirs_missing(action: &str, on: &str, layer: &str) -> String {
    denied(THEIR_ANN, action, on, &format!("because no {layer} allows the {action} action"))
}

fn create(name: &str, key: &str) -> Value {
    json!({"Name": name, "ClientRequestToken": TOKEN, "SecretString": "x", "KmsKeyId": key})
}

#[tokio::test]
async fn a_key_is_used_by_another_account_that_both_let_use_it() {
    let world = World::new().await;
    let key = new_key(&world, &[account()]).await;
    let alias = "arn:aws:kms:us-east-1:123456789012:alias/shared";
    kms(&world, "CreateAlias", json!({"AliasName": "alias/shared", "TargetKeyId": key})).await;
    let (nobody, admin) = (theirs(&[]), their_admin());
    let sealed = kms(&world, "Encrypt", json!({"KeyId": key, "Plaintext": "b25l"})).await;
    let blob = &sealed["CiphertextBlob"];
    let own =
        answer(&world, &admin, "TrentService.CreateKey", &json!({})).await["KeyMetadata"]["Arn"].clone();
    let uses = [
        ("Encrypt", "kms:Encrypt", json!({"Plaintext": "b25l"})),
        ("Decrypt", "kms:Decrypt", json!({"CiphertextBlob": blob})),
        ("GenerateDataKey", "kms:GenerateDataKey", json!({"KeySpec": "AES_256"})),
        (
            "GenerateDataKeyWithoutPlaintext",
            "kms:GenerateDataKeyWithoutPlaintext",
            json!({"KeySpec": "AES_256"}),
        ),
        ("DescribeKey", "kms:DescribeKey", json!({})),
        ("GetKeyRotationStatus", "kms:GetKeyRotationStatus", json!({})),
    ];
    for (operation, action, members) in &uses {
        let target = format!("TrentService.{operation}");
        for named in [key.as_str(), alias] {
            let mut body = members.clone();
            body["KeyId"] = json!(named);
            let told = |layer: &str| theirs_missing(action, named, layer);
            put_key_policy(&world, &key, &[account()]).await;
            check(&world, &admin, &target, &body, &told("resource-based policy")).await;
            put_key_policy(&world, &key, &[account(), sharing(&json!(action))]).await;
            check(&world, &nobody, &target, &body, &told("identity-based policy")).await;
            check(&world, &admin, &target, &body, "OK").await;
            check(&world, &theirs(&[policy("Allow", action, &key)]), &target, &body, "OK").await;
            let away = Caller { region: "eu-west-1".to_owned(), ..admin.clone() };
            let refused = ask(&world, &away, &target, &body).await;
            assert!(refused.starts_with("AccessDeniedException"), "from another region: {refused}");
        }
    }
    // Both keys of a re-encryption may be of another account.
    put_key_policy(&world, &key, &[account(), sharing(&json!(["kms:ReEncryptFrom", "kms:ReEncryptTo"]))])
        .await;
    for to in [json!(key), own] {
        let body = json!({"CiphertextBlob": blob, "DestinationKeyId": to});
        check(&world, &nobody, "TrentService.ReEncrypt", &body, &{
            let own = key.replace("123456789012", OTHER);
            theirs_missing("kms:ReEncryptFrom", &own, "identity-based policy")
        })
        .await;
        let made = answer(&world, &admin, "TrentService.ReEncrypt", &body).await;
        assert_eq!((&made["SourceKeyId"], &made["KeyId"]), (&json!(key), &to));
    }
}

#[tokio::test]
async fn a_ciphertext_is_opened_by_its_key_whosever_that_is() {
    let world = World::new().await;
    let key = new_key(&world, &[account()]).await;
    let id = key.rsplit('/').next().unwrap();
    let sealed = kms(&world, "Encrypt", json!({"KeyId": key, "Plaintext": "b25l"})).await;
    let body = json!({"CiphertextBlob": sealed["CiphertextBlob"]});
    let by_id = json!({"CiphertextBlob": sealed["CiphertextBlob"], "KeyId": id});
    let target = "TrentService.Decrypt";
    // Whose key it is, and that there is one, is not told.
    let theirs_would_be = key.replace("123456789012", OTHER);
    let gone = format!("NotFoundException: Key '{theirs_would_be}' does not exist");
    for body in [&body, &by_id] {
        check(&world, &their_admin(), target, body, &gone).await;
        let told = theirs_missing("kms:Decrypt", &theirs_would_be, "identity-based policy");
        check(&world, &theirs(&[]), target, body, &told).await;
    }
    put_key_policy(&world, &key, &[account(), sharing(&json!("kms:Decrypt"))]).await;
    for body in [&body, &by_id] {
        let opened = answer(&world, &their_admin(), target, body).await;
        assert_eq!((&opened["Plaintext"], &opened["KeyId"]), (&json!("b25l"), &json!(key)));
    }
    let other = new_key(&world, &[account(), sharing(&json!("kms:*"))]).await;
    let wrong = json!({"CiphertextBlob": sealed["CiphertextBlob"], "KeyId": other});
    let told = ask(&world, &their_admin(), target, &wrong).await;
    assert!(told.starts_with("IncorrectKeyException"), "{told}");
    kms(&world, "DisableKey", json!({"KeyId": key})).await;
    check(&world, &their_admin(), target, &body, &format!("DisabledException: {key} is disabled.")).await;
}

#[tokio::test]
async fn nothing_but_its_use_is_shared() {
    let world = World::new().await;
    let key = new_key(&world, &[account(), sharing(&json!("kms:*"))]).await;
    let open = json!({"Version": "2012-10-17", "Statement": account()}).to_string();
    for (operation, members) in [
        ("DisableKey", json!({})),
        ("EnableKey", json!({})),
        ("ScheduleKeyDeletion", json!({})),
        ("CancelKeyDeletion", json!({})),
        ("GetKeyPolicy", json!({})),
        ("PutKeyPolicy", json!({"PolicyName": "default", "Policy": open})),
        ("ListKeyPolicies", json!({})),
        ("EnableKeyRotation", json!({})),
        ("DisableKeyRotation", json!({})),
        ("RotateKeyOnDemand", json!({})),
        ("ListKeyRotations", json!({})),
        ("UpdateKeyDescription", json!({"Description": "ours"})),
        ("TagResource", json!({"Tags": []})),
        ("UntagResource", json!({"TagKeys": ["a"]})),
        ("ListResourceTags", json!({})),
        ("ListAliases", json!({})),
    ] {
        let (target, mut body) = (format!("TrentService.{operation}"), members);
        body["KeyId"] = json!(key);
        let action = format!("kms:{operation}");
        let told = theirs_missing(&action, &key, "resource-based policy");
        check(&world, &their_admin(), &target, &body, &told).await;
        // It is the same with a key that is not there.
        let gone = key.replace(key.rsplit('/').next().unwrap(), TOKEN);
        body["KeyId"] = json!(gone);
        let told = theirs_missing(&action, &gone, "resource-based policy");
        check(&world, &their_admin(), &target, &body, &told).await;
    }
    let alias = json!({"AliasName": "alias/ours", "TargetKeyId": key});
    let told = theirs_missing("kms:CreateAlias", &key, "resource-based policy");
    check(&world, &their_admin(), "TrentService.CreateAlias", &alias, &told).await;
    let described = kms(&world, "DescribeKey", json!({"KeyId": key})).await;
    assert_eq!(
        (&described["KeyMetadata"]["Enabled"], &described["KeyMetadata"]["Description"]),
        (&json!(true), &json!(""))
    );
}

#[tokio::test]
async fn a_secret_is_sealed_by_a_key_of_another_account() {
    let world = World::new().await;
    let key = new_key(&world, &[account()]).await;
    kms(&world, "CreateAlias", json!({"AliasName": "alias/shared", "TargetKeyId": key})).await;
    let alias = "arn:aws:kms:us-east-1:123456789012:alias/shared";
    let admin = their_admin();
    let none = key.replace(key.rsplit('/').next().unwrap(), TOKEN);
    let no_alias = "arn:aws:kms:us-east-1:123456789012:alias/none";
    let managed = "arn:aws:kms:us-east-1:123456789012:alias/aws/secretsmanager";
    let own_managed = kms(&world, "DescribeKey", json!({"KeyId": "alias/aws/secretsmanager"})).await;
    let managed_key = own_managed["KeyMetadata"]["Arn"].as_str().unwrap();
    // What is not shared might as well not be there, and neither is the service's own key.
    for named in [&key, alias, &none, no_alias, managed, managed_key] {
        check(&world, &admin, "CreateSecret", &create("app", named), NOT_ALLOWED).await;
    }
    let uses = json!(["kms:GenerateDataKey", "kms:Decrypt"]);
    put_key_policy(&world, &key, &[account(), sharing(&uses)]).await;
    check(
        &world,
        &theirs(&[policy("Allow", "secretsmanager:*", "*")]),
        "CreateSecret",
        &create("app", &key),
        NOT_ALLOWED,
    )
    .await;
    let mut named = json!({});
    for (name, given) in [("app", key.as_str()), ("by-alias", alias)] {
        check(&world, &admin, "CreateSecret", &create(name, given), "OK").await;
        named = json!({"SecretId": name});
        check(&world, &admin, "GetSecretValue", &named, "OK").await;
        let described = answer(&world, &admin, "secretsmanager.DescribeSecret", &named).await;
        assert_eq!(described["KmsKeyId"], given);
        let versions = answer(&world, &admin, "secretsmanager.ListSecretVersionIds", &named).await;
        assert_eq!(versions["Versions"][0]["KmsKeyIds"], json!([key]));
    }
    // The account of the key has no secret by that, and says who may use it.
    let put = json!({"SecretId": "app", "ClientRequestToken": "22222222-2222-4222-8222-222222222222", "SecretString": "y"});
    for (ends, begins, reads, writes) in [
        ("DisableKey", "EnableKey", "DecryptionFailure", "EncryptionFailure"),
        ("ScheduleKeyDeletion", "CancelKeyDeletion", "DecryptionFailure", "EncryptionFailure"),
    ] {
        kms(&world, ends, json!({"KeyId": key})).await;
        for (action, body, expected) in [("GetSecretValue", &named, reads), ("PutSecretValue", &put, writes)]
        {
            let told = ask(&world, &admin, action, body).await;
            assert!(told.starts_with(expected), "{ends} {action}: {told}");
        }
        kms(&world, begins, json!({"KeyId": key})).await;
    }
    kms(&world, "EnableKey", json!({"KeyId": key})).await;
    check(&world, &admin, "GetSecretValue", &named, "OK").await;
    let via = json!({"StringEquals": {
        "kms:CallerAccount": OTHER,
        "kms:ViaService": "secretsmanager.us-east-1.amazonaws.com",
    }});
    let mut only_via = sharing(&uses);
    (only_via["Principal"], only_via["Condition"]) = (json!({"AWS": "*"}), via);
    put_key_policy(&world, &key, &[account(), only_via]).await;
    check(&world, &admin, "GetSecretValue", &named, "OK").await;
    check(&world, &admin, "PutSecretValue", &put, "OK").await;
    let direct = json!({"KeyId": key, "KeySpec": "AES_256"});
    let told = theirs_missing("kms:GenerateDataKey", &key, "resource-based policy");
    check(&world, &admin, "TrentService.GenerateDataKey", &direct, &told).await;
    put_key_policy(&world, &key, &[account()]).await;
    check(&world, &admin, "GetSecretValue", &named, NOT_ALLOWED).await;
    check(&world, &admin, "DescribeSecret", &named, "OK").await;
}

#[tokio::test]
async fn a_secret_leaves_the_key_of_another_account_while_it_may_be_used() {
    let world = World::new().await;
    let uses = json!(["kms:GenerateDataKey", "kms:Decrypt"]);
    let key = new_key(&world, &[account(), sharing(&uses)]).await;
    let admin = their_admin();
    check(&world, &admin, "CreateSecret", &create("app", &key), "OK").await;
    let own = answer(&world, &admin, "TrentService.CreateKey", &json!({})).await;
    let own = own["KeyMetadata"]["KeyId"].as_str().unwrap();
    let leave = |to: &str| json!({"SecretId": "app", "ClientRequestToken": TOKEN, "KmsKeyId": to});
    put_key_policy(&world, &key, &[account()]).await;
    for to in [own, ""] {
        check(&world, &admin, "UpdateSecret", &leave(to), NOT_ALLOWED).await;
    }
    put_key_policy(&world, &key, &[account(), sharing(&uses)]).await;
    check(&world, &admin, "UpdateSecret", &leave(own), "OK").await;
    kms(&world, "DisableKey", json!({"KeyId": key})).await;
    check(&world, &admin, "GetSecretValue", &json!({"SecretId": "app"}), "OK").await;
    check(&world, &admin, "UpdateSecret", &leave(&key), "EncryptionFailure: Secrets Manager can't encrypt the protected secret text using the provided KMS key. Check that the KMS key is available, enabled, and not in an invalid state.").await;
}

#[tokio::test]
async fn a_secret_is_read_from_another_account_by_whom_its_policy_and_its_key_let_in() {
    let (world, arn) = with_secret().await;
    let key = new_key(&world, &[account()]).await;
    let update = json!({"SecretId": "app", "ClientRequestToken": TOKEN, "KmsKeyId": key});
    world.call("UpdateSecret", &update).await.unwrap();
    let every = json!({"Effect": "Allow", "Action": "*", "Resource": "*", "Principal": {"AWS": OTHER}});
    put_policy(&world, every).await;
    let (admin, named) = (their_admin(), json!({"SecretId": arn}));
    check(&world, &admin, "GetSecretValue", &named, NOT_ALLOWED).await;
    put_key_policy(&world, &key, &[account(), sharing(&json!("kms:Decrypt"))]).await;
    check(&world, &admin, "GetSecretValue", &named, "OK").await;
    check(
        &world,
        &theirs(&[policy("Allow", "secretsmanager:*", "*")]),
        "GetSecretValue",
        &named,
        NOT_ALLOWED,
    )
    .await;
    let put = json!({"SecretId": arn, "ClientRequestToken": "22222222-2222-4222-8222-222222222222", "SecretString": "y"});
    check(&world, &admin, "PutSecretValue", &put, NOT_ALLOWED).await;
    // Whoever changes the secret names keys as the secret would: a short name is one of its account.
    let theirs_key = answer(&world, &admin, "TrentService.CreateKey", &json!({})).await;
    let id = theirs_key["KeyMetadata"]["KeyId"].as_str().unwrap();
    let update = |to: &str| json!({"SecretId": arn, "ClientRequestToken": TOKEN, "KmsKeyId": to});
    check(&world, &admin, "UpdateSecret", &update(id), NOT_ALLOWED).await;
    let default = "InvalidRequestException: You can't access a secret from a different AWS account if you encrypt the \
                   secret with the default KMS service key.";
    check(&world, &admin, "UpdateSecret", &update(""), default).await;
    check(&world, &Node::root(), "GetSecretValue", &named, "OK").await;
    // A key of their own serves, and then it is theirs to share.
    let theirs_arn = theirs_key["KeyMetadata"]["Arn"].as_str().unwrap();
    check(&world, &admin, "UpdateSecret", &update(theirs_arn), "OK").await;
    check(&world, &admin, "GetSecretValue", &named, "OK").await;
    check(&world, &Node::root(), "GetSecretValue", &named, NOT_ALLOWED).await;
}

/// A function reads what was sealed by a key of another account while that account lets it in, until the target was
/// touched: then the rotation comes first.
#[tokio::test]
async fn a_function_uses_a_key_of_another_account_as_that_account_says() {
    let world = World::new().await;
    let uses = json!(["kms:GenerateDataKey", "kms:Decrypt"]);
    let key = new_key(&world, &[account(), sharing(&uses)]).await;
    let made = answer(&world, &their_admin(), "secretsmanager.CreateSecret", &create("app", &key)).await;
    let arn = made["ARN"].as_str().unwrap().to_owned();
    let function = |step, statements: Option<&[Value]>| {
        let principal = Principal::ByHand {
            function_arn: FUNCTION.to_owned(),
            secret_arn: arn.clone(),
            secret_name: "app".to_owned(),
            readable: Vec::new(),
            token: TOKEN.to_owned(),
            step,
        };
        let standing = statements.map_or(Standing::Nothing, |statements| session(statements, &[]).standing);
        Caller { account: OTHER.to_owned(), principal, standing, session: None, ..Node::root() }
    };
    let named = json!({"SecretId": arn});
    let read = async |step, statements: Option<&[Value]>| {
        ask(&world, &function(step, statements), "GetSecretValue", &named).await
    };
    let role = json!({"Effect": "Allow", "Action": uses, "Resource": "*", "Principal": {"AWS": "arn:aws:iam::123456789012:role/app/reader"}});
    let keeping_out =
        json!({"Effect": "Deny", "Action": "kms:*", "Resource": "*", "Principal": {"AWS": OTHER}});
    let allow = [policy("Allow", "kms:Decrypt", "*")];
    let deny = [policy("Deny", "kms:Decrypt", "*")];
    let none: &[Value] = &[];
    for (shared, statements, begins) in [
        (vec![account(), sharing(&uses)], None, true),
        (vec![account(), sharing(&uses)], Some(none), true),
        (vec![account(), sharing(&uses)], Some(&deny[..]), false),
        (vec![account(), sharing(&uses), keeping_out], Some(&allow[..]), false),
        (vec![account(), role.clone()], Some(&allow[..]), true),
        (vec![account(), role], None, false),
        (vec![account()], None, false),
        (vec![account()], Some(&allow[..]), false),
    ] {
        put_key_policy(&world, &key, &shared).await;
        let expected = if begins { "OK" } else { NOT_ALLOWED };
        assert_eq!(read(Step::CreateSecret, statements).await, expected, "{shared:?} {statements:?}");
        for later in [Step::SetSecret, Step::TestSecret, Step::FinishSecret] {
            assert_eq!(read(later, statements).await, "OK", "{shared:?} {statements:?}");
        }
    }
}

#[tokio::test]
async fn a_rotation_goes_through_under_a_key_of_another_account_or_does_not_begin() {
    let world = World::new().await;
    let made = answer(&world, &their_admin(), "TrentService.CreateKey", &json!({})).await;
    let key = made["KeyMetadata"]["Arn"].as_str().unwrap();
    let uses = json!(["kms:GenerateDataKey", "kms:Decrypt"]);
    let put = async |statements: &[Value]| {
        let policy = json!({"Version": "2012-10-17", "Statement": statements}).to_string();
        let body = json!({"KeyId": key, "PolicyName": "default", "Policy": policy});
        check(&world, &their_admin(), "TrentService.PutKeyPolicy", &body, "OK").await;
    };
    let of = |principal: &str, actions: &Value| json!({"Effect": "Allow", "Action": actions, "Resource": "*", "Principal": {"AWS": principal}});
    let own = of(OTHER, &json!("kms:*"));
    let shared = [own.clone(), of("123456789012", &uses)];
    put(&shared).await;
    world.call("CreateSecret", &create("app", key)).await.unwrap();
    let rotate = async |token: &str| {
        let body = json!({
            "SecretId": "app", "ClientRequestToken": token, "RotationLambdaARN": super::super::world::FUNCTION_ARN,
        });
        world.call("RotateSecret", &body).await.unwrap();
        world.work().await;
        world.call("DescribeSecret", &json!({"SecretId": "app"})).await.unwrap()["VersionIdsToStages"].clone()
    };
    let [first, second] = ["22222222-2222-4222-8222-222222222222", "33333333-3333-4333-8333-333333333333"];
    assert_eq!(rotate(first).await[first], json!(["AWSCURRENT"]));
    let versions = world.call("ListSecretVersionIds", &json!({"SecretId": "app"})).await.unwrap();
    assert!(
        versions["Versions"].as_array().unwrap().iter().all(|version| version["KmsKeyIds"] == json!([key]))
    );
    put(&[own]).await;
    let stages = rotate(second).await;
    assert_eq!((&stages[first], &stages[second]), (&json!(["AWSCURRENT"]), &json!(["AWSPENDING"])));
    let told = world.send("Keywheel.DescribeRotation", br#"{"SecretId":"app"}"#).await.unwrap();
    let told = String::from_utf8(told).unwrap();
    assert!(
        told.contains("Access to KMS is not allowed") && !told.contains("setSecret was called"),
        "{told}"
    );
    put(&shared).await;
    world.send("Keywheel.RetryRotation", br#"{"SecretId":"app"}"#).await.unwrap();
    world.work().await;
    let described = world.call("DescribeSecret", &json!({"SecretId": "app"})).await.unwrap();
    assert_eq!(described["VersionIdsToStages"][second], json!(["AWSCURRENT"]));
}
