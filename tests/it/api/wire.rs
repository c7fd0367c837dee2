//! Requests and answers byte for byte, as small stories that read as documentation.
//!
//! Each script below becomes `tests/golden/wire/NAME.txt`. A line of a script is a sentence for the
//! reader (`#`), time that passes (`+ 2 days`), the worker's turn (`work`), a disk (`the disk fails`, `the disk works`), a
//! path to look at (`GET /healthz`), or an action with its body. An action is signed, unless it begins with another
//! proof (`unsigned`, `forged`, …); `@eu-west-1` before it signs for another region, `@999999999999` for another account;
//! `crowded` sends it to a server without room, `4 times` sends it as often and tells the last. `$1` to `$9` stand for
//! version ids, the names in `REMEMBERED` for what the last answer that has it told, and `(10 spaces)` for a body of them.
//!
//! All of it passes the whole server but its socket: what is told is the request, and of the answer the
//! status, the headers in their order, and the body.

mod door;
mod errors;
mod operations;
mod own;
mod policies;
mod replication;
mod rotation;
mod signed;

use std::collections::BTreeSet;
use std::fmt::{Debug, Write as _};
use std::path::Path;

use expect_test::expect_file;
use http_body_util::BodyExt as _;
use hyper::Response;
use hyper::body::Body;
use keywheel::config::LimitsConfig;
use keywheel::server::Server;
use keywheel_domain::time::{DAY_MS, HOUR_MS};
use keywheel_tests::node::ACCOUNT;
use serde_json::Value;

use self::signed::{Place, Proof};
use super::world::World;

/// Names in scripts, and where an answer has what they stand for.
const REMEMBERED: [(&str, &str); 7] = [
    ("$ARN", "/ARN"),
    ("$NEXT", "/NextToken"),
    ("$NEXT", "/NextMarker"),
    ("$KEY", "/KeyMetadata/KeyId"),
    ("$BLOB", "/CiphertextBlob"),
    ("$APPROVAL", "/Approvals/0/ApprovalId"),
    ("$OPENS", "/Slots/0/Opens"),
];
/// The ARN that another account was told last.
const OTHER_ARN: &str = "$OTHER";

#[tokio::test]
async fn the_wire_is_as_it_was() {
    let scripts = [
        operations::SCRIPTS,
        errors::SCRIPTS,
        rotation::SCRIPTS,
        replication::SCRIPTS,
        policies::SCRIPTS,
        own::SCRIPTS,
        door::SCRIPTS,
    ]
    .concat();
    for (name, script) in &scripts {
        check(name, script).await;
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/wire");
    let names: BTreeSet<String> = scripts.iter().map(|(name, _)| format!("{name}.txt")).collect();
    let files = folder.read_dir().unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
    assert_eq!(files.collect::<BTreeSet<_>>(), names, "each file has its script");
    assert_eq!(scripts.len(), names.len(), "each script has its own name");
}

async fn check(name: &str, script: &str) {
    let told = tell(script).await;
    expect_file![format!("../../golden/wire/{name}.txt")].assert_eq(&told);
}

/// Plays a script and writes down what went over the wire.
pub(super) async fn tell(script: &str) -> String {
    let mut story = Story { world: World::new().await, told: String::new(), remembered: Vec::new() };
    for line in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
        if let Some(sentence) = line.strip_prefix('#') {
            writeln!(story.told, "#{sentence}\n").unwrap();
            continue;
        }
        if let Some(time) = line.strip_prefix("+ ") {
            story.world.clock.advance(millis(time));
            writeln!(story.told, "# {time} later\n").unwrap();
            continue;
        }
        if line == "work" {
            story.world.work().await;
            story.told.push_str("# The worker did what was due.\n\n");
            continue;
        }
        if let Some(state) = line.strip_prefix("the disk ") {
            story.world.disk.set_fails(state == "fails");
            writeln!(story.told, "# The disk {state}.\n").unwrap();
            continue;
        }
        if let Some(path) = line.strip_prefix("GET ") {
            let answer = story.world.server.answer(signed::get(path)).await;
            writeln!(story.told, "GET {path}\n{}\n", shown(answer).await.0).unwrap();
            continue;
        }
        let (times, line) = line.split_once(" times ").unwrap_or(("1", line));
        for _ in 1..times.parse().unwrap() {
            story.ask(line).await;
        }
        let scene = story.ask(line).await;
        if times != "1" {
            writeln!(story.told, "# Asked {times} times. The last:\n").unwrap();
        }
        story.told.push_str(&scene);
    }
    story.told
}

