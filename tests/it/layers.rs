//! The rules that keep the source in its shape, read from the source itself.
#![cfg(test)]

mod imports;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use imports::{LAYERS, breaches};

const LINES_MAX: usize = 800;
/// Names that say nothing about what is in a module.
const EMPTY_NAMES: [&str; 8] =
    ["util", "utils", "common", "helper", "helpers", "manager", "managers", "misc"];
/// Unfinished or switched-off code, spelt in two parts so that this file does not hold it.
const MARKS: [[&str; 2]; 5] =
    [["#[ign", "ore"], ["tod", "o!("], ["unimpl", "emented!("], ["// TO", "DO"], ["// FIX", "ME"]];

#[test]
fn the_modules_of_runtime_keep_their_order() {
    let source = workspace().join("runtime/src");
    let found: Vec<String> = rust_files(&source)
        .iter()
        .flat_map(|file| breaches(file.strip_prefix(&source).unwrap(), &fs::read_to_string(file).unwrap()))
        .collect();
    assert!(found.is_empty(), "the order of the modules is {}:\n{}", LAYERS.join(" < "), found.join("\n"));
}

#[test]
fn every_module_of_runtime_has_a_place_in_the_order() {
    let lib = fs::read_to_string(workspace().join("runtime/src/lib.rs")).unwrap();
    let modules = lib
        .lines()
        .filter_map(|line| line.trim_start_matches("pub ").strip_prefix("mod ")?.strip_suffix(';'));
    let unknown: Vec<&str> = modules.filter(|module| !LAYERS.contains(module)).collect();
    assert_eq!(unknown, Vec::<&str>::new(), "these modules of runtime/src/lib.rs are not in the order");
}

#[test]
fn the_crates_depend_one_way() {
    let check = |package: &str, forbidden: &[&str]| {
        let dependencies = dependencies(package);
        assert!(!dependencies.is_empty(), "{package} has dependencies");
        for name in forbidden {
            assert!(!dependencies.contains(*name), "`{package}/Cargo.toml` must not depend on `{name}`");
        }
    };
    let outside =
        ["tokio", "hyper", "redb", "getrandom", "wasmtime", "async-trait", "futures-util", "tempfile"];
    check("runtime/domain", &outside);
    check("runtime/domain", &["keywheel", "keywheel-host", "keywheel-sdk", "keywheel-functions"]);
    check("runtime/host", &["keywheel", "keywheel-sdk", "keywheel-functions", "redb", "getrandom"]);
    check("runtime", &["keywheel-sdk", "wasmtime", "keywheel-function-mysql", "keywheel-function-postgres"]);
    check("sdk", &["keywheel", "keywheel-host", "keywheel-domain", "wasmtime", "tokio"]);
    for function in ["functions/mysql", "functions/postgres"] {
        check(function, &["keywheel", "keywheel-host", "keywheel-domain", "wasmtime", "tokio"]);
    }
    let ours = |package: &str| -> BTreeSet<String> {
        dependencies(package).into_iter().filter(|name| name.starts_with("keywheel")).collect()
    };
    let shared: Vec<String> = ours("sdk").intersection(&ours("runtime/host")).cloned().collect();
    assert_eq!(shared, Vec::<String>::new(), "host and SDK meet in sdk/wit only");
}

#[test]
fn files_are_short_and_well_named() {
    for file in rust_files(&workspace()) {
        let shown = file.strip_prefix(workspace()).unwrap().display().to_string();
        let text = fs::read_to_string(&file).unwrap();
        let lines = text.lines().count();
        assert!(lines <= LINES_MAX, "{shown} has {lines} lines, at most {LINES_MAX} are allowed: split it");
        let names = file.strip_prefix(workspace()).unwrap().components();
        let names = names.map(|name| name.as_os_str().to_string_lossy().trim_end_matches(".rs").to_owned());
        let inline =
            text.lines().filter_map(|line| line.trim().strip_prefix("mod ")?.split([' ', ';']).next());
        for name in names.chain(inline.map(str::to_owned)) {
            assert!(
                !EMPTY_NAMES.contains(&name.as_str()),
                "{shown}: `{name}` says nothing about what is in it"
            );
        }
    }
}

#[test]
fn nothing_is_unfinished_or_switched_off() {
    for file in rust_files(&workspace()) {
        let text = fs::read_to_string(&file).unwrap();
        for mark in MARKS.map(|parts| parts.concat()) {
            let shown = file.display();
            assert!(!text.contains(&mark), "{shown} holds `{mark}`: finish it or take it out");
        }
    }
}

/// The names in the `[dependencies]` of a package; those for its tests are free.
fn dependencies(package: &str) -> BTreeSet<String> {
    let manifest = fs::read_to_string(workspace().join(package).join("Cargo.toml")).unwrap();
    let lines = manifest.lines().skip_while(|line| *line != "[dependencies]").skip(1);
    let lines = lines.take_while(|line| !line.starts_with('['));
    lines
        .filter_map(|line| Some(line.split(['.', '=', ' ']).next()?.to_owned()))
        .filter(|name| !name.is_empty())
        .collect()
}

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files = Vec::new();
    for path in entries {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && name != "target" && !name.starts_with('.') {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort_unstable();
    files
}
