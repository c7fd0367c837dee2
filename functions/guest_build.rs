//! Compiles guests from a build script: cargo inside cargo, for `wasm32-wasip2`.
//!
//! The inner cargo has its own target folder, because the outer one holds the lock of its own. It
//! works on the same workspace and lock file. Both build scripts that need guests share this file.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const TARGET: &str = "wasm32-wasip2";
/// The profile in the workspace's manifest.
const PROFILE: &str = "guest";
/// What the outer cargo, clippy or a tool for coverage sets for native code.
const NATIVE_VARIABLES: [&str; 9] = [
    "CARGO_BUILD_TARGET",
    "CARGO_ENCODED_RUSTFLAGS",
    "CARGO_TARGET_DIR",
    "CLIPPY_ARGS",
    "RUSTC_WORKSPACE_WRAPPER",
    "RUSTC_WRAPPER",
    "RUSTDOCFLAGS",
    "RUSTFLAGS",
    "__CARGO_DEFAULT_LIB_METADATA",
];

/// Runs `cargo build` for guests with more arguments, which name them, and with variables that change what the
/// profile says. Returns the folder of the results.
///
/// # Panics
///
/// When the guests do not compile: a build script has no other way to say so.
pub(crate) fn build(arguments: &[&str], variables: &[(&str, &str)]) -> PathBuf {
    require_target();
    let folder = target_folder();
    let mut cargo = Command::new(variable("CARGO"));
    cargo.args(["build", "--quiet", "--profile", PROFILE, "--target", TARGET, "--target-dir"]);
    cargo.arg(&folder).args(arguments);
    for name in NATIVE_VARIABLES {
        cargo.env_remove(name);
    }
    cargo.envs(variables.iter().copied());
    let status = cargo.status().expect("cargo can be started, since it runs this build script");
    assert!(status.success(), "the guests do not compile: see the errors of the compiler above");
    folder.join(TARGET).join(PROFILE)
}

/// Tells cargo which files of the workspace decide what the guests are.
pub(crate) fn watch(workspace: &Path, paths: &[&str]) {
    let always = ["Cargo.toml", "Cargo.lock", "functions/guest_build.rs"];
    let sdk = ["sdk/Cargo.toml", "sdk/src", "sdk/wit"];
    for path in always.iter().chain(&sdk).chain(paths) {
        println!("cargo::rerun-if-changed={}", workspace.join(path).display());
    }
}

/// Copies a component into the folder for generated files under this name, where no other build replaces it.
pub(crate) fn keep(component: &Path, name: &str) -> PathBuf {
    let kept = Path::new(&variable("OUT_DIR")).join(name).with_extension("wasm");
    fs::copy(component, &kept).expect("cargo built the component and made the folder for generated files");
    kept
}

/// The value of a variable that cargo sets for every build script.
#[expect(clippy::panic, reason = "a build script has no other way to fail")]
pub(crate) fn variable(name: &str) -> String {
    env::var(name).unwrap_or_else(|_| panic!("cargo sets {name} for build scripts"))
}

fn require_target() {
    let asked =
        Command::new(variable("RUSTC")).args(["--print", "target-libdir", "--target", TARGET]).output();
    let folder = asked.expect("rustc can be started, since it compiled this build script").stdout;
    let folder = String::from_utf8_lossy(&folder).trim().to_owned();
    let installed = !folder.is_empty() && Path::new(&folder).exists();
    assert!(installed, "the compiler has no target {TARGET}: run `rustup target add {TARGET}`");
}

/// Beside the outer cargo's profiles, so that all of them share it and a second build is incremental.
fn target_folder() -> PathBuf {
    let out = PathBuf::from(variable("OUT_DIR"));
    let build = out.ancestors().find(|folder| folder.ends_with("build"));
    let target = build.and_then(|folder| folder.ancestors().nth(2)).unwrap_or(&out);
    target.join("guests")
}
