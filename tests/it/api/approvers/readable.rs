//! What a rotation function may read beside the secret that it rotates.

use std::sync::Mutex;

use keywheel::ops::Operations;
use keywheel_domain::rotation::Step;

use super::*;

/// Asks for secrets in its first step, and fails for good.
struct Curious {
    ops: Arc<Operations>,
    asks: Vec<(&'static str, Value)>,
    told: Mutex<Vec<Result<(), String>>>,
}

#[async_trait::async_trait]
impl Invoke for Curious {
    async fn invoke(&self, invocation: Invocation) -> Report {
        assert_eq!(invocation.step, Step::CreateSecret);
        for (action, body) in &self.asks {
            let (target, body) = (format!("secretsmanager.{action}"), body.to_string());
            let answer = self.ops.dispatch(&invocation.caller, &target, body.as_bytes()).await;
            self.told.lock().unwrap().push(answer.map(drop).map_err(|error| error.to_string()));
        }
        let outcome = Outcome::permanent("it has seen enough");
        Report { outcome, log: Vec::new(), duration_us: 1, digest: "0".repeat(64) }
    }

    async fn digest(&self, _: &str, _: &str) -> Option<String> {
        Some("0".repeat(64))
    }

    fn wall_ms_max(&self) -> i64 {
        60_000
    }
}

#[tokio::test]
async fn a_function_reads_the_secrets_that_the_policy_names() {
    let world = World::new().await;
    let [first, second] = TOKENS;
    let mut arns = Vec::new();
    for name in ["app", "admin", "others"] {
        let create = json!({"Name": name, "SecretString": "x", "ClientRequestToken": first});
        let created = world.root("secretsmanager.CreateSecret", create).await.unwrap();
        arns.push(created["ARN"].as_str().unwrap().to_owned());
    }
    let [_, admin, others] = &arns[..] else { panic!("{arns:?}") };
    let policy = json!({"SecretId": "app", "ReadableSecretIds": ["admin"]});
    world.root("Keywheel.PutRotationPolicy", policy).await.unwrap();
    let rotate = json!({"SecretId": "app", "ClientRequestToken": second, "RotationLambdaARN": FUNCTION_ARN});
    world.root("secretsmanager.RotateSecret", rotate).await.unwrap();

    let refused = |action: &str, id: &str| {
        Err(format!(
            "AccessDeniedException: User: {FUNCTION_ARN} is not authorized to perform: secretsmanager:{action} on \
             resource: {id} because no identity-based policy allows the secretsmanager:{action} action"
        ))
    };
    let put = |id: &str| json!({"SecretId": id, "SecretString": "y", "ClientRequestToken": second});
    let cases = [
        ("GetSecretValue", json!({"SecretId": admin}), Ok(())),
        ("DescribeSecret", json!({"SecretId": admin}), Ok(())),
        ("DescribeSecret", json!({"SecretId": "app"}), Ok(())),
        // By its full ARN only: the name may be another secret's by tomorrow.
        ("GetSecretValue", json!({"SecretId": "admin"}), refused("GetSecretValue", "admin")),
        ("PutSecretValue", put(admin), refused("PutSecretValue", admin)),
        ("DeleteSecret", json!({"SecretId": admin}), refused("DeleteSecret", admin)),
        ("GetSecretValue", json!({"SecretId": others}), refused("GetSecretValue", others)),
        ("DescribeSecret", json!({"SecretId": others}), refused("DescribeSecret", others)),
    ];
    let asks = cases.iter().map(|(action, body, _)| (*action, body.clone())).collect();
    let function = Arc::new(Curious { ops: Arc::clone(&world.node.ops), asks, told: Mutex::default() });
    world.node.worker_over(Arc::clone(&function) as Arc<dyn Invoke>).tick().await.unwrap();
    let told = function.told.lock().unwrap().clone();
    assert_eq!(told, cases.map(|(_, _, expected)| expected));
}
