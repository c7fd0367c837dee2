//! The template of the kind `http` in each language, against a small service of this test's own.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use keywheel::rehearsal::{self, Finding};
use keywheel_domain::rotation::{FailureKind, Step};
use keywheel_host::{Egress, Outcome};
use keywheel_tests::languages::{Language, Project};
use keywheel_tests::postgres::HOST;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::{MADE, STEPS, catalog, load, step};
use crate::host::in_memory::InMemory;

/// Knows the user `app`, who may change its password. It ends with this value.
pub(crate) struct Service {
    pub(crate) port: u16,
    password: Arc<Mutex<String>>,
    task: JoinHandle<()>,
}

impl Service {
    pub(crate) async fn start(password: &str) -> Self {
        let listener = TcpListener::bind((HOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let password = Arc::new(Mutex::new(password.to_owned()));
        let known = Arc::clone(&password);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let known = Arc::clone(&known);
                tokio::spawn(async move {
                    let answer = service_fn(|request| {
                        let known = Arc::clone(&known);
                        async move { Ok::<_, Infallible>(answer(request, &known).await) }
                    });
                    // A client that cuts the connection ends it too.
                    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), answer).await;
                });
            }
        });
        Self { port, password, task }
    }

    pub(crate) fn password(&self) -> String {
        self.password.lock().unwrap().clone()
    }

    /// In clear text, which a rule must say.
    fn egress(&self) -> Egress {
        Egress::deny_all().allow_rule(format!("http://{HOST}:{}", self.port).parse().unwrap())
    }

    fn secret(&self, password: &str) -> Value {
        json!({ "host": HOST, "port": self.port, "ssl": false, "username": "app", "password": password })
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn answer(request: Request<Incoming>, known: &Mutex<String>) -> Response<Full<Bytes>> {
    let status = |status| Response::builder().status(status).body(Full::default()).unwrap();
    let (head, body) = request.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let mut known = known.lock().unwrap();
    let expected = format!("Basic {}", STANDARD.encode(format!("app:{known}")));
    let given = head.headers.get("authorization").map(|value| value.to_str().unwrap().to_owned());
    if head.uri.path() != "/users/app" || given != Some(expected) {
        return status(StatusCode::UNAUTHORIZED);
    }
    if head.method == Method::PUT {
        let change: Value = serde_json::from_slice(&body).unwrap();
        change["password"].as_str().unwrap().clone_into(&mut known);
    }
    status(StatusCode::NO_CONTENT)
}

/// Rotates the password of a service, in the real host, with a function of the kind `http`.
pub(crate) async fn check_rotation(component: &[u8], name: &str) {
    let service = Service::start("first").await;
    let secrets = Arc::new(InMemory::new(&service.secret("first").to_string()));
    let function = catalog().load(component).await.unwrap();
    let mut log = String::new();
    for which in STEPS.into_iter().flat_map(|step| [step, step]) {
        let report = step(&function, which, &secrets, service.egress()).await;
        assert_eq!(report.outcome, Outcome::Done, "{name} {which:?}: {:#?}", report.log);
        log.push_str(&format!("{report:?}"));
    }
    assert_eq!(service.password(), MADE, "{name}");
    assert!(secrets.value("AWSCURRENT").unwrap().contains(MADE), "{name}");
    assert!(!log.contains(MADE), "{log}");
}

#[tokio::test]
async fn each_language_rotates_a_password_over_http() {
    for language in Language::ALL {
        let component = Project::new(language, "http").unwrap().component().unwrap();
        check_rotation(&component, language.name()).await;
    }
}

#[tokio::test]
async fn each_language_keeps_every_rule_over_http() {
    for language in Language::ALL {
        let function = load(&Project::new(language, "http").unwrap()).await.unwrap();
        let verdict = rehearsal::check(&function, None).await.unwrap();
        for (rule, finding) in &verdict.findings {
            assert_eq!(*finding, Finding::Kept, "{}: {}", language.name(), rule.name());
        }
    }
}

#[tokio::test]
async fn over_http_a_wrong_password_fails_the_test_and_other_addresses_are_refused() {
    for language in Language::ALL {
        let service = Service::start("in force").await;
        let secrets = Arc::new(InMemory::new(&service.secret("first").to_string()));
        let function = load(&Project::new(language, "http").unwrap()).await.unwrap();
        let egress = || service.egress();
        let report = step(&function, Step::CreateSecret, &secrets, egress()).await;
        assert_eq!(report.outcome, Outcome::Done, "{language:?}");
        let report = step(&function, Step::TestSecret, &secrets, egress()).await;
        let refused = matches!(report.outcome, Outcome::Failed { kind: FailureKind::Refused, .. });
        assert!(refused, "{language:?}: {}", report.outcome);
        let report = step(&function, Step::TestSecret, &secrets, Egress::deny_all()).await;
        assert!(matches!(report.outcome, Outcome::Failed { .. }), "{language:?}: {}", report.outcome);
        assert_eq!(service.password(), "in force");
    }
}

/// Takes no password, and hangs up in the middle of a change.
async fn hang_up(listener: TcpListener) {
    while let Ok((mut stream, _)) = listener.accept().await {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.unwrap());
        }
        if head.starts_with(b"GET") {
            stream.write_all(b"HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n").await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_service_that_hangs_up_in_the_middle_of_a_request_is_tried_again() {
    let change = [
        (Language::Python, "rotation.py", r#"{"password": pending.password}"#, r#"["x" * 1_000_000]"#),
        (Language::JavaScript, "rotation.js", "{ password: pending.password }", "'x'.repeat(1_000_000)"),
    ];
    for (language, file, body, long) in change {
        let listener = TcpListener::bind((HOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let service = Service { port, password: Arc::default(), task: tokio::spawn(hang_up(listener)) };
        let secrets = Arc::new(InMemory::new(&service.secret("first").to_string()));
        let project = Project::new(language, "http").unwrap().replacing(file, body, long).unwrap();
        let function = load(&project).await.unwrap();
        step(&function, Step::CreateSecret, &secrets, service.egress()).await;
        let report = step(&function, Step::SetSecret, &secrets, service.egress()).await;
        let retried = matches!(report.outcome, Outcome::Failed { kind: FailureKind::Retry, .. });
        assert!(retried, "{language:?}: {}", report.outcome);
    }
}
