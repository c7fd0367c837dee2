//! Requests and answers byte for byte, as small stories that read as documentation.
//!
//! Each script below becomes `tests/golden/wire/NAME.txt`. A line of a script is a sentence for the
//! reader (`#`), time that passes (`+ 2 days`), the worker's turn (`work`), a path to look at
//! (`GET /healthz`), or an action with its body. An action is signed, unless it begins with another
//! proof (`unsigned`, `forged`, …); `@eu-west-1` before it signs for another region. `$1` to `$9` stand for version ids,
//! `$ARN` for the ARN and `$NEXT` for the token of the last answer, `$KEY` and `$BLOB` for the last key and ciphertext, and
//! `(10 spaces)` for a body of them.
//!
//! All of it passes the whole server but its socket: what is told is the request, and of the answer the
//! status, the headers in their order, and the body.

mod door;
mod errors;
mod operations;
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
use keywheel_domain::time::{DAY_MS, HOUR_MS};
use serde_json::Value;

use self::signed::Proof;
use super::world::World;

#[tokio::test]
async fn the_wire_is_as_it_was() {
    let scripts = [
        operations::SCRIPTS,
        errors::SCRIPTS,
        rotation::SCRIPTS,
        replication::SCRIPTS,
        policies::SCRIPTS,
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
    let world = World::new().await;
    let (mut told, mut arn, mut next) = (String::new(), String::new(), String::new());
    let (mut key, mut blob) = (String::new(), String::new());
    for line in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
        if let Some(sentence) = line.strip_prefix('#') {
            writeln!(told, "#{sentence}\n").unwrap();
            continue;
        }
        if let Some(time) = line.strip_prefix("+ ") {
            world.clock.advance(millis(time));
            writeln!(told, "# {time} later\n").unwrap();
            continue;
        }
        if line == "work" {
            world.work().await;
            told.push_str("# The worker did what was due.\n\n");
            continue;
        }
        if let Some(path) = line.strip_prefix("GET ") {
            let answer = world.server.answer(signed::get(path)).await;
            writeln!(told, "GET {path}\n{}\n", shown(answer).await.0).unwrap();
            continue;
        }
        let (region, line) = signed::region_of(line);
        let (proof, line) = Proof::of(line);
        let (action, body) = line.split_once(' ').unwrap();
        let target =
            if action.contains('.') { action.to_owned() } else { format!("secretsmanager.{action}") };
        let body = expanded(body).replace("$ARN", &arn).replace("$NEXT", &next);
        let body = body.replace("$KEY", &key).replace("$BLOB", &blob);
        let request = signed::post(&target, sent(&body), proof, region, &world.clock);
        let place = region.map(|region| format!(" (in {region})")).unwrap_or_default();
        let (shown, answer) = shown(world.server.answer(request).await).await;
        writeln!(told, "POST / {target}{}{place}\n{body}\n{shown}\n", proof.told()).unwrap();
        let parsed: Value = serde_json::from_str(&answer).unwrap_or_default();
        remember(&mut arn, &parsed["ARN"]);
        remember(&mut next, &parsed["NextToken"]);
        remember(&mut next, &parsed["NextMarker"]);
        remember(&mut key, &parsed["KeyMetadata"]["KeyId"]);
        remember(&mut blob, &parsed["CiphertextBlob"]);
    }
    told
}

fn remember(place: &mut String, found: &Value) {
    if let Some(text) = found.as_str() {
        text.clone_into(place);
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
fn sent(body: &str) -> Vec<u8> {
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
