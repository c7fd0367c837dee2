use super::*;

pub(super) async fn kms(world: &World, operation: &str, body: Value) -> Value {
    let target = format!("TrentService.{operation}");
    let answer = world.send(&target, body.to_string().as_bytes()).await.unwrap();
    if answer.is_empty() { Value::Null } else { serde_json::from_slice(&answer).unwrap() }
}

/// A key with this statement in its policy, beside the one that lets the account in.
pub(super) async fn new_key(world: &World, statements: &[Value]) -> String {
    let policy = json!({"Version": "2012-10-17", "Statement": statements});
    let made = kms(world, "CreateKey", json!({"Policy": policy.to_string()})).await;
    made["KeyMetadata"]["Arn"].as_str().unwrap().to_owned()
}

pub(super) fn account() -> Value {
    json!({"Effect": "Allow", "Action": "kms:*", "Resource": "*", "Principal": {"AWS": "123456789012"}})
}

#[tokio::test]
async fn a_key_is_used_by_whom_its_policy_lets_in() {
    let world = World::new().await;
    let shared = new_key(&world, &[account()]).await;
    let ann = json!({"Effect": "Allow", "Action": "kms:Encrypt", "Resource": "*", "Principal": {"AWS": ANN}});
    let anns = new_key(&world, std::slice::from_ref(&ann)).await;
    let (nobody, all) = (user(&[]), user(&[policy("Allow", "kms:*", "*")]));
    let encrypt = |key: &str| json!({"KeyId": key, "Plaintext": "b25l"});
    let target = "TrentService.Encrypt";
    check(
        &world,
        &nobody,
        target,
        &encrypt(&shared),
        &missing("kms:Encrypt", &shared, "identity-based policy"),
    )
    .await;
    check(&world, &all, target, &encrypt(&shared), "OK").await;
    check(&world, &nobody, target, &encrypt(&anns), "OK").await;
    let read = json!({"KeyId": anns});
    let told = missing("kms:DescribeKey", &anns, "resource-based policy");
    check(&world, &all, "TrentService.DescribeKey", &read, &told).await;
    // Root can use and repair any key of the account that does not deny it.
    check(&world, &Node::root(), "TrentService.DescribeKey", &read, "OK").await;
    let deny = json!({"Effect": "Deny", "Action": "*", "Resource": "*", "Principal": "*"});
    let closed = new_key(&world, &[account(), deny]).await;
    let told = denied(
        "arn:aws:iam::123456789012:root",
        "kms:Encrypt",
        &closed,
        "with an explicit deny in a resource-based policy",
    );
    check(&world, &Node::root(), target, &encrypt(&closed), &told).await;
    let open = json!({"Version": "2012-10-17", "Statement": account()}).to_string();
    let put = json!({"KeyId": closed, "PolicyName": "default", "Policy": open});
    check(&world, &Node::root(), "TrentService.PutKeyPolicy", &put, "OK").await;
    check(&world, &Node::root(), target, &encrypt(&closed), "OK").await;
}

#[tokio::test]
async fn a_secret_is_read_by_whom_its_key_lets_decrypt() {
    let world = World::new().await;
    let key = new_key(&world, &[account()]).await;
    let body = json!({"Name": "app", "ClientRequestToken": TOKEN, "SecretString": "x", "KmsKeyId": key});
    let arn = world.call("CreateSecret", &body).await.unwrap()["ARN"].as_str().unwrap().to_owned();
    let secrets = policy("Allow", "secretsmanager:*", "*");
    let app = json!({"SecretId": "app"});
    let told = "AccessDeniedException: Access to KMS is not allowed";
    check(&world, &user(std::slice::from_ref(&secrets)), "GetSecretValue", &app, told).await;
    check(&world, &user(std::slice::from_ref(&secrets)), "DescribeSecret", &app, "OK").await;
    for (key, right, wrong) in [
        ("kms:ViaService", "secretsmanager.us-east-1.amazonaws.com", "s3.us-east-1.amazonaws.com"),
        ("kms:EncryptionContext:SecretARN", arn.as_str(), "arn:aws:secretsmanager:::other"),
        ("kms:EncryptionContext:SecretVersionId", TOKEN, "another"),
        ("kms:CallerAccount", "123456789012", "999999999999"),
        ("kms:KeySpec", "SYMMETRIC_DEFAULT", "RSA_2048"),
        ("aws:ViaAWSService", "true", "false"),
    ] {
        for (value, expected) in [(right, "OK"), (wrong, told)] {
            let decrypt = policy_if("Allow", "kms:Decrypt", "StringEquals", key, value);
            check(&world, &user(&[secrets.clone(), decrypt]), "GetSecretValue", &app, expected).await;
        }
    }
    let put = json!({"SecretId": "app", "ClientRequestToken": "22222222-2222-4222-8222-222222222222", "SecretString": "y"});
    let decrypt = policy("Allow", "kms:Decrypt", "*");
    check(&world, &user(&[secrets.clone(), decrypt.clone()]), "PutSecretValue", &put, told).await;
    let generate = policy("Allow", "kms:GenerateDataKey", "*");
    check(&world, &user(&[secrets, decrypt, generate]), "PutSecretValue", &put, "OK").await;
}

