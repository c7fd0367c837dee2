//! The goldens are whole: each operation has a scene in which it succeeds, and each code of a refusal one that it ends.
//!
//! What there is to show is asked of the product, so that a new operation or a new code fails this test until a script shows it.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use keywheel::ops::Operations;
use keywheel_domain::api::ErrorCode;
use keywheel_domain::api::iam::IamErrorCode;
use keywheel_domain::api::kms::KmsErrorCode;
use keywheel_domain::api::lambda::{LambdaErrorCode, Operation, Route};
use keywheel_domain::api::query::{IAM, QueryService, STS};
use keywheel_domain::sigv4::AuthErrorCode;
use serde_json::Value;

const KMS: &str = "TrentService";
const LAMBDA: &str = "lambda";

/// Codes that no golden shows, with the reason.
const UNSEEN: [(&str, &str, &str); 1] = [(
    LAMBDA,
    "CodeStorageExceededException",
    "it takes a thousand functions, which are half a minute to deploy, or 16 GiB of code",
)];

/// Operations that only ever tell that there is nothing of the kind.
const NEVER_SUCCEED: [(&str, &str); 4] = [
    ("iam", "GetAccountPasswordPolicy"),
    ("iam", "GetInstanceProfile"),
    ("iam", "GetLoginProfile"),
    ("iam", "DeleteLoginProfile"),
];

/// One request with its answer.
struct Scene {
    service: String,
    operation: String,
    succeeded: bool,
    /// Of a refusal.
    code: Option<String>,
}

/// All scenes of all goldens of the wire.
struct Goldens(Vec<Scene>);

impl Goldens {
    fn read() -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden");
        let mut scenes = Vec::new();
        for (name, scene) in [
            ("wire", of_json as fn(&str) -> Option<Scene>),
            ("kms", of_json),
            ("iam", of_iam),
            ("lambda", of_lambda),
        ] {
            for file in folder.join(name).read_dir().unwrap() {
                scenes.extend(scenes_of(&fs::read_to_string(file.unwrap().path()).unwrap(), scene));
            }
        }
        scenes.extend(scenes_of(&fs::read_to_string(folder.join("sts.txt")).unwrap(), of_sts));
        Self(scenes)
    }

    fn succeeds(&self, service: &str, operation: &str) -> bool {
        let named = |scene: &&Scene| scene.service == service && scene.operation == operation;
        self.0.iter().filter(named).any(|scene| scene.succeeded)
    }

    /// The codes of refusals of services for which this holds.
    fn codes(&self, of: impl Fn(&str) -> bool) -> BTreeSet<&str> {
        let scenes = self.0.iter().filter(|scene| of(&scene.service));
        scenes.filter_map(|scene| scene.code.as_deref()).collect()
    }
}

/// The scenes of a golden. The sentences between them are none, nor is what follows an empty line in a text.
fn scenes_of(golden: &str, scene: impl Fn(&str) -> Option<Scene>) -> Vec<Scene> {
    let parts = golden.split("\n\n").map(str::trim).filter(|part| !part.is_empty() && !part.starts_with('#'));
    parts.filter_map(scene).collect()
}

fn of_json(part: &str) -> Option<Scene> {
    let mut lines = part.lines();
    let target = lines.next()?.strip_prefix("POST / ")?;
    let status = lines.nth(1)?;
    let (service, operation) = target.split(' ').next()?.rsplit_once('.')?;
    let body: Value = serde_json::from_str(part.lines().last()?).unwrap_or_default();
    Some(Scene {
        service: service.to_owned(),
        operation: operation.to_owned(),
        succeeded: status == "200",
        code: body["__type"].as_str().map(str::to_owned),
    })
}

fn of_iam(part: &str) -> Option<Scene> {
    let (request, status) = (part.lines().next()?, part.lines().nth(1)?);
    status.parse::<u16>().ok()?;
    Some(Scene {
        service: IAM.name.to_owned(),
        operation: request.split(' ').next()?.to_owned(),
        succeeded: status == "200",
        code: part
            .lines()
            .find_map(|line| Some(line.strip_prefix("<Code>")?.strip_suffix("</Code>")?.into())),
    })
}

