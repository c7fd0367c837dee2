use std::fs;
use std::path::PathBuf;

use super::*;
use crate::testing::{Passwords, ROTATE, catalog, component, engine, invocation, text, with_export};
use crate::{Limits, Outcome};

async fn check(bytes: &[u8], expected: &str) {
    let error = catalog().load(bytes).await.unwrap_err();
    assert_eq!(error.to_string(), expected);
}

fn done() -> String {
    format!("({ROTATE} (i32.const 0))")
}

#[tokio::test]
async fn what_is_no_rotation_function_is_refused_with_its_reason() {
    check(b"#!/bin/sh", "this is not WebAssembly").await;
    check(
        &wat::parse_str("(module)").unwrap(),
        "this is a core module, not a component: build for `wasm32-wasip2`, or encode it as a component",
    )
    .await;
    check(b"\0asm\x0d\0\x01\0garbage", "the component is not valid").await;
    let missing = "the component does not export `rotate` of the world `keywheel:rotation/rotator`";
    check(&wat::parse_str("(component)").unwrap(), missing).await;
    check(&with_export("turn", &done()), missing).await;
    let other = "(component (core module $m (func (export \"f\"))) (core instance $i (instantiate $m))
        (func (export \"rotate\") (canon lift (core func $i \"f\"))))";
    check(
        &wat::parse_str(other).unwrap(),
        "the export `rotate` has another type than in the world `keywheel:rotation/rotator`",
    )
    .await;
}

/// Puts an import in front of a component that is a function otherwise.
fn importing(import: &str) -> Vec<u8> {
    let text = text("rotate", &done()).replacen("(component", &format!("(component {import}"), 1);
    wat::parse_str(text).unwrap()
}

#[tokio::test]
async fn imports_are_those_of_the_contract_and_of_wasi() {
    for unknown in ["acme:shell/run@1.0.0", "keywheel:rotation/files@0.1.0"] {
        let bytes = importing(&format!("(import \"{unknown}\" (instance (export \"run\" (func))))"));
        check(&bytes, &format!("the component imports `{unknown}`, which the host does not offer")).await;
    }
    let future = importing("(import \"keywheel:rotation/sql@0.2.0\" (instance (export \"run\" (func))))");
    check(&future, "the component's imports do not fit the host's contract").await;
    let files = importing("(import \"wasi:filesystem/preopens@0.2.6\" (instance (export \"run\" (func))))");
    assert!(catalog().load(&files).await.is_ok(), "standard libraries import more than they use");
}

/// Puts what a tool writes about itself at the end of a component.
fn made_by(mut component: Vec<u8>, tool: &str) -> Vec<u8> {
    let text = |text: &str| [&[u8::try_from(text.len()).unwrap()], text.as_bytes()].concat();
    let section =
        [text("producers"), vec![1], text("processed-by"), vec![1], text(tool), text("1.0.0")].concat();
    component.extend([0, u8::try_from(section.len()).unwrap()]);
    component.extend(section);
    component
}

#[tokio::test]
async fn an_interpreter_without_randomness_is_refused() {
    let random = importing("(import \"wasi:random/random@0.2.9\" (instance (export \"run\" (func))))");
    for (tool, remedy) in [
        ("component-init-transform", "componentize-py without `--stub-wasi`"),
        ("ComponentizeJS", "componentize-js without `--disable random`"),
    ] {
        let expected = "the component holds an interpreter and does not import `wasi:random/random`: every run \
                        would draw the same \"random\" bytes; build it with ";
        check(&made_by(component(&done()), tool), &format!("{expected}{remedy}")).await;
        assert_eq!(interpreted::without_randomness(&made_by(random.clone(), tool)), None);
    }
    assert!(catalog().load(&made_by(component(&done()), "wit-component")).await.is_ok());
}

#[tokio::test]
async fn a_component_that_is_too_large_is_refused() {
    let mut bytes = component(&done());
    bytes.resize(COMPONENT_BYTES_MAX + 1, 0);
    let expected =
        format!("the component has {} bytes, more than the 52428800 that are allowed", bytes.len());
    check(&bytes, &expected).await;
}

fn files(folder: &std::path::Path) -> Vec<PathBuf> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
}

async fn load_and_run(folder: &std::path::Path, key: u8) {
    let catalog = Catalog::new(engine(1), Some(folder.to_owned()), Sensitive::new([key; 32]));
    let function = catalog.load(&component(&done())).await.unwrap();
    let report = function.invoke(invocation(Passwords::Made, Limits::default())).await;
    assert_eq!(report.outcome, Outcome::Done);
}

#[tokio::test]
async fn compiled_code_is_kept_and_only_believed_when_it_is_authentic() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("compiled");
    load_and_run(&folder, 1).await;
    let [file] = &files(&folder)[..] else { panic!("one file for one component") };
    let written = fs::read(file).unwrap();
    let inode = || std::os::unix::fs::MetadataExt::ino(&fs::metadata(file).unwrap());
    #[cfg(unix)]
    assert_eq!(std::os::unix::fs::MetadataExt::mode(&fs::metadata(&folder).unwrap()) & 0o777, 0o700);

    let before = inode();
    load_and_run(&folder, 1).await;
    assert_eq!(inode(), before, "the file was read and not written again");

    for change in [0, written.len() / 2, written.len() - 1] {
        let mut tampered = written.clone();
        tampered[change] ^= 1;
        fs::write(file, &tampered).unwrap();
        load_and_run(&folder, 1).await;
        assert_eq!(fs::read(file).unwrap(), written, "a change at byte {change} is found and undone");
    }
    fs::write(file, b"short").unwrap();
    load_and_run(&folder, 1).await;
    assert_eq!(fs::read(file).unwrap(), written);

    load_and_run(&folder, 2).await;
    assert_ne!(fs::read(file).unwrap(), written, "another key does not believe it");
}

#[tokio::test]
async fn what_takes_too_long_to_compile_is_refused_and_holds_up_nothing_that_runs() {
    let hurried = catalog().with_deploy_ms_max(0);
    let error = hurried.deploy(component(&done())).await.unwrap_err();
    assert_eq!(error.to_string(), "the component takes longer than 0 ms to compile");
    assert!(hurried.load(&component(&done())).await.is_ok());
}

#[tokio::test]
async fn compiled_code_is_found_without_its_component_until_it_is_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    let open = || Catalog::new(engine(1), Some(folder.path().to_owned()), Sensitive::new([1; 32]));
    let digest = open().deploy(component(&done())).await.unwrap().digest().to_owned();
    let again = open();
    let found = again.find(&digest).await.unwrap();
    assert_eq!(found.invoke(invocation(Passwords::Made, Limits::default())).await.outcome, Outcome::Done);
    assert!(again.find(&digest.replace('0', "1")).await.is_none());
    let kept = digest.clone();
    again.sweep(move |digest| digest == kept).await;
    assert_eq!(files(folder.path()).len(), 1);
    again.sweep(|_| false).await;
    assert!(files(folder.path()).is_empty());
    open().deploy(component(&done())).await.unwrap();
    again.forget(&digest);
    assert!(again.find(&digest).await.is_none() && files(folder.path()).is_empty());
}
