//! Code that nobody should deploy: each is refused with its reason, and nothing of it is stored.

use std::io::{Cursor, Write as _};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use keywheel_tests::node::SECRET_ACCESS_KEY;
use serde_json::json;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::component::{Does, component, importing};
use super::world::{Asked, ROLE, World};

const COMPONENT_BYTES_MAX: usize = 50 * 1024 * 1024;

fn zipped(name: &str, content: &[u8]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    writer.start_file(name, SimpleFileOptions::default()).unwrap();
    writer.write_all(content).unwrap();
    writer.finish().unwrap().into_inner()
}

#[tokio::test]
async fn bad_code_is_refused_with_its_reason_and_stores_nothing() {
    let world = World::new().await;
    let before = world.store.durable_image();
    let refused = "400 InvalidParameterValueException: The code is refused: ";
    for (what, code, expected) in [
        ("text", b"#!/bin/sh".to_vec(), "this is not WebAssembly"),
        (
            "a core module",
            wat::parse_str("(module)").unwrap(),
            "this is a core module, not a component: build for `wasm32-wasip2`, or encode it as a component",
        ),
        (
            "a component that exports nothing",
            wat::parse_str("(component)").unwrap(),
            "the component does not export `rotate` of the world `keywheel:rotation/rotator`",
        ),
        ("a component that is damaged", component(Does::Spins)[..200].to_vec(), "the component is not valid"),
        (
            "a zip without a component",
            zipped("index.js", b"x"),
            "the zip file must hold exactly one `.wasm` file, and holds 0",
        ),
        (
            "a zip bomb",
            zipped("f.wasm", &vec![0; COMPONENT_BYTES_MAX + 1]),
            "the component in the zip file has more than the 52428800 bytes that are allowed",
        ),
        (
            "a component that is too large",
            [component(Does::Spins), vec![0; COMPONENT_BYTES_MAX]].concat(),
            "the component has ",
        ),
        (
            "an import of nobody's",
            importing("acme:shell/run@1.0.0"),
            "the component imports `acme:shell/run@1.0.0`, which the host does not offer",
        ),
        (
            "another version of the contract",
            importing("keywheel:rotation/sql@9.0.0"),
            "the component's imports do not fit the host's contract",
        ),
    ] {
        let members = json!({"FunctionName": "f", "Role": ROLE, "Code": {"ZipFile": STANDARD.encode(code)}});
        let told = world.lambda("POST", "/2015-03-31/functions", &members).await;
        assert!(told.error().starts_with(&format!("{refused}{expected}")), "{what}: {}", told.error());
        assert_eq!(world.store.durable_image(), before, "{what}");
    }
}

#[tokio::test]
async fn a_body_that_is_too_long_is_refused_whoever_sent_it() {
    let world = World::new().await;
    for secret in [SECRET_ACCESS_KEY, "another secret"] {
        let body = vec![b' '; 70 * 1024 * 1024 + 1];
        let asked = Asked {
            method: "POST",
            path: "/2015-03-31/functions",
            service: "lambda",
            secret,
            headers: &[],
            body,
        };
        let told = world.send(asked).await;
        assert_eq!(
            told.error(),
            "413 RequestEntityTooLargeException: Request must be smaller than 73400320 bytes for this operation."
        );
        assert_eq!(told.header("connection"), "close");
    }
    // What carries no code has no room for any.
    let asked = Asked {
        method: "POST",
        path: "/2015-03-31/functions/f/invocations",
        service: "lambda",
        secret: SECRET_ACCESS_KEY,
        headers: &[],
        body: vec![b' '; 1024 * 1024 + 1],
    };
    assert_eq!(world.send(asked).await.status, 413);
}

#[tokio::test]
async fn an_upload_is_a_component_or_a_zip_with_one() {
    let world = World::new().await;
    let one = component(Does::Nothing("one"));
    world.deploy("bare", Does::Nothing("one")).await;
    let code = STANDARD.encode(zipped("target/rotator.wasm", &one));
    let members = json!({"FunctionName": "zipped", "Role": ROLE, "Code": {"ZipFile": code}});
    world.good("POST", "/2015-03-31/functions", &members).await;
    let location = async |name: &str| {
        let told = world.good("GET", &format!("/2015-03-31/functions/{name}"), &json!(null)).await;
        (told["Code"]["Location"].clone(), told["Configuration"]["CodeSha256"].clone())
    };
    let (bare, zipped) = (location("bare").await, location("zipped").await);
    assert_eq!(bare.0, zipped.0, "the digest names what runs");
    assert_ne!(bare.1, zipped.1, "and CodeSha256 what was uploaded");
}
