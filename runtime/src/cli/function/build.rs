//! `keywheel function build`: the component, through the language's own tool.

use std::env;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, anyhow};
use clap::Args;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::project::{self, Language};
use crate::cli::Failure;

/// What Rust compiles to.
const TARGET: &str = "wasm32-wasip2";
const KIBIBYTE: usize = 1024;

/// Arguments of `keywheel function build`.
#[derive(Args)]
pub(super) struct BuildArguments {
    /// The project's folder.
    #[arg(value_name = "FOLDER", default_value = ".")]
    folder: PathBuf,
}

pub(super) fn run(arguments: &BuildArguments) -> Result<(), Failure> {
    let folder = arguments.folder.as_path();
    let language = Language::of(folder)?;
    let name = project::name(folder, language)?;
    let component = folder.join(format!("{name}.wasm"));
    match language {
        Language::Rust => build_rust(folder, &component)?,
        Language::Python => build_python(folder, &name)?,
        Language::Javascript => build_javascript(folder)?,
    }
    let wasm = fs::read(&component).with_context(|| {
        format!("the build left no `{}`: let it write its component there", component.display())
    })?;
    let shown = component.strip_prefix(".").unwrap_or(&component).display();
    writeln!(
        io::stdout(),
        "{shown}: {} KiB, sha256 {}\nnext: keywheel function check {shown}",
        wasm.len().div_ceil(KIBIBYTE),
        hex::encode(Sha256::digest(&wasm))
    )
    .context("standard output is closed")?;
    Ok(())
}

fn build_rust(folder: &Path, component: &Path) -> anyhow::Result<()> {
    const CARGO: &str = "cargo is missing; to install it with the target: \
                         curl https://sh.rustup.rs -sSf | sh -s -- --target wasm32-wasip2";
    let libraries = Command::new("rustc").args(["--print", "target-libdir", "--target", TARGET]).output();
    let libraries = libraries.map_err(|error| missing(error, CARGO))?.stdout;
    let libraries = String::from_utf8_lossy(&libraries).trim().to_owned();
    if libraries.is_empty() || !Path::new(&libraries).exists() {
        return Err(anyhow!(
            "the compiler has no target {TARGET}; to install it: rustup target add {TARGET}"
        ));
    }
    let mut cargo = Command::new("cargo");
    cargo.args(["build", "--release", "--target", TARGET, "--message-format", "json-render-diagnostics"]);
    cargo.current_dir(folder).stderr(Stdio::inherit());
    let built = cargo.output().map_err(|error| missing(error, CARGO))?;
    if !built.status.success() {
        return Err(anyhow!("cargo could not build it: see above"));
    }
    // The last one is that of the project itself: cargo builds it after what it needs.
    let messages = built.stdout.split(|byte| *byte == b'\n');
    let mut files = messages.filter_map(|line| wasm_file(&serde_json::from_slice(line).ok()?));
    let made = files.next_back().ok_or_else(|| {
        anyhow!("the project makes no component: its Cargo.toml needs crate-type = [\"cdylib\", \"rlib\"] under [lib]")
    })?;
    fs::copy(&made, component)
        .with_context(|| format!("`{}` could not be copied to `{}`", made.display(), component.display()))?;
    Ok(())
}

/// The WebAssembly file of a message of cargo, if it tells of one.
fn wasm_file(message: &Value) -> Option<PathBuf> {
    let files = message.get("filenames")?.as_array()?;
    files.iter().filter_map(Value::as_str).find(|file| file.ends_with(".wasm")).map(PathBuf::from)
}

fn build_python(folder: &Path, name: &str) -> anyhow::Result<()> {
    const TOOL: &str = "componentize-py";
    let own = folder.join(".venv/bin").join(TOOL);
    if !own.is_file() && !is_on_path(TOOL) {
        return Err(anyhow!(
            "{TOOL} is missing; to install it: cd {} && python3 -m venv .venv && .venv/bin/pip install {}",
            folder.display(),
            pinned(folder, TOOL)
        ));
    }
    let mut build = Command::new("sh");
    build.args(["build.sh", &format!("{name}.wasm")]).current_dir(folder);
    succeed(&mut build, "build.sh")
}

/// The tool with the version that the project's manifest asks for, as pip takes it.
fn pinned(folder: &Path, tool: &str) -> String {
    let manifest = fs::read_to_string(folder.join(Language::Python.manifest())).unwrap_or_default();
    let found = manifest.split(['"', '\'']).find(|text| text.starts_with(&format!("{tool}==")));
    found.unwrap_or(tool).to_owned()
}

fn build_javascript(folder: &Path) -> anyhow::Result<()> {
    if !is_on_path("npm") {
        return Err(anyhow!(
            "npm is missing; to install it: apt-get install nodejs npm, or see https://nodejs.org"
        ));
    }
    if !folder.join("node_modules/@bytecodealliance/componentize-js").is_dir() {
        return Err(anyhow!(
            "componentize-js is missing; to install it: cd {} && npm install",
            folder.display()
        ));
    }
    let mut build = Command::new("npm");
    build.args(["run", "--silent", "build"]).current_dir(folder);
    succeed(&mut build, "npm run build")
}

fn succeed(command: &mut Command, name: &str) -> anyhow::Result<()> {
    // What a tool prints is for people to watch; standard output is for the result.
    let status =
        command.stdout(io::stderr()).status().with_context(|| format!("`{name}` could not be started"))?;
    if status.success() { Ok(()) } else { Err(anyhow!("`{name}` failed: see above")) }
}

fn missing(error: io::Error, sentence: &'static str) -> anyhow::Error {
    if error.kind() == io::ErrorKind::NotFound { anyhow!(sentence) } else { error.into() }
}

fn is_on_path(program: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargo_tells_which_file_it_made() {
        let check = |message: &str, expected: Option<&str>| {
            let file = wasm_file(&serde_json::from_str(message).unwrap());
            assert_eq!(file.as_deref(), expected.map(Path::new), "{message}");
        };
        check(r#"{"filenames":["/t/a.rlib","/t/a.wasm"]}"#, Some("/t/a.wasm"));
        check(r#"{"filenames":["/t/a.rlib"]}"#, None);
        check(r#"{"reason":"build-finished","success":true}"#, None);
    }

    #[test]
    fn the_version_to_install_is_the_projects() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(pinned(folder.path(), "componentize-py"), "componentize-py");
        let manifest = "[dependency-groups]\nbuild = [\"componentize-py==0.25.1\"]\n";
        fs::write(folder.path().join("pyproject.toml"), manifest).unwrap();
        assert_eq!(pinned(folder.path(), "componentize-py"), "componentize-py==0.25.1");
    }
}
