use keywheel_domain::api::lambda::{
    CreateFunctionRequest, Settings, TagFunctionRequest, UntagFunctionRequest,
};
use keywheel_domain::api::query::{Form, IAM};
use keywheel_domain::function::FunctionId;
use keywheel_domain::rotation::Step;

use super::*;

const GET: &str = "secretsmanager:GetSecretValue";
const FUNCTION: &str = "arn:aws:lambda:us-east-1:123456789012:function:f";

/// A function that runs one step by hand for `app`, as a role with these policies.
fn function(secret_arn: &str, step: Step, readable: &[&str], statements: Option<&[Value]>) -> Caller {
    let principal = Principal::ByHand {
        function_arn: FUNCTION.to_owned(),
        secret_arn: secret_arn.to_owned(),
        secret_name: "app".to_owned(),
        readable: readable.iter().map(|arn| (*arn).to_owned()).collect(),
        token: TOKEN.to_owned(),
        step,
    };
    let standing = statements.map_or(Standing::Nothing, |statements| session(statements, &[]).standing);
    Caller { principal, standing, session: None, ..Node::root() }
}

#[tokio::test]
async fn a_role_gives_a_function_more_to_read() {
    let (world, app) = with_secret().await;
    let other = add(&world, "other", "red").await;
    let described = json!({"SecretId": other});
    let told = |action: &str, ending: &str| denied(FUNCTION, action, &other, ending);
    let missing = told(GET, &format!("because no identity-based policy allows the {GET} action"));
    let all = [policy("Allow", "*", "*")];
    let with = |statements| function(&app, Step::SetSecret, &[], statements);
    check(&world, &with(None), "GetSecretValue", &described, &missing).await;
    check(&world, &with(Some(&[])), "GetSecretValue", &described, &missing).await;
    check(&world, &with(Some(&all)), "GetSecretValue", &described, "OK").await;
    // And nothing to change.
    let put = json!({"SecretId": other, "ClientRequestToken": TOKEN, "SecretString": "y"});
    let action = "secretsmanager:PutSecretValue";
    let refused = told(action, &format!("because no identity-based policy allows the {action} action"));
    check(&world, &with(Some(&all)), "PutSecretValue", &put, &refused).await;
    let readable = function(&app, Step::SetSecret, &[&other], Some(&[]));
    check(&world, &readable, "GetSecretValue", &described, "OK").await;
}

#[tokio::test]
async fn a_role_stops_a_rotation_at_its_beginning_only() {
    let (world, app) = with_secret().await;
    let named = json!({"SecretId": app});
    let steps = [Step::CreateSecret, Step::SetSecret, Step::TestSecret, Step::FinishSecret];
    // Its own secret needs no allowance.
    for step in steps {
        check(&world, &function(&app, step, &[], Some(&[])), "GetSecretValue", &named, "OK").await;
    }
    for denied_action in [GET, "secretsmanager:UpdateSecretVersionStage"] {
        let deny = [policy("Deny", denied_action, "*")];
        let told = denied(FUNCTION, GET, &app, "with an explicit deny in an identity-based policy");
        for step in steps {
            let expected = if step == Step::CreateSecret { told.as_str() } else { "OK" };
            check(&world, &function(&app, step, &[], Some(&deny)), "GetSecretValue", &named, expected).await;
        }
    }
}

/// Asks IAM as the account's root.
async fn iam(world: &World, form: &str) {
    let form = Form::parse(format!("{form}&Version=2010-05-08").as_bytes()).unwrap();
    world.ops.query(&Node::root(), &IAM, form, "a-request").await.unwrap();
}

