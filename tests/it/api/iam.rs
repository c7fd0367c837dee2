//! Identity and Access Management: its wire, its rules, and what evaluation gets to know.

mod access_keys;
mod approvers;
mod crash;
mod identity;
mod junk;
mod races;
mod scripts;
mod simulation;
mod walk;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use expect_test::expect_file;
use http_body_util::{BodyExt as _, Full};
use hyper::Request;
use keywheel::clock::Clock as _;
use keywheel::config::LimitsConfig;
use keywheel::server::Server;
use keywheel::store::Store;
use keywheel_domain::sensitive::Sensitive;
use keywheel_domain::sigv4::{self, Credentials};
use keywheel_tests::clock::SimClock;
use keywheel_tests::entropy::SimEntropy;
use keywheel_tests::node::{ACCESS_KEY_ID, Node, REGION, SECRET_ACCESS_KEY};
use keywheel_tests::store::SimStore;
use tempfile::TempDir;

use super::world::World;

const VERSION: &str = "2010-05-08";
const CONTENT: &str = "application/x-www-form-urlencoded; charset=utf-8";

/// What requests are signed with.
#[derive(Clone)]
struct Signer {
    access_key_id: String,
    secret: String,
    service: &'static str,
}

impl Signer {
    fn root() -> Self {
        Self { access_key_id: ACCESS_KEY_ID.to_owned(), secret: SECRET_ACCESS_KEY.to_owned(), service: "iam" }
    }
}

/// One Keywheel whose access keys are in its own store.
struct Place {
    store: Arc<SimStore>,
    clock: SimClock,
    node: Node,
    server: Arc<Server>,
    _folder: TempDir,
}

impl Place {
    async fn new() -> Self {
        let (store, clock, folder) =
            (Arc::new(SimStore::new()), SimClock::at_noon(), tempfile::tempdir().unwrap());
        let shared = Arc::clone(&store) as Arc<dyn Store>;
        let node = open(shared, folder.path(), &clock, 1).await;
        Self { store, clock, server: node.server(), node, _folder: folder }
    }

    /// Sends a form; the answer, or the code and the sentence of a refusal.
    async fn send(&self, signer: &Signer, line: &str) -> Result<String, String> {
        let (status, _, body) = send(&self.server, &self.clock, signer, &form(line)).await;
        if status == 200 {
            return Ok(body);
        }
        Err(format!("{}: {}", element(&body, "Code").unwrap(), element(&body, "Message").unwrap()))
    }

    async fn root(&self, line: &str) -> String {
        self.send(&Signer::root(), line).await.unwrap()
    }

    /// A new access key of a user.
    async fn key_of(&self, user_name: &str) -> Signer {
        let made = self.root(&format!("CreateAccessKey UserName={user_name}")).await;
        Signer {
            access_key_id: element(&made, "AccessKeyId").unwrap().to_owned(),
            secret: element(&made, "SecretAccessKey").unwrap().to_owned(),
            service: "iam",
        }
    }
}

async fn open(store: Arc<dyn Store>, folder: &Path, clock: &SimClock, seed: u64) -> Node {
    let entropy = Arc::new(SimEntropy::new(seed));
    Node::open(store, folder, &[], Arc::new(clock.clone()), entropy).await.unwrap()
}

/// The status, the type and the body of the answer to a form.
async fn send(server: &Server, clock: &SimClock, signer: &Signer, form: &str) -> (u16, String, String) {
    let headers: [(&str, &[u8]); 2] = [("host", b"localhost"), ("content-type", CONTENT.as_bytes())];
    let signed =
        sigv4::Request { method: "POST", path: "/", query: "", headers: &headers, body: form.as_bytes() };
    let credentials = Credentials {
        access_key_id: &signer.access_key_id,
        secret_access_key: &Sensitive::new(signer.secret.clone()),
        session_token: None,
    };
    let mut request = Request::post("/");
    for (name, value) in headers {
        request = request.header(name, value);
    }
    for (name, value) in sigv4::sign(&signed, &credentials, REGION, signer.service, clock.now()) {
        request = request.header(name, value);
    }
    let body = Full::new(Bytes::from(form.to_owned()));
    let (head, body) = server.answer(request.body(body).unwrap()).await.into_parts();
    let body = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
    let kind = head.headers["content-type"].to_str().unwrap().to_owned();
    (head.status.as_u16(), kind, body)
}

