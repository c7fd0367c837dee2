use super::session as session_of;
use super::*;

/// Whether a policy with this condition lets the caller do it.
async fn holds(
    world: &World,
    caller: fn(&[Value]) -> Caller,
    target: &str,
    body: &Value,
    (operator, key, value): (&str, &str, &str),
) -> bool {
    let invoke = policy("Allow", "lambda:InvokeFunction", "*");
    let caller = caller(&[policy_if("Allow", "*", operator, key, value), invoke]);
    let told = ask(world, &caller, target, body).await;
    assert!(told == "OK" || told.starts_with("AccessDenied"), "{target} {key}: {told}");
    told == "OK"
}

#[tokio::test]
async fn the_keys_of_a_request_are_known() {
    let (world, arn) = with_secret().await;
    let get = json!({"SecretId": "app"});
    let cases = [
        ("StringEquals", "aws:username", "ann"),
        ("StringEquals", "aws:userid", "AIDAANN"),
        ("ArnEquals", "aws:PrincipalArn", ANN),
        ("StringEquals", "aws:PrincipalAccount", "123456789012"),
        ("StringEquals", "aws:PrincipalType", "User"),
        ("StringEquals", "aws:PrincipalTag/Team", "blue"),
        ("StringEquals", "aws:ResourceTag/team", "${aws:PrincipalTag/team}"),
        ("StringEquals", "secretsmanager:ResourceTag/Team", "blue"),
        ("IpAddress", "aws:SourceIp", "192.0.2.0/24"),
        ("Bool", "aws:SecureTransport", "true"),
        ("StringLike", "aws:UserAgent", "aws-cli/*"),
        ("StringEquals", "aws:RequestedRegion", "us-east-1"),
        ("StringEquals", "aws:ResourceAccount", "123456789012"),
        ("DateGreaterThan", "aws:CurrentTime", "2020-01-01T00:00:00Z"),
        ("NumericGreaterThan", "aws:EpochTime", "1577836800"),
        ("Null", "aws:TokenIssueTime", "true"),
        ("Null", "aws:MultiFactorAuthPresent", "true"),
        ("StringEquals", "secretsmanager:SecretId", "app"),
        ("StringEquals", "secretsmanager:VersionStage", "AWSCURRENT"),
        ("StringEquals", "secretsmanager:SecretPrimaryRegion", "us-east-1"),
    ];
    for (operator, key, value) in cases {
        assert!(holds(&world, user, "GetSecretValue", &get, (operator, key, value)).await, "{key} {value}");
        if !["Null", "DateGreaterThan", "NumericGreaterThan", "Bool", "IpAddress"].contains(&operator) {
            assert!(!holds(&world, user, "GetSecretValue", &get, (operator, key, "no")).await, "{key}");
        }
    }
    let arn = json!({"SecretId": arn, "VersionId": TOKEN});
    for (key, value) in [("VersionId", TOKEN), ("SecretId", arn["SecretId"].as_str().unwrap())] {
        let condition = ("StringEquals", &*format!("secretsmanager:{key}"), value);
        assert!(holds(&world, user, "GetSecretValue", &arn, condition).await, "{key}");
    }
    let stage = ("Null", "secretsmanager:VersionStage", "true");
    assert!(holds(&world, user, "GetSecretValue", &arn, stage).await, "no stage was asked for");
}

#[tokio::test]
async fn the_keys_of_a_session_are_known() {
    let (world, _) = with_secret().await;
    let session = |statements: &[Value]| session_of(statements, &[]);
    let get = json!({"SecretId": "app"});
    for condition in [
        ("StringEquals", "aws:userid", "AROAREADER:one"),
        ("ArnEquals", "aws:PrincipalArn", "arn:aws:iam::123456789012:role/app/reader"),
        ("StringEquals", "aws:PrincipalType", "AssumedRole"),
        ("StringEquals", "aws:PrincipalTag/project", "x"),
        ("StringEquals", "aws:PrincipalTag/team", "blue"),
        ("StringEquals", "aws:SourceIdentity", "ann"),
        ("DateEquals", "aws:TokenIssueTime", "1970-01-01T00:00:00Z"),
        ("Bool", "aws:MultiFactorAuthPresent", "false"),
        ("Null", "aws:username", "true"),
    ] {
        assert!(holds(&world, session, "GetSecretValue", &get, condition).await, "{condition:?}");
    }
}

