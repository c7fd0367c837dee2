//! IAM policies: one meaning for one document, and a denial that nothing takes back.

use keywheel_domain::policy::{
    Caller, Context, Decision, Document, Effect, Kind, Named, Policies, Reason, Request, Values, evaluate,
    explain, findings, is_public,
};
use serde_json::{Value, json};

const KINDS: [Kind; 5] = [Kind::Identity, Kind::Boundary, Kind::Session, Kind::Resource, Kind::Trust];
const ACCOUNT: &str = "111111111111";
const ANN: &str = "arn:aws:iam::111111111111:user/ann";
const SECRET: &str = "arn:aws:secretsmanager:eu-central-1:111111111111:secret:db-AbCdEf";
const ACTIONS: [&str; 3] = ["secretsmanager:GetSecretValue", "kms:Decrypt", "sts:AssumeRole"];

/// A digit for the kind of the policy, and its text.
pub(super) fn run(data: &[u8]) -> bool {
    let Some((kind, text)) = data.split_first() else { return false };
    let Some(kind) = KINDS.get(usize::from(kind.wrapping_sub(b'0'))).copied() else { return false };
    let Ok(text) = str::from_utf8(text) else { return false };
    let document = match Document::parse(text, kind) {
        Ok(document) => document,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            assert_eq!(Document::parse(text, kind).as_ref(), Err(&error));
            return false;
        }
    };
    let value: Value = serde_json::from_str(text).expect("what was read as a policy is JSON");
    // The same document with its members in another order, which may be longer.
    let again = Document::parse(&value.to_string(), kind).ok();
    if let Ok(spaced) = Document::parse(&format!("{value:#}"), kind) {
        assert_eq!(Some(spaced), again, "space means nothing");
    }
    assert_eq!(findings(&document), findings(&document));
    assert_eq!(is_public(&document), is_public(&document));

    let denied = with_statements(&value, &document, &denials(kind), kind);
    let allowed = with_statements(&value, &document, &[statement("Allow", kind)], kind);
    each_question(&document, |before, explicit| {
        let ask =
            |changed: &Option<Document>| changed.as_ref().map(|changed| answer(changed, &before.question));
        if let Some(after) = ask(&again) {
            assert_eq!(after, before.is_allowed, "the order of members means nothing: {text}");
        }
        if let Some(after) = ask(&denied) {
            assert!(before.is_allowed || !after, "a denial more allows nothing: {text}");
        }
        if let Some(after) = ask(&allowed) {
            assert!(!explicit || !after, "what is denied stays so: {text}");
            assert!(!before.is_allowed || after, "a permission more denies nothing: {text}");
        }
    });
    true
}

/// A question that was answered.
struct Answered {
    question: Question,
    is_allowed: bool,
}

#[derive(Clone, Copy)]
struct Question {
    caller: Caller<'static>,
    action: &'static str,
    context: Keys,
}

/// Asks all questions of a document, twice, and looks whether its explanation agrees.
fn each_question(document: &Document, mut look: impl FnMut(&Answered, bool)) {
    let callers = [
        Caller::User { arn: ANN },
        Caller::Session {
            session_arn: "arn:aws:sts::111111111111:assumed-role/reader/one",
            role_arn: "arn:aws:iam::111111111111:role/reader",
        },
        Caller::Service { name: "secretsmanager.amazonaws.com" },
    ];
    for caller in callers {
        for action in ACTIONS {
            for context in [Keys::None, Keys::Some] {
                let question = Question { caller, action, context };
                let (is_allowed, explicit) = asked(document, &question, |request, policies| {
                    let decision = evaluate(request, policies);
                    assert_eq!(decision, evaluate(request, policies), "one answer");
                    let explicit = matches!(decision, Decision::Denied { reason: Reason::Explicit(_) });
                    let denies = explain(request, policies)
                        .iter()
                        .any(|finding| finding.effect == Effect::Deny && finding.mismatch.is_none());
                    assert_eq!(explicit, denies, "the explanation agrees");
                    (decision.is_allowed(), explicit)
                });
                look(&Answered { question, is_allowed }, explicit);
            }
        }
    }
}

fn answer(document: &Document, question: &Question) -> bool {
    asked(document, question, |request, policies| evaluate(request, policies).is_allowed())
}

/// Puts the document where its kind belongs, beside policies that leave the answer to it.
fn asked<T>(
    document: &Document,
    question: &Question,
    ask: impl FnOnce(&Request<'_>, &Policies<'_>) -> T,
) -> T {
    let all =
        Document::parse(r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#, Kind::Identity)
            .expect("the policy that allows all is one");
    let (own, all) = ([Named { name: "own", document }], [Named { name: "all", document: &all }]);
    let policies = match document.kind() {
        Kind::Identity => Policies { identity: &own, ..Policies::default() },
        Kind::Boundary => Policies { identity: &all, boundary: Some(own[0]), ..Policies::default() },
        Kind::Session => Policies { identity: &all, session: &own, ..Policies::default() },
        Kind::Resource | Kind::Trust => Policies { resource: Some(own[0]), ..Policies::default() },
    };
    let request = Request {
        caller: question.caller,
        caller_account: ACCOUNT,
        action: question.action,
        resource: SECRET,
        resource_account: ACCOUNT,
        context: &question.context,
    };
    ask(&request, &policies)
}

/// Condition keys of a request.
#[derive(Clone, Copy)]
enum Keys {
    None,
    Some,
}

impl Context for Keys {
    fn values(&self, key: &str) -> Option<Values<'_>> {
        let values: &[&'static str] = match (self, key) {
            (Self::Some, "aws:username") => &["ann"],
            (Self::Some, "aws:sourceip") => &["10.1.2.3"],
            (Self::Some, "aws:currenttime") => &["2026-05-01T12:00:00Z"],
            (Self::Some, "aws:tagkeys") => &["team", "stage"],
            (Self::Some, "aws:multifactorauthpresent") => &["true"],
            _ => return None,
        };
        Some(values.iter().copied().collect())
    }
}

/// A statement about everything.
fn statement(effect: &str, kind: Kind) -> Value {
    let mut statement = json!({ "Effect": effect, "Action": "*" });
    if kind != Kind::Trust {
        statement["Resource"] = "*".into();
    }
    if matches!(kind, Kind::Resource | Kind::Trust) {
        statement["Principal"] = "*".into();
    }
    statement
}

/// Statements that deny everything, and one action under a condition.
fn denials(kind: Kind) -> [Value; 2] {
    let mut narrow = statement("Deny", kind);
    narrow["Action"] = ACTIONS[0].into();
    narrow["Condition"] = json!({ "StringEquals": { "aws:username": "ann" } });
    [narrow, statement("Deny", kind)]
}

/// The document with statements more, behind and in front; `None` where that makes it too long.
fn with_statements(value: &Value, document: &Document, added: &[Value], kind: Kind) -> Option<Document> {
    let mut value = value.clone();
    let mut statements = match value["Statement"].take() {
        Value::Array(list) => list,
        one => vec![one],
    };
    assert_eq!(statements.len(), document.statements().len());
    for (index, statement) in added.iter().enumerate() {
        let at = if index % 2 == 0 { statements.len() } else { 0 };
        statements.insert(at, statement.clone());
    }
    value["Statement"] = statements.into();
    Document::parse(&value.to_string(), kind).ok()
}
