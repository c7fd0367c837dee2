//! `cargo xtask test`: every check, one after the other, and what came of them.

use std::env;
use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

use crate::command;
use crate::tally::Tally;

/// How many tests cargo's runner runs at once.
const THREADS: &str = "RUST_TEST_THREADS";
const TESTS_PER_PROCESSOR: usize = 2;

/// A check, with the command that makes it.
struct Phase {
    name: &'static str,
    arguments: &'static [&'static str],
    environment: &'static [(&'static str, &'static str)],
}

const PHASES: [Phase; 4] = [
    Phase { name: "format", arguments: &["fmt", "--all", "--check"], environment: &[] },
    Phase {
        name: "lints",
        arguments: &["clippy", "--workspace", "--all-targets", "--", "--deny", "warnings"],
        environment: &[],
    },
    Phase { name: "tests", arguments: &["test", "--workspace", "--no-fail-fast"], environment: &[] },
    Phase {
        name: "documentation",
        arguments: &["doc", "--workspace", "--no-deps"],
        environment: &[("RUSTDOCFLAGS", "--deny warnings")],
    },
];

/// Runs every phase, also after one has failed. The last line is the sum of all tests; a phase that
/// failed without a failed test counts as one. True when nothing failed.
pub(crate) fn everything() -> Result<bool> {
    let mut total = Tally::default();
    let mut endings = Vec::new();
    for phase in PHASES {
        println!("\n==> {}: cargo {}", phase.name, phase.arguments.join(" "));
        let started = now();
        let (mut tally, succeeded) = run(&phase)?;
        if !succeeded && tally.failed == 0 {
            tally.failed = 1;
        }
        let ending = if succeeded { "ok" } else { "FAILED" };
        endings.push(format!("{:>14}  {ending:<6}  {}", phase.name, shown(started.elapsed())));
        total = total.plus(tally);
    }
    println!("\n==> in all\n{}", endings.join("\n"));
    println!("total: {total}");
    Ok(total.failed == 0)
}

/// Runs one phase, shows its output as it comes, and counts the tests in it.
fn run(phase: &Phase) -> Result<(Tally, bool)> {
    let mut command: Command = command::cargo(phase.arguments);
    command.envs(phase.environment.iter().copied()).stdout(Stdio::piped());
    command.env("KEYWHEEL_TEST_VENV", command::venv());
    if env::var_os(THREADS).is_none() {
        // Tests with real servers mostly wait.
        let processors = thread::available_parallelism().map_or(1, usize::from);
        command.env(THREADS, (TESTS_PER_PROCESSOR * processors).to_string());
    }
    let mut child = command.spawn().context("starting cargo")?;
    let output = child.stdout.take().context("cargo has no output")?;
    let mut tally = Tally::default();
    for line in BufReader::new(output).split(b'\n') {
        let line = line?;
        let line = String::from_utf8_lossy(&line);
        println!("{line}");
        tally = tally.plus(Tally::of_line(&line));
    }
    Ok((tally, child.wait()?.success()))
}

#[expect(clippy::disallowed_methods, reason = "a developer's tool tells how long it took")]
fn now() -> Instant {
    Instant::now()
}

fn shown(duration: Duration) -> String {
    let seconds = duration.as_secs();
    format!("{} min {:02} s", seconds / 60, seconds % 60)
}