/// The form of `Action Name=value Name=value`; values are percent-encoded here.
fn form(line: &str) -> String {
    let mut parts = line.split_whitespace();
    let mut form = format!("Action={}&Version={VERSION}", parts.next().unwrap());
    for part in parts {
        let (name, value) = part.split_once('=').unwrap();
        write!(form, "&{name}={}", encoded(value)).unwrap();
    }
    form
}

fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    let bytes = text.bytes();
    bytes.map(|byte| if plain(byte) { char::from(byte).into() } else { format!("%{byte:02X}") }).collect()
}

/// The text of the first element of this name.
fn element<'a>(xml: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    rest.split_once(&format!("</{name}>")).map(|(text, _)| text)
}

/// Plays a script: a sentence (`#`), time that passes (`+ hours`), or an action with its members. `$KEY` stands for the
/// last access key, `$MARKER` for the last marker.
async fn tell(script: &str) -> String {
    let world = World::new().await;
    let (mut told, mut key, mut marker) = (String::new(), String::new(), String::new());
    for line in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
        if let Some(sentence) = line.strip_prefix('#') {
            writeln!(told, "#{sentence}\n").unwrap();
            continue;
        }
        if let Some(hours) = line.strip_prefix("+ ") {
            world.clock.advance(hours.parse::<i64>().unwrap() * keywheel_domain::time::HOUR_MS);
            writeln!(told, "# {hours} hours later\n").unwrap();
            continue;
        }
        let (mut signer, mut line) = (Signer::root(), line);
        if let Some(rest) = line.strip_prefix("forged ") {
            (signer.secret, line) = ("another".to_owned(), rest);
        } else if let Some(rest) = line.strip_prefix("unknown ") {
            (signer.access_key_id, line) = ("AKIAUNKNOWNUNKNOWN12".to_owned(), rest);
        } else if let Some(rest) = line.strip_prefix("misdirected ") {
            (signer.service, line) = ("kms", rest);
        }
        let line = line.replace("$KEY", &key).replace("$MARKER", &marker);
        let sent = match line.strip_prefix("raw ") {
            Some(raw) => raw.to_owned(),
            None => form(&line),
        };
        let (status, kind, body) = send(&world.server, &world.clock, &signer, &sent).await;
        assert_eq!(kind, "text/xml");
        for (place, name) in [(&mut key, "AccessKeyId"), (&mut marker, "Marker")] {
            if let Some(text) = element(&body, name) {
                text.clone_into(place);
            }
        }
        let mut shown = format!("{line}\n{status}\n{}\n", body.replace("><", ">\n<"));
        // What looks like a credential would be taken for one by whoever scans for them.
        for (name, text) in
            [("$KEY", key.as_str()), ("$SECRET", element(&body, "SecretAccessKey").unwrap_or_default())]
        {
            if !text.is_empty() {
                shown = shown.replace(text, name);
            }
        }
        writeln!(told, "{shown}").unwrap();
    }
    told
}

#[tokio::test]
async fn the_wire_of_iam_is_as_it_was() {
    for (name, script) in &scripts::SCRIPTS {
        let told = tell(script).await;
        expect_file![format!("../../golden/iam/{name}.txt")].assert_eq(&told);
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/iam");
    let names: BTreeSet<String> = scripts::SCRIPTS.iter().map(|(name, _)| format!("{name}.txt")).collect();
    let files = folder.read_dir().unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
    assert_eq!(files.collect::<BTreeSet<_>>(), names, "each file has its script");
}

#[tokio::test]
async fn a_body_that_is_too_long_is_told_in_xml() {
    let place = Place::new().await;
    let long = "a".repeat(LimitsConfig::default().body_bytes_max);
    let form = format!("Action=ListUsers&Version={VERSION}&PathPrefix={long}");
    let (status, kind, body) = send(&place.server, &place.clock, &Signer::root(), &form).await;
    assert_eq!((status, kind.as_str()), (413, "text/xml"));
    assert_eq!(element(&body, "Code"), Some("MalformedInput"));
}