#[tokio::test]
async fn an_encryption_context_can_be_a_condition() {
    let world = World::new().await;
    let key = new_key(&world, &[account()]).await;
    let body = json!({"KeyId": key, "Plaintext": "b25l", "EncryptionContext": {"Team": "blue", "Use": "x"}});
    for (condition, value, expected) in [
        ("kms:EncryptionContext:team", "blue", true),
        ("kms:EncryptionContext:Team", "red", false),
        ("kms:EncryptionContext:Other", "blue", false),
    ] {
        let caller = user(&[policy_if("Allow", "kms:Encrypt", "StringEquals", condition, value)]);
        let told = ask(&world, &caller, "TrentService.Encrypt", &body).await;
        assert_eq!(told == "OK", expected, "{condition} {value}: {told}");
    }
}

#[tokio::test]
async fn what_is_asked_of_a_key_can_be_a_condition() {
    let world = World::new().await;
    let key = new_key(&world, &[account()]).await;
    let with = |members: Value| {
        let mut body = json!({"KeyId": key});
        body.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        body
    };
    let tags = json!({"Tags": [{"TagKey": "Team", "TagValue": "blue"}, {"TagKey": "use", "TagValue": "x"}]});
    let bypassing = json!({"BypassPolicyLockoutSafetyCheck": true});
    let open = json!({"Version": "2012-10-17", "Statement": account()}).to_string();
    let put = json!({"PolicyName": "default", "Policy": open});
    let mut put_bypassing = put.clone();
    put_bypassing["BypassPolicyLockoutSafetyCheck"] = json!(true);
    for (operation, body, operator, condition, right, wrong) in [
        ("CreateKey", tags.clone(), "StringEquals", "aws:RequestTag/team", "blue", "red"),
        ("CreateKey", tags.clone(), "ForAnyValue:StringEquals", "aws:TagKeys", "use", "other"),
        ("CreateKey", json!({}), "StringEquals", "kms:KeySpec", "SYMMETRIC_DEFAULT", "RSA_2048"),
        (
            "CreateKey",
            json!({"KeySpec": "SYMMETRIC_DEFAULT"}),
            "StringEquals",
            "kms:CustomerMasterKeySpec",
            "SYMMETRIC_DEFAULT",
            "HMAC_256",
        ),
        ("CreateKey", json!({}), "StringEquals", "kms:KeyUsage", "ENCRYPT_DECRYPT", "SIGN_VERIFY"),
        ("CreateKey", json!({}), "StringEquals", "kms:KeyOrigin", "AWS_KMS", "EXTERNAL"),
        ("CreateKey", json!({"MultiRegion": false}), "Bool", "kms:MultiRegion", "false", "true"),
        ("CreateKey", json!({}), "Bool", "kms:BypassPolicyLockoutSafetyCheck", "false", "true"),
        ("CreateKey", bypassing, "Bool", "kms:BypassPolicyLockoutSafetyCheck", "true", "false"),
        ("PutKeyPolicy", with(put), "Bool", "kms:BypassPolicyLockoutSafetyCheck", "false", "true"),
        ("PutKeyPolicy", with(put_bypassing), "Bool", "kms:BypassPolicyLockoutSafetyCheck", "true", "false"),
        ("TagResource", with(tags.clone()), "StringEquals", "aws:RequestTag/Team", "blue", "red"),
        ("TagResource", with(tags.clone()), "ForAllValues:StringLike", "aws:TagKeys", "*e*", "T*"),
        (
            "UntagResource",
            with(json!({"TagKeys": ["use"]})),
            "ForAllValues:StringEquals",
            "aws:TagKeys",
            "use",
            "Team",
        ),
        (
            "EnableKeyRotation",
            with(json!({"RotationPeriodInDays": 90})),
            "NumericEquals",
            "kms:RotationPeriodInDays",
            "90",
            "91",
        ),
        // What is not named is measured as what it comes to.
        ("EnableKeyRotation", with(json!({})), "NumericEquals", "kms:RotationPeriodInDays", "365", "90"),
        (
            "ScheduleKeyDeletion",
            with(json!({"PendingWindowInDays": 7})),
            "NumericLessThan",
            "kms:ScheduleKeyDeletionPendingWindowInDays",
            "8",
            "7",
        ),
    ] {
        let target = format!("TrentService.{operation}");
        for (value, allowed) in [(wrong, false), (right, true)] {
            let caller = user(&[policy_if("Allow", &format!("kms:{operation}"), operator, condition, value)]);
            let told = ask(&world, &caller, &target, &body).await;
            assert!(told == "OK" || told.starts_with("AccessDenied"), "{operation} {condition}: {told}");
            assert_eq!(told == "OK", allowed, "{operation} {condition} {value}: {told}");
        }
    }
    let key = new_key(&world, &[account()]).await;
    let condition = "kms:ScheduleKeyDeletionPendingWindowInDays";
    let caller = user(&[policy_if("Allow", "kms:*", "NumericGreaterThanEquals", condition, "30")]);
    let target = "TrentService.ScheduleKeyDeletion";
    let week = json!({"KeyId": key, "PendingWindowInDays": 7});
    let told = missing("kms:ScheduleKeyDeletion", &key, "identity-based policy");
    check(&world, &caller, target, &week, &told).await;
    check(&world, &caller, target, &json!({"KeyId": key}), "OK").await;
}

