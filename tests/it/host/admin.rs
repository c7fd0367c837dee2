//! The rotator of PostgreSQL and the admin user of `masterarn`, on a real server.

use std::sync::Arc;

use async_trait::async_trait;
use keywheel_domain::api::*;
use keywheel_domain::rotation::{FailureKind, Step};
use keywheel_domain::time::Timestamp;
use keywheel_host::{Egress, Limits, Outcome, Secrets};
use keywheel_tests::postgres::{HOST, Postgres};

use super::in_memory::{InMemory, MADE};
use super::{invocation, load, postgres_rotator};

pub(super) const ADMIN_ARN: &str = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:admin-AbCdEf";

/// The secret of the role, and that of the admin where the function may read it.
pub(super) struct WithAdmin {
    pub(super) role: Arc<InMemory>,
    pub(super) admin: Option<String>,
}

#[async_trait]
impl Secrets for WithAdmin {
    async fn get_secret_value(
        &self,
        request: GetSecretValueRequest,
    ) -> Result<GetSecretValueResponse, ApiError> {
        match &self.admin {
            Some(admin) if request.secret_id == ADMIN_ARN => Ok(GetSecretValueResponse {
                arn: ADMIN_ARN.to_owned(),
                name: "admin".to_owned(),
                version_id: "first".to_owned(),
                value: SecretValue::Text(admin.clone().into()),
                version_stages: vec!["AWSCURRENT".to_owned()],
                created_date: Timestamp::default(),
            }),
            _ => self.role.get_secret_value(request).await,
        }
    }

    async fn put_secret_value(
        &self,
        request: PutSecretValueRequest,
    ) -> Result<PutSecretValueResponse, ApiError> {
        self.role.put_secret_value(request).await
    }

    async fn describe_secret(
        &self,
        request: DescribeSecretRequest,
    ) -> Result<DescribeSecretResponse, ApiError> {
        self.role.describe_secret(request).await
    }

    async fn update_secret_version_stage(
        &self,
        request: UpdateSecretVersionStageRequest,
    ) -> Result<UpdateSecretVersionStageResponse, ApiError> {
        self.role.update_secret_version_stage(request).await
    }

    async fn get_random_password(
        &self,
        request: GetRandomPasswordRequest,
    ) -> Result<GetRandomPasswordResponse, ApiError> {
        self.role.get_random_password(request).await
    }
}

/// Rotates the role `app`, whose password was changed outside. Returns how `setSecret` and `testSecret` ended, and
/// all that the function said.
async fn rotate(server: &Postgres, old: &str, admin: Option<String>) -> (Outcome, Outcome, String) {
    let mut value = server.secret_value("app", old);
    value["masterarn"] = ADMIN_ARN.into();
    let role = Arc::new(InMemory::new(&value.to_string()));
    let secrets = Arc::new(WithAdmin { role: Arc::clone(&role), admin });
    let function = load(postgres_rotator()).await;
    let mut said = String::new();
    let mut outcomes = Vec::new();
    for step in [Step::CreateSecret, Step::SetSecret, Step::TestSecret] {
        let egress = Egress::deny_all().allow(HOST, server.port());
        let mut invocation = invocation(step, &role, egress, Limits::default());
        invocation.secrets = Arc::clone(&secrets) as _;
        let report = function.invoke(invocation).await;
        said.push_str(&format!("{report:?}\n"));
        outcomes.push(report.outcome);
    }
    let tested = outcomes.pop().expect("three steps ran");
    (outcomes.pop().expect("three steps ran"), tested, said)
}

#[tokio::test]
async fn an_admin_repairs_a_role_whose_password_was_changed_outside() {
    let server = Postgres::start().await.unwrap();
    let old = server.create_role("app").await.unwrap();
    server.change_password("app").await.unwrap();
    let admin = server.admin_secret_value();
    let password = admin["password"].as_str().unwrap().to_owned();
    let (set, tested, said) = rotate(&server, &old, Some(admin.to_string())).await;
    assert_eq!((set, tested), (Outcome::Done, Outcome::Done), "{said}");
    assert!(server.accepts("app", MADE).await.unwrap());
    for value in [MADE, &old, &password] {
        assert!(!said.contains(value), "{said}");
    }
}

#[tokio::test]
async fn an_admin_that_may_not_be_read_or_does_not_exist_is_told() {
    let server = Postgres::start().await.unwrap();
    let old = server.create_role("app").await.unwrap();
    let in_force = server.change_password("app").await.unwrap();
    let mut stranger = server.admin_secret_value();
    stranger["username"] = "stranger".into();
    for (admin, expected) in [
        (None, "`ReadableSecretIds` of the secret's rotation policy must name it"),
        (Some(stranger.to_string()), "it refused the admin user of `masterarn` too"),
    ] {
        let (set, tested, said) = rotate(&server, &old, admin).await;
        let Outcome::Failed { kind: FailureKind::Permanent, message } = set else { panic!("{said}") };
        assert!(message.contains(expected), "{message}");
        assert!(matches!(tested, Outcome::Failed { kind: FailureKind::Refused, .. }), "{said}");
        assert!(server.accepts("app", &in_force).await.unwrap());
    }
}

#[tokio::test]
async fn two_roles_take_turns_and_what_they_make_is_the_originals() {
    let server = Postgres::start().await.unwrap();
    let first = server.create_role("app").await.unwrap();
    let step = async |value: &serde_json::Value| {
        let mut value = value.clone();
        value["masterarn"] = ADMIN_ARN.into();
        let role = Arc::new(InMemory::new(&value.to_string()));
        let admin = Some(server.admin_secret_value().to_string());
        let secrets = Arc::new(WithAdmin { role: Arc::clone(&role), admin });
        let mut builtins = keywheel_functions::builtins().iter();
        let alternating = builtins.find(|builtin| builtin.name == "postgres-alternating-users");
        let function = load(alternating.expect("it is built in").wasm).await;
        for step in [Step::CreateSecret, Step::SetSecret, Step::SetSecret, Step::TestSecret] {
            let egress = Egress::deny_all().allow(HOST, server.port());
            let mut invocation = invocation(step, &role, egress, Limits::default());
            invocation.secrets = Arc::clone(&secrets) as _;
            let report = function.invoke(invocation).await;
            assert_eq!(report.outcome, Outcome::Done, "{step:?}: {:#?}", report.log);
        }
    };
    step(&server.secret_value("app", &first)).await;
    assert!(server.accepts("app_clone", MADE).await.unwrap() && server.accepts("app", &first).await.unwrap());
    assert_eq!(server.identity("app_clone", MADE).await.unwrap(), "app");

    // The next turn is that of the original. A second clone is not made of it.
    step(&server.secret_value("app_clone", MADE)).await;
    assert!(server.accepts("app_clone", MADE).await.unwrap() && server.accepts("app", MADE).await.unwrap());
    assert!(!server.accepts("app", &first).await.unwrap());
    assert_eq!(server.identity("app", MADE).await.unwrap(), "app");
    assert!(!server.log().unwrap().contains(MADE));
}
