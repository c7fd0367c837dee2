//! What a developer of Keywheel runs: `cargo xtask test`, `demo`, `simulate` and `setup`.
//!
//! Each installs what it needs and says so. Nothing is fetched but from package registries.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "this program talks to a person")]

mod check;
mod command;
mod setup;
mod tally;

use std::env;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context as _, Result};

const HELP: &str = "\
cargo xtask COMMAND

  test    installs what the tests need, then checks everything: format, lints, tests, documentation
  demo    rotates the password of a real PostgreSQL in front of your eyes, and cleans up
  simulate --seeds N [--from S]
          runs rotations that seeds make up, with faults and deaths, and checks every rule after every effect
  setup   only installs what the others need
";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments[..] {
        ["test"] => setup::everything().and_then(|()| check::everything()),
        ["demo"] => setup::for_demo().and_then(|()| demo()),
        ["simulate", ref seeds @ ..] => setup::for_demo().and_then(|()| simulate(seeds)),
        ["setup"] => setup::everything().map(|()| true),
        [] | ["help" | "--help" | "-h"] => {
            print!("{HELP}");
            return ExitCode::SUCCESS;
        }
        _ => {
            eprint!("{HELP}");
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Builds with cargo's own progress, then runs the seeds. Not optimised: that build takes longer than some
/// thousand runs.
fn simulate(seeds: &[&str]) -> Result<bool> {
    let run = ["run", "--quiet", "--package", "keywheel-tests", "--example", "simulate", "--"];
    Ok(command::cargo(&[&run[..], seeds].concat()).status()?.success())
}

/// Builds with cargo's own progress, then hands over to the demonstration.
fn demo() -> Result<bool> {
    println!("==> building (the first time takes some minutes: it compiles a WebAssembly runtime)");
    // One build for the server and what drives it, with the features of the tests.
    let build = ["build", "--workspace", "--bin", "keywheel", "--example", "demo"];
    if !command::cargo(&build).status()?.success() {
        return Ok(false);
    }
    let programs = env::current_exe()?;
    let programs = programs.parent().context("this program is in no folder")?;
    let mut demo = Command::new(programs.join("examples/demo"));
    demo.env("KEYWHEEL_BIN", programs.join("keywheel")).stdin(Stdio::null());
    // It takes the place of this process, so that Ctrl-C and its cleaning up are its own.
    Err(demo.exec()).context("starting the demonstration")
}