#[tokio::test]
async fn the_key_that_a_secret_asks_for_can_be_a_condition() {
    let world = World::new().await;
    let (key, other) = (new_key(&world, &[account()]).await, new_key(&world, &[account()]).await);
    kms(&world, "CreateAlias", json!({"AliasName": "alias/mine", "TargetKeyId": key})).await;
    let alias_arn = "arn:aws:kms:us-east-1:123456789012:alias/mine";
    let id = |arn: &str| arn.rsplit('/').next().unwrap().to_owned();
    let uses = policy("Allow", "kms:*", "*");
    let given = policy_if("Allow", "secretsmanager:*", "ArnEquals", "secretsmanager:KmsKeyArn", &key);
    let caller = user(&[given, uses]);
    let create = |name: &str, key: &str| json!({"Name": name, "ClientRequestToken": TOKEN, "SecretString": "x", "KmsKeyId": key});
    let update = |key: &str| json!({"SecretId": "n0", "ClientRequestToken": TOKEN, "KmsKeyId": key});
    for (number, named) in
        [key.clone(), id(&key), "alias/mine".to_owned(), alias_arn.to_owned()].iter().enumerate()
    {
        check(&world, &caller, "CreateSecret", &create(&format!("n{number}"), named), "OK").await;
        check(&world, &caller, "UpdateSecret", &update(named), "OK").await;
    }
    // Another key, one that is not there, and none at all are refused in the same words.
    let told = missing("secretsmanager:CreateSecret", "m", "identity-based policy");
    let nothing = "11111111-2222-4333-8444-555555555555";
    for named in [
        other.clone(),
        id(&other),
        nothing.to_owned(),
        "alias/none".to_owned(),
        "alias/aws/secretsmanager".to_owned(),
    ] {
        check(&world, &caller, "CreateSecret", &create("m", &named), &told).await;
        let told = missing("secretsmanager:UpdateSecret", "n0", "identity-based policy");
        check(&world, &caller, "UpdateSecret", &update(&named), &told).await;
    }
    let body = json!({"Name": "m", "ClientRequestToken": TOKEN, "SecretString": "x"});
    check(&world, &caller, "CreateSecret", &body, &told).await;
}
