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
}

/// All of them. The next one is one more line here, and a member of the workspace.
const ROTATORS: [Rotator; 1] =
    [Rotator { name: "postgres-single-user", package: "keywheel-function-postgres", folder: "postgres" }];

fn main() {
    let here = guest_build::variable("CARGO_MANIFEST_DIR");
    let workspace = Path::new(&here).parent().expect("the package is in a folder of the workspace");
    let folders = ROTATORS.map(|rotator| format!("functions/{}", rotator.folder));
    guest_build::watch(workspace, &folders.each_ref().map(String::as_str));

    let packages: Vec<&str> = ROTATORS.iter().flat_map(|rotator| ["--package", rotator.package]).collect();
    let built = guest_build::build(&[&packages[..], &["--lib"]].concat());

    let mut table = String::from("&[\n");
    for Rotator { name, package, .. } in ROTATORS {
        let file = guest_build::keep(&built.join(package.replace('-', "_")).with_extension("wasm"));
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