/// A script that is being played.
struct Story {
    world: World,
    told: String,
    /// By the names in scripts; a later one counts.
    remembered: Vec<(&'static str, String)>,
}

impl Story {
    /// Sends an action; the request and its answer as they are told.
    async fn ask(&mut self, line: &str) -> String {
        let (crowded, line) = line.strip_prefix("crowded ").map_or((false, line), |line| (true, line));
        let (place, line) = Place::of(line);
        let (proof, line) = Proof::of(line);
        let (action, body) = line.split_once(' ').unwrap();
        let target =
            if action.contains('.') { action.to_owned() } else { format!("secretsmanager.{action}") };
        let known = self.remembered.iter().rev();
        let body = known.fold(expanded(body), |body, (name, text)| body.replace(name, text));
        let request = signed::post(&target, sent(&body), proof, place.region(), &self.world.clock);
        // What was asked before is in the trail when somebody looks.
        self.world.trail.flush().await;
        let answer = match (crowded, place.account()) {
            (false, None) => self.world.server.answer(request).await,
            (crowded, account) => self.door(crowded, account).await.answer(request).await,
        };
        let (mut shown, answer) = shown(answer).await;
        let answer: Value = serde_json::from_str(&answer).unwrap_or_default();
        for (name, path) in REMEMBERED {
            let text = match answer.pointer(path) {
                Some(Value::String(text)) => text.clone(),
                Some(Value::Number(number)) => number.to_string(),
                _ => continue,
            };
            let name = if name == "$ARN" && place.account().is_some() { OTHER_ARN } else { name };
            self.remembered.push((name, text));
        }
        // What looks like a credential would be taken for one by whoever scans for them.
        for member in ["AccessKeyId", "SecretAccessKey", "SigningSecret"] {
            if let Some(text) = answer[member].as_str() {
                shown = shown.replace(text, "…");
            }
        }
        let crowded = if crowded { " (crowded)" } else { "" };
        format!("POST / {target}{}{}{crowded}\n{body}\n{shown}\n\n", proof.told(), place.told())
    }

    /// Another door than the one that everything passes.
    async fn door(&self, crowded: bool, account: Option<&str>) -> Server {
        let limits = LimitsConfig::default();
        let limits =
            if crowded { LimitsConfig { requests_max: 0, turn_ms_max: 0, ..limits } } else { limits };
        self.world.door(account.unwrap_or(ACCOUNT), limits).await
    }
}

/// The status, the headers and the body as they are told, and the body alone.
async fn shown(answer: Response<impl Body<Error: Debug>>) -> (String, String) {
    let (head, body) = answer.into_parts();
    let body = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
    let mut told = format!("{}\n", head.status.as_u16());
    for (name, value) in &head.headers {
        writeln!(told, "{name}: {}", value.to_str().unwrap()).unwrap();
    }
    told.push_str(&body);
    (told, body)
}

/// The body that goes over the wire: one that is too long to be told is told by its length.
pub(super) fn sent(body: &str) -> Vec<u8> {
    let spaces = body.strip_prefix('(').and_then(|body| body.strip_suffix(" spaces)"));
    spaces.map_or_else(|| body.into(), |count| vec![b' '; count.parse().unwrap()])
}

/// `$1` becomes the version id of ones, and so on.
pub(super) fn expanded(body: &str) -> String {
    ('1'..='9').fold(body.to_owned(), |body, digit| {
        let part = |count| digit.to_string().repeat(count);
        let id = format!("{}-{}-4{}-8{}-{}", part(8), part(4), part(3), part(3), part(12));
        body.replace(&format!("${digit}"), &id)
    })
}

fn millis(time: &str) -> i64 {
    let (count, unit) = time.split_once(' ').unwrap();
    let unit = if unit.starts_with("day") { DAY_MS } else { HOUR_MS };
    count.parse::<i64>().unwrap() * unit
}
