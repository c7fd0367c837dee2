//! `cargo xtask test`: every check, one after the other, and what came of them.

use std::env;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow};

use crate::command;
use crate::tally::Tally;

/// How many tests cargo's runner runs at once.
const THREADS: &str = "RUST_TEST_THREADS";
const TESTS_PER_PROCESSOR: usize = 2;

/// What each value begins with that the tests make up as a secret: `tests/src/canary.rs`.
const SECRET_BEGINNING: &str = "KeywheelCanary";

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

/// Runs one phase, shows its output as it comes, and counts the tests in it. It fails as well when a secret is in
/// that output: in what the tests write, and in what the programs write to which they leave their standard error.
fn run(phase: &Phase) -> Result<(Tally, bool)> {
    let mut command: Command = command::cargo(phase.arguments);
    command.envs(phase.environment.iter().copied()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.env("KEYWHEEL_TEST_VENV", command::venv());
    if env::var_os(THREADS).is_none() {
        // Tests with real servers mostly wait.
        let processors = thread::available_parallelism().map_or(1, usize::from);
        command.env(THREADS, (TESTS_PER_PROCESSOR * processors).to_string());
    }
    let mut child = command.spawn().context("starting cargo")?;
    let (output, errors) = child.stdout.take().zip(child.stderr.take()).context("cargo has no output")?;
    let errors = thread::spawn(move || watch(BufReader::new(errors), |line| eprintln!("{line}")));
    let (tally, mut is_clean) = watch(BufReader::new(output), |line| println!("{line}"))?;
    let (_, has_clean_errors) =
        errors.join().map_err(|_| anyhow!("reading what cargo writes panicked"))??;
    is_clean &= has_clean_errors;
    if !is_clean {
        println!("xtask: a line above shows a secret: it begins with `{SECRET_BEGINNING}`");
    }
    Ok((tally, child.wait()?.success() && is_clean))
}

/// Counts the tests in some output, and tells whether it is free of secrets.
fn watch(output: impl BufRead, mut show: impl FnMut(&str)) -> Result<(Tally, bool)> {
    let (mut tally, mut is_clean) = (Tally::default(), true);
    for line in output.split(b'\n') {
        let line = line?;
        let line = String::from_utf8_lossy(&line);
        show(&line);
        tally = tally.plus(Tally::of_line(&line));
        is_clean &= !line.contains(SECRET_BEGINNING);
    }
    Ok((tally, is_clean))
}

#[expect(clippy::disallowed_methods, reason = "a developer's tool tells how long it took")]
fn now() -> Instant {
    Instant::now()
}

fn shown(duration: Duration) -> String {
    let seconds = duration.as_secs();
    format!("{} min {:02} s", seconds / 60, seconds % 60)
}

#[test]
fn a_secret_in_the_output_is_found() {
    let check = |output: &str, expected: bool| {
        let mut shown = String::new();
        let (tally, is_clean) = watch(output.as_bytes(), |line| shown.push_str(line)).unwrap();
        assert_eq!((tally.passed, is_clean), (2, expected), "{output}");
        assert_eq!(shown, output.replace('\n', ""));
    };
    let ending = "test result: ok. 2 passed; 0 failed; 0 ignored";
    check(&format!("test canary::a_value ... ok\n{ending}\n"), true);
    assert!(include_str!("../../src/canary.rs").contains(&format!("\"{SECRET_BEGINNING}\"")));
    check(&format!("no password `{SECRET_BEGINNING}x7` here\n{ending}"), false);
}