#[tokio::test]
async fn a_denied_rotation_ends_before_it_begins_and_another_one_goes_through() {
    let (world, _) = with_secret().await;
    let percent = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
    let trust = json!({"Version": "2012-10-17", "Statement": {
        "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"},
    }});
    let role = "RoleName=keywheel-built-in";
    iam(
        &world,
        &format!("Action=CreateRole&{role}&AssumeRolePolicyDocument={}", percent(&trust.to_string())),
    )
    .await;
    let deny = policy("Deny", "secretsmanager:UpdateSecretVersionStage", "*");
    let deny = percent(&json!({"Version": "2012-10-17", "Statement": deny}).to_string());
    iam(&world, &format!("Action=PutRolePolicy&{role}&PolicyName=No&PolicyDocument={deny}")).await;
    let rotate = |token: &str| {
        json!({
            "SecretId": "app", "ClientRequestToken": token, "RotationLambdaARN": super::super::world::FUNCTION_ARN,
        })
    };
    let current = async || {
        world.call("GetSecretValue", &json!({"SecretId": "app"})).await.unwrap()["VersionId"].clone()
    };
    let [first, second] = ["22222222-2222-4222-8222-222222222222", "33333333-3333-4333-8333-333333333333"];
    world.call("RotateSecret", &rotate(first)).await.unwrap();
    world.work().await;
    assert_eq!(current().await, TOKEN);
    let told = world.send("Keywheel.DescribeRotation", br#"{"SecretId":"app"}"#).await.unwrap();
    let told: Value = serde_json::from_slice(&told).unwrap();
    assert!(told.to_string().contains("with an explicit deny in an identity-based policy"), "{told}");
    assert!(!told.to_string().contains("setSecret was called"), "{told}");

    iam(&world, &format!("Action=DeleteRolePolicy&{role}&PolicyName=No")).await;
    world.call("CancelRotateSecret", &json!({"SecretId": "app"})).await.unwrap();
    world.call("RotateSecret", &rotate(second)).await.unwrap();
    world.work().await;
    assert_eq!(current().await, second);
}

#[tokio::test]
async fn the_tags_of_a_function_can_be_a_condition() {
    let world = World::new().await;
    let function = FunctionId { name: "f".to_owned(), qualifier: None };
    let tags = BTreeMap::from([("Team".to_owned(), "blue".to_owned())]);
    let create = CreateFunctionRequest {
        function: function.clone(),
        code: Vec::new(),
        settings: Settings::default(),
        publish: false,
        tags: tags.clone(),
    };
    let tag = TagFunctionRequest { function: function.clone(), tags };
    let untag = UntagFunctionRequest { function, keys: vec!["Team".to_owned()] };
    let by_key = ("ForAllValues:StringEquals", "aws:TagKeys");
    let by_value = ("StringEquals", "aws:RequestTag/team");
    // There is no such function: that is told to who may tag it.
    let missing = format!("ResourceNotFoundException: Function not found: {FUNCTION}");
    for ((operator, key), value, allowed) in
        [(by_value, "blue", true), (by_value, "red", false), (by_key, "Team", true), (by_key, "Use", false)]
    {
        let caller = user(&[policy_if("Allow", "lambda:*", operator, key, value)]);
        let told = |action: &str| {
            denied(
                ANN,
                action,
                FUNCTION,
                &format!("because no identity-based policy allows the {action} action"),
            )
        };
        let expected = |action: &str, otherwise: &str| {
            if allowed { otherwise.to_owned() } else { told(action) }
        };
        let created = world.ops.check_new_function(&caller, &create).await;
        let created = created.map_or_else(|error| error.to_string(), |()| "OK".to_owned());
        assert_eq!(created, expected("lambda:CreateFunction", "OK"), "{key} {value}");
        let tagged = world.ops.tag_function(&caller, &tag).await.map(|_| ()).unwrap_err();
        assert_eq!(tagged.to_string(), expected("lambda:TagResource", &missing), "{key} {value}");
        // What is taken off has no value.
        let untagged = world.ops.untag_function(&caller, &untag).await.map(|_| ()).unwrap_err().to_string();
        let allowed = allowed && key == "aws:TagKeys";
        assert_eq!(untagged == missing, allowed, "{key} {value}: {untagged}");
    }
}
