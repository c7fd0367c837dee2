//! Installs what is missing, and says what and why. What is there already is left as it is.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use crate::command::{succeeds, venv, workspace};

#[path = "../../src/language_tools.rs"]
mod language_tools;
#[path = "../../src/postgres_programs.rs"]
mod postgres_programs;

#[path = "../../src/mariadb_programs.rs"]
mod mariadb_programs;

const WASM_TARGET: &str = "wasm32-wasip2";
/// The folder with the lists of the clients in JavaScript.
const JAVASCRIPT_CLIENT_LISTS: &str = "tests/clients/javascript";

/// What the tests need.
pub(crate) fn everything() -> Result<()> {
    for_demo()?;
    component("rustfmt", "cargo fmt checks the format")?;
    component("clippy", "cargo clippy checks the code")?;
    mariadb()?;
    python()?;
    clients()?;
    node()?;
    componentize_py()?;
    componentize_js()?;
    javascript_clients()
}

/// What the demonstration needs.
pub(crate) fn for_demo() -> Result<()> {
    wasm_target()?;
    postgres()
}

fn wasm_target() -> Result<()> {
    let asked = Command::new("rustc").args(["--print", "target-libdir", "--target", WASM_TARGET]).output();
    let folder = asked.context("rustc cannot be started")?.stdout;
    if fs::exists(String::from_utf8_lossy(&folder).trim())? {
        return Ok(());
    }
    announce(WASM_TARGET, "the compiler's target for rotation functions");
    run("rustup", &["target", "add", WASM_TARGET])
}

fn component(name: &str, reason: &str) -> Result<()> {
    if succeeds(&format!("cargo-{}", name.trim_start_matches("rust")), &["--version"]) {
        return Ok(());
    }
    announce(name, reason);
    run("rustup", &["component", "add", name])
}

fn postgres() -> Result<()> {
    if postgres_programs::folder().is_some() {
        return Ok(());
    }
    announce("postgresql", "rotations are shown and tested on a private server in a temporary folder");
    println!("    (Debian may start a server of its own along with it; that one is not used)");
    install(&["postgresql"])?;
    let found = postgres_programs::folder();
    found
        .map(|_| ())
        .context("the package postgresql was installed, but `initdb` is in none of the usual folders")
}

fn mariadb() -> Result<()> {
    if mariadb_programs::missing().is_none() {
        return Ok(());
    }
    announce("mariadb-server", "rotations are tested on a private server in a temporary folder");
    println!("    (Debian may start a server of its own along with it; that one is not used)");
    install(&["mariadb-server"])?;
    let missing = mariadb_programs::missing();
    let found =
        |program: &str| format!("mariadb-server was installed, but `{program}` is in no usual folder");
    ensure!(missing.is_none(), "{}", found(missing.unwrap_or_default()));
    Ok(())
}

fn python() -> Result<()> {
    if succeeds("python3", &["-c", "import ensurepip, venv"]) {
        return Ok(());
    }
    announce("python3-venv", "boto3 and the aws command run in a private Python environment");
    install(&["python3", "python3-venv"])
}

/// The Python environment. A copy of the list tells whether it is what the list asks for.
fn clients() -> Result<()> {
    let list = workspace().join("tests/clients/requirements.txt");
    let wanted = fs::read_to_string(&list)?;
    let installed = venv().join("requirements.txt");
    if fs::read_to_string(&installed).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    announce(
        "boto3, awscli and the caching client",
        "the tests use the clients that people use (into target/venv)",
    );
    let venv = venv().display().to_string();
    run("python3", &["-m", "venv", "--clear", &venv])?;
    let list = list.display().to_string();
    let pip = format!("{venv}/bin/python");
    run(&pip, &["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement", &list])?;
    fs::write(installed, wanted)?;
    Ok(())
}

fn node() -> Result<()> {
    if succeeds("node", &["--version"]) && succeeds("npm", &["--version"]) {
        return Ok(());
    }
    announce("nodejs and npm", "rotation functions in JavaScript are built and tested with them");
    install(&["nodejs", "npm"])
}

/// What builds functions in Python. A copy of the list tells whether it is what the list asks for.
fn componentize_py() -> Result<()> {
    let list = workspace().join(language_tools::PYTHON_LIST);
    let wanted = fs::read_to_string(&list)?;
    let folder = language_tools::python(&workspace());
    let installed = folder.join("requirements.txt");
    if fs::read_to_string(&installed).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    announce("componentize-py", "the tests build rotation functions in Python with it (into target/tools)");
    let folder = folder.display().to_string();
    run("python3", &["-m", "venv", "--clear", &folder])?;
    let (python, list) = (format!("{folder}/bin/python"), list.display().to_string());
    run(
        &python,
        &["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement", &list],
    )?;
    fs::write(installed, wanted)?;
    Ok(())
}

/// What builds functions in JavaScript.
fn componentize_js() -> Result<()> {
    npm(
        language_tools::JAVASCRIPT_LISTS,
        &language_tools::javascript(&workspace()),
        "componentize-js",
        "the tests build rotation functions in JavaScript with it (into target/tools)",
    )
}

/// Clients in JavaScript.
fn javascript_clients() -> Result<()> {
    npm(
        JAVASCRIPT_CLIENT_LISTS,
        &language_tools::javascript_clients(&workspace()),
        "the AWS SDK for JavaScript",
        "the tests use the clients that people use (into target/clients)",
    )
}

/// The packages of a list. A copy of its lock file tells whether they are what the list asks for.
fn npm(lists: &str, folder: &Path, what: &str, reason: &str) -> Result<()> {
    const LOCK: &str = "package-lock.json";
    let lists = workspace().join(lists);
    let (wanted, installed) = (fs::read(lists.join(LOCK))?, folder.join("installed-lock.json"));
    if fs::read(&installed).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    announce(what, reason);
    fs::create_dir_all(folder)?;
    for name in ["package.json", LOCK] {
        fs::copy(lists.join(name), folder.join(name))?;
    }
    let folder = folder.display().to_string();
    run("npm", &["ci", "--silent", "--no-audit", "--no-fund", "--prefix", &folder])?;
    fs::write(installed, wanted)?;
    Ok(())
}

fn install(packages: &[&str]) -> Result<()> {
    ensure!(
        succeeds("apt-get", &["--version"]),
        "this machine has no apt-get: install {} by hand and run this again",
        packages.join(" and ")
    );
    apt(&["update", "--quiet"])?;
    apt(&[&["install", "--quiet", "--yes", "--no-install-recommends"], packages].concat())
}

fn apt(arguments: &[&str]) -> Result<()> {
    const AS_ROOT: &str = "env";
    let command = [&["DEBIAN_FRONTEND=noninteractive", "apt-get"], arguments].concat();
    if is_root() { run(AS_ROOT, &command) } else { run("sudo", &[&[AS_ROOT], &command[..]].concat()) }
}

fn is_root() -> bool {
    let asked = Command::new("id").arg("--user").output();
    asked.is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

fn announce(what: &str, reason: &str) {
    println!("==> installing {what}: {reason}");
}

fn run(program: &str, arguments: &[&str]) -> Result<()> {
    let shown = format!("{program} {}", arguments.join(" "));
    let status = Command::new(program).args(arguments).status();
    let status =
        status.with_context(|| format!("`{program}` cannot be started; `{shown}` must be run by hand"))?;
    ensure!(status.success(), "`{shown}` failed");
    Ok(())
}