fn of_sts(part: &str) -> Option<Scene> {
    let (request, answer) = (part.lines().next()?, part.lines().nth(1)?);
    let (service, operation) = named(request.split(' ').next()?, STS.name);
    let code =
        answer.split_once(": ").and_then(|(code, _)| code.split_once(' ')).map(|(_, code)| code.to_owned());
    Some(Scene { service, operation, succeeded: answer.starts_with('<'), code })
}

/// `service.Operation`, or an operation of this service.
fn named(text: &str, service: &str) -> (String, String) {
    let (service, operation) = text.split_once('.').unwrap_or((service, text));
    (service.to_owned(), operation.to_owned())
}

fn of_lambda(part: &str) -> Option<Scene> {
    let (request, status) = (part.lines().next()?, part.lines().nth(1)?.parse::<u16>().ok()?);
    let (first, rest) = request.split_once(' ')?;
    if rest.starts_with('{') {
        let (service, operation) = named(first, "secretsmanager");
        return Some(Scene { service, operation, succeeded: status == 200, code: None });
    }
    let path = rest.split(['?', ' ']).next()?;
    let operation = Route::of(first, path).map(|route| route.operation);
    Some(Scene {
        service: LAMBDA.to_owned(),
        operation: operation.map(Operation::name).unwrap_or_default().to_owned(),
        succeeded: operation.is_some_and(|operation| operation.status() == status),
        code: part.lines().find_map(|line| Some(line.strip_prefix("x-amzn-errortype: ")?.to_owned())),
    })
}

#[test]
fn each_operation_has_a_golden_in_which_it_succeeds() {
    let goldens = Goldens::read();
    let of_query = |service: &'static QueryService| {
        Operations::query_operations(service).iter().map(|name| (service.name, *name))
    };
    let of_lambda = Operation::ALL.iter().map(|operation| (LAMBDA, operation.name()));
    let all = Operations::targets().chain(of_query(&IAM)).chain(of_query(&STS)).chain(of_lambda);
    let missing: Vec<_> = all.filter(|(service, name)| !goldens.succeeds(service, name)).collect();
    assert_eq!(
        missing, NEVER_SUCCEED,
        "no golden shows how the first succeed, or one shows how the others do"
    );
    let refused =
        |(service, name)| goldens.0.iter().any(|scene| scene.service == service && scene.operation == name);
    assert!(NEVER_SUCCEED.into_iter().all(refused));
}

#[test]
fn each_code_of_a_refusal_has_a_golden() {
    let goldens = Goldens::read();
    let is_other = |service: &str| ![KMS, IAM.name, LAMBDA].contains(&service);
    let is_held = |code: &ErrorCode| {
        matches!(code, ErrorCode::Kms(_) | ErrorCode::Iam(_) | ErrorCode::Authentication(_))
    };
    let is_of_lambda = |code: &LambdaErrorCode| !matches!(code, LambdaErrorCode::Authentication(_));
    let missing = [
        missing(
            "",
            ErrorCode::all().filter(|code| !is_held(code)).map(ErrorCode::as_str),
            &goldens.codes(is_other),
        ),
        missing("", AuthErrorCode::all().map(AuthErrorCode::as_str), &goldens.codes(|_| true)),
        missing(KMS, KmsErrorCode::all().map(KmsErrorCode::as_str), &goldens.codes(|service| service == KMS)),
        missing(
            IAM.name,
            IamErrorCode::all().map(IamErrorCode::as_str),
            &goldens.codes(|service| service == IAM.name),
        ),
        missing(
            LAMBDA,
            LambdaErrorCode::all().filter(is_of_lambda).map(LambdaErrorCode::as_str),
            &goldens.codes(|service| service == LAMBDA),
        ),
    ];
    let unseen: Vec<_> = UNSEEN.iter().map(|(service, code, _)| (*service, *code)).collect();
    assert_eq!(missing.concat(), unseen, "no golden shows the first, or one shows what is said to be unseen");
}

/// The codes of a service that are not among those seen.
fn missing(
    service: &'static str,
    codes: impl Iterator<Item = &'static str>,
    seen: &BTreeSet<&str>,
) -> Vec<(&'static str, &'static str)> {
    codes.filter(|code| !seen.contains(code)).map(|code| (service, code)).collect()
}
