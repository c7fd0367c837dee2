use std::cell::RefCell;
use std::rc::Rc;

use keywheel_sdk::http::{Method, Request, Response};
use keywheel_sdk::secrets::Value;
use keywheel_sdk::testing::{Fault, InMemory, Outcome};
use keywheel_sdk::{Sensitive, Step};

use super::{Document, Rotation};

const TOKEN: &str = "6b4c4a5e-6d2f-4f0e-9d5b-0c8f7a1e2b3c";
const FIRST: &str = r#"{"host":"api.example.com","username":"app","password":"first","team":"blue"}"#;

/// A service that knows one user, by its password, and what it answers to who is let in.
#[derive(Clone)]
struct Service(Rc<RefCell<(String, u16)>>);

impl Service {
    fn answer(&self, request: &Request) -> Response {
        assert_eq!(request.target(), "/users/app");
        let (password, status) = &mut *self.0.borrow_mut();
        let expected = request.clone().basic("app", &Sensitive::from(password.as_str()));
        let is_user = request.headers().first() == expected.headers().last();
        if is_user && *status == 200 && request.method() == Method::Put {
            let body = String::from_utf8(request.body_bytes().to_vec()).unwrap();
            *password = field(&body);
        }
        Response { status: if is_user { *status } else { 401 }, headers: Vec::new(), body: Vec::new() }
    }

    fn password(&self) -> String {
        self.0.borrow().0.clone()
    }

    fn answer_with(&self, status: u16) {
        self.0.borrow_mut().1 = status;
    }
}

/// The password in a JSON text.
fn field(text: &str) -> String {
    let document = Document::parse(&Value::Text(text.into())).unwrap();
    document.required_text("password").unwrap().expose().clone()
}

/// A host with one secret, whose rotation has begun, and the service that it is for.
fn rotating() -> (InMemory, String, Service) {
    let host = InMemory::new();
    let service = Service(Rc::new(RefCell::new(("first".to_owned(), 200))));
    let answering = service.clone();
    host.http("https://api.example.com", move |request| answering.answer(request));
    let secret = host.secret("app", FIRST);
    host.begin_rotation(&secret, TOKEN);
    (host, secret, service)
}

fn password(host: &InMemory, secret: &str) -> String {
    field(&host.text(secret, "AWSCURRENT").unwrap())
}

#[test]
fn a_rotation_changes_the_password_and_keeps_the_other_fields() {
    let (host, secret, service) = rotating();
    // Each step twice: a repetition changes nothing.
    for step in Step::ALL.into_iter().flat_map(|step| [step, step]) {
        assert_eq!(host.invoke(&Rotation, &secret, step), Outcome::Done, "{step:?}");
    }
    assert_ne!(service.password(), "first");
    assert_eq!(service.password(), password(&host, &secret));
    assert!(host.text(&secret, "AWSCURRENT").unwrap().contains(r#""team":"blue""#));
    assert!(host.log_lines().iter().all(|line| !line.contains(&service.password())));
}

#[test]
fn a_death_at_any_call_locks_nobody_out() {
    for fault in [Fault::KillBefore, Fault::KillAfter] {
        for call in 0.. {
            let (host, secret, service) = rotating();
            host.fault_at(call, fault);
            for step in Step::ALL {
                if host.invoke(&Rotation, &secret, step) != Outcome::Done {
                    assert_eq!(host.invoke(&Rotation, &secret, step), Outcome::Done, "{fault:?} at call {call}");
                }
            }
            assert_eq!(service.password(), password(&host, &secret), "{fault:?} at call {call}");
            if host.calls().len() <= call {
                break;
            }
        }
    }
}

#[test]
fn a_password_that_the_service_does_not_take_fails_the_test() {
    let (host, secret, _) = rotating();
    assert_eq!(host.invoke(&Rotation, &secret, Step::CreateSecret), Outcome::Done);
    let tested = format!("{:?}", host.invoke(&Rotation, &secret, Step::TestSecret));
    assert!(tested.contains("Refused"), "{tested}");
}

#[test]
fn a_pending_value_for_another_server_is_refused() {
    let (host, secret, service) = rotating();
    assert_eq!(host.invoke(&Rotation, &secret, Step::CreateSecret), Outcome::Done);
    host.overwrite(&secret, "AWSPENDING", &FIRST.replace("api.", "evil."));
    let set = format!("{:?}", host.invoke(&Rotation, &secret, Step::SetSecret));
    assert!(set.contains("another server"), "{set}");
    assert_eq!(service.password(), "first");
}

#[test]
fn a_service_in_trouble_is_tried_again_and_a_refusal_is_not() {
    let (host, secret, service) = rotating();
    assert_eq!(host.invoke(&Rotation, &secret, Step::CreateSecret), Outcome::Done);
    for (status, kind) in [(503, "Retry"), (429, "Retry"), (422, "Permanent")] {
        service.answer_with(status);
        let set = format!("{:?}", host.invoke(&Rotation, &secret, Step::SetSecret));
        assert!(set.contains("with status"), "{set}");
        assert!(set.contains(kind), "{status}: {set}");
    }
}
