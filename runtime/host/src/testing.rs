//! Functions for the tests of this crate, written by hand in the text format.

use std::sync::Arc;

use async_trait::async_trait;
use keywheel_domain::api::*;
use keywheel_domain::sensitive::Sensitive;

use crate::{Catalog, Egress, Engine, EngineOptions, Event, Function, Invocation, Limits, Secrets};
use keywheel_domain::rotation::Step;

/// The contract's types, as each component imports them.
pub(crate) const TYPES: &str = r#"(import "keywheel:rotation/types@0.1.0" (instance $types
    (type $s (enum "create-secret" "set-secret" "test-secret" "finish-secret"))
    (export "step" (type $step (eq $s)))
    (type $e (record (field "step" $step) (field "secret-id" string)
      (field "client-request-token" string) (field "rotation-token" string)))
    (export "event" (type $event (eq $e)))
    (type $f (variant (case "retry" string) (case "permanent" string) (case "refused" string)))
    (export "failure" (type $failure (eq $f)))))
  (alias export $types "event" (type $event))
  (alias export $types "failure" (type $failure))"#;

/// A component whose core module has this body. It may call `$log level ptr len` and `$password area`,
/// which puts a result with a password at `area`, has a memory with [`DATA`] at its start, and must
/// define the function `rotate` from seven numbers to the address of a result.
pub(crate) fn component(body: &str) -> Vec<u8> {
    with_export("rotate", body)
}

/// The same with another name of the export.
pub(crate) fn with_export(export: &str, body: &str) -> Vec<u8> {
    wat::parse_str(text(export, body)).unwrap()
}

/// The text of the component.
pub(crate) fn text(export: &str, body: &str) -> String {
    format!(
        r#"(component
  {TYPES}
  (import "keywheel:rotation/secrets@0.1.0" (instance $secrets
    (type $e (record (field "code" string) (field "message" string)))
    (export "error" (type $error (eq $e)))
    (type $r (record (field "length" (option u32)) (field "exclude-characters" string)
      (field "exclude-numbers" bool) (field "exclude-punctuation" bool) (field "exclude-uppercase" bool)
      (field "exclude-lowercase" bool) (field "include-space" bool)
      (field "require-each-included-type" bool)))
    (export "random-password-request" (type $request (eq $r)))
    (export "get-random-password"
      (func (param "request" $request) (result (result string (error $error)))))))
  (import "keywheel:rotation/log@0.1.0" (instance $log
    (type $l (enum "debug" "info" "warn" "error"))
    (export "level" (type $level (eq $l)))
    (export "write" (func (param "level" $level) (param "message" string)))))
  (core module $libc
    (memory (export "memory") 1)
    (data (i32.const 16) "{DATA}")
    (global $top (mut i32) (i32.const 1024))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32)
      (global.set $top (i32.and (i32.add (global.get $top) (i32.const 15)) (i32.const -16)))
      (global.get $top)
      (global.set $top (i32.add (global.get $top) (local.get 3)))))
  (core instance $libc (instantiate $libc))
  (core func $write (canon lower (func $log "write") (memory (core memory $libc "memory"))))
  (core func $password (canon lower (func $secrets "get-random-password")
    (memory (core memory $libc "memory")) (realloc (core func $libc "realloc"))))
  (core module $main
    (import "libc" "memory" (memory 1))
    (import "host" "write" (func $log (param i32 i32 i32)))
    (import "host" "password" (func $host_password
      (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))
    (func $password (param $area i32)
      (call $host_password (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)
        (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (local.get $area)))
    {body})
  (core instance $main (instantiate $main (with "libc" (instance $libc))
    (with "host" (instance (export "write" (func $write)) (export "password" (func $password))))))
  (func (export "{export}") (param "event" $event) (result (result (error $failure)))
    (canon lift (core func $main "rotate") (memory (core memory $libc "memory")) (realloc (core func $libc "realloc")))))"#
    )
}

/// What stands at address 16 of the memory of each test component.
pub(crate) const DATA: &str = "hello from the guest";

/// The head of the function that the body of a component must have.
pub(crate) const ROTATE: &str =
    r#"func $rotate (export "rotate") (param i32 i32 i32 i32 i32 i32 i32) (result i32)"#;

/// The password that [`Passwords`] makes.
pub(crate) const PASSWORD: &str = "made-by-the-host";

/// Makes passwords, or never answers. Refuses everything else.
pub(crate) enum Passwords {
    Made,
    Never,
    Panic,
}

#[async_trait]
impl Secrets for Passwords {
    async fn get_secret_value(&self, _: GetSecretValueRequest) -> Result<GetSecretValueResponse, ApiError> {
        Err(ApiError::internal())
    }

    async fn put_secret_value(&self, _: PutSecretValueRequest) -> Result<PutSecretValueResponse, ApiError> {
        Err(ApiError::internal())
    }

    async fn describe_secret(&self, _: DescribeSecretRequest) -> Result<DescribeSecretResponse, ApiError> {
        Err(ApiError::internal())
    }

    async fn update_secret_version_stage(
        &self,
        _: UpdateSecretVersionStageRequest,
    ) -> Result<UpdateSecretVersionStageResponse, ApiError> {
        Err(ApiError::internal())
    }

    async fn get_random_password(
        &self,
        _: GetRandomPasswordRequest,
    ) -> Result<GetRandomPasswordResponse, ApiError> {
        match self {
            Self::Made => Ok(GetRandomPasswordResponse { random_password: PASSWORD.to_owned().into() }),
            Self::Never => std::future::pending().await,
            Self::Panic => panic!("a bug of the host"),
        }
    }
}

pub(crate) fn engine(instances_max: u32) -> Engine {
    Engine::new(&EngineOptions { instances_max, ..EngineOptions::default() }).unwrap()
}

pub(crate) fn catalog() -> Catalog {
    Catalog::new(engine(4), None, Sensitive::new([7; 32]))
}

pub(crate) async fn function(body: &str) -> Arc<Function> {
    catalog().load(&component(body)).await.unwrap()
}

pub(crate) fn invocation(secrets: Passwords, limits: Limits) -> Invocation {
    Invocation {
        event: Event {
            step: Step::CreateSecret,
            secret_id: "arn:aws:secretsmanager:eu-west-1:123456789012:secret:app-AbCdEf".to_owned(),
            client_request_token: "token".to_owned(),
            rotation_token: "rotation-token".to_owned().into(),
        },
        secrets: Arc::new(secrets),
        egress: Egress::deny_all(),
        limits,
        environment: Vec::new(),
        approved: false,
    }
}