#[tokio::test]
async fn what_a_request_asks_for_can_be_a_condition() {
    let (world, _) = with_secret().await;
    let secrets = |members: Value| {
        let mut body = json!({"SecretId": "app", "ClientRequestToken": TOKEN});
        body.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        body
    };
    let open = json!({"Version": "2012-10-17", "Statement": {
        "Effect": "Deny", "Action": "secretsmanager:Nothing", "Resource": "*", "Principal": "*",
    }});
    let create = |name: &str, members: Value| {
        let mut body = json!({"Name": name, "ClientRequestToken": TOKEN, "SecretString": "x"});
        body.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        body
    };
    let function = super::super::world::FUNCTION_ARN;
    let rotate = json!({
        "ClientRequestToken": "22222222-2222-4222-8222-222222222222",
        "RotationLambdaARN": function, "RotateImmediately": false, "RotationRules": {"AutomaticallyAfterDays": 9}});
    for (action, body, operator, key, right, wrong) in [
        (
            "TagResource",
            secrets(json!({"Tags": [{"Key": "a", "Value": "b"}]})),
            "StringEquals",
            "aws:RequestTag/A",
            "b",
            "c",
        ),
        (
            "TagResource",
            secrets(json!({"Tags": [{"Key": "a", "Value": "b"}]})),
            "ForAllValues:StringEquals",
            "aws:TagKeys",
            "a",
            "b",
        ),
        (
            "UntagResource",
            secrets(json!({"TagKeys": ["a"]})),
            "ForAllValues:StringEquals",
            "aws:TagKeys",
            "a",
            "b",
        ),
        (
            "UpdateSecret",
            secrets(json!({"Description": "d"})),
            "StringEquals",
            "secretsmanager:Description",
            "d",
            "e",
        ),
        (
            "PutResourcePolicy",
            secrets(json!({"ResourcePolicy": open.to_string(), "BlockPublicPolicy": true})),
            "Bool",
            "secretsmanager:BlockPublicPolicy",
            "true",
            "false",
        ),
        (
            "RotateSecret",
            secrets(rotate.clone()),
            "ArnEquals",
            "secretsmanager:RotationLambdaARN",
            function,
            "arn:aws:lambda:::f",
        ),
        (
            "RotateSecret",
            secrets(rotate.clone()),
            "Bool",
            "secretsmanager:RotateImmediately",
            "false",
            "true",
        ),
        (
            "RotateSecret",
            secrets(rotate.clone()),
            "Bool",
            "secretsmanager:ModifyRotationRules",
            "true",
            "false",
        ),
        (
            "DescribeSecret",
            secrets(json!({})),
            "ArnEquals",
            "secretsmanager:resource/AllowRotationLambdaArn",
            function,
            "arn:aws:lambda:::f",
        ),
        ("CreateSecret", create("n1", json!({})), "StringLike", "secretsmanager:Name", "n?", "m?"),
        (
            "CreateSecret",
            create("n2", json!({"Description": "d"})),
            "StringEquals",
            "secretsmanager:Description",
            "d",
            "e",
        ),
        (
            "CreateSecret",
            create("n3", json!({"Tags": [{"Key": "t", "Value": "v"}]})),
            "StringEquals",
            "aws:RequestTag/t",
            "v",
            "w",
        ),
        (
            "CreateSecret",
            create("n4", json!({"AddReplicaRegions": [{"Region": "eu-west-1"}]})),
            "ForAnyValue:StringEquals",
            "secretsmanager:AddReplicaRegions",
            "eu-west-1",
            "eu-west-2",
        ),
        (
            "CreateSecret",
            create("n5", json!({})),
            "Bool",
            "secretsmanager:ForceOverwriteReplicaSecret",
            "false",
            "true",
        ),
        (
            "DeleteSecret",
            json!({"SecretId": "n1", "RecoveryWindowInDays": 7}),
            "NumericLessThan",
            "secretsmanager:RecoveryWindowInDays",
            "8",
            "7",
        ),
        (
            "DeleteSecret",
            json!({"SecretId": "n2", "ForceDeleteWithoutRecovery": true}),
            "Bool",
            "secretsmanager:ForceDeleteWithoutRecovery",
            "true",
            "false",
        ),
    ] {
        assert!(!holds(&world, user, action, &body, (operator, key, wrong)).await, "{action} {key} {wrong}");
        assert!(holds(&world, user, action, &body, (operator, key, right)).await, "{action} {key} {right}");
    }
}
