//! Compiles the built-in rotation functions and writes the table of them that `src/lib.rs` includes.

mod guest_build;

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use sha2::{Digest as _, Sha256};

/// A built-in rotator.
struct Rotator {
    /// Its name in a function ARN.
    name: &'static str,
    /// The package that is compiled.
    package: &'static str,
    /// The folder of the package in `functions/`.
    folder: &'static str,
    /// The feature of the package that chooses it, if it is not the default one.
    feature: Option<&'static str>,
}

/// All of them, by name. The next one is one more line here, and a member of the workspace.
const ROTATORS: [Rotator; 4] = [
    Rotator { name: "mysql-alternating-users", feature: ALTERNATING, ..MYSQL },
    Rotator { name: "mysql-single-user", ..MYSQL },
    Rotator { name: "postgres-alternating-users", feature: ALTERNATING, ..POSTGRES },
    Rotator { name: "postgres-single-user", ..POSTGRES },
];
const ALTERNATING: Option<&str> = Some("alternating-users");
const MYSQL: Rotator =
    Rotator { name: "", package: "keywheel-function-mysql", folder: "mysql", feature: None };
const POSTGRES: Rotator =
    Rotator { name: "", package: "keywheel-function-postgres", folder: "postgres", feature: None };

fn main() {
    let here = guest_build::variable("CARGO_MANIFEST_DIR");
    let workspace = Path::new(&here).parent().expect("the package is in a folder of the workspace");
    let folders = ROTATORS.map(|rotator| format!("functions/{}", rotator.folder));
    guest_build::watch(workspace, &folders.each_ref().map(String::as_str));

    let mut wasm = Vec::new();
    // One run for each feature, since a component has one export; each overwrites what the one before built.
    for feature in [None, ALTERNATING] {
        let chosen: Vec<&Rotator> = ROTATORS.iter().filter(|rotator| rotator.feature == feature).collect();
        let mut arguments = vec!["--lib"];
        arguments.extend(chosen.iter().flat_map(|rotator| ["--package", rotator.package]));
        let features =
            chosen.iter().filter_map(|rotator| Some(format!("{}/{}", rotator.package, rotator.feature?)));
        let features = features.collect::<Vec<_>>().join(",");
        if !features.is_empty() {
            arguments.extend(["--features", &features]);
        }
        let built = guest_build::build(&arguments, &[]);
        for rotator in chosen {
            let component = built.join(rotator.package.replace('-', "_")).with_extension("wasm");
            wasm.push((rotator.name, guest_build::keep(&component, rotator.name)));
        }
    }
    wasm.sort();

    let mut table = String::from("&[\n");
    for (name, file) in wasm {
        let wasm = fs::read(&file).expect("the component was copied here");
        let digest = hex::encode(Sha256::digest(&wasm));
        writeln!(
            table,
            "    Builtin {{ name: {name:?}, wasm: include_bytes!({file:?}), digest: {digest:?} }},"
        )
        .expect("a string takes any text");
    }
    table.push_str("]\n");
    let out = Path::new(&guest_build::variable("OUT_DIR")).join("builtins.rs");
    fs::write(out, table).expect("cargo made the folder for generated files");
}
