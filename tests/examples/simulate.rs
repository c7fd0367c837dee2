//! Runs the simulator on seeds: `cargo xtask simulate` builds and starts it.
//!
//! Each seed makes up what people do, what goes wrong and when the process dies. What breaks a rule is
//! shown with the line that runs it again.
#![expect(clippy::print_stdout, reason = "it talks to a person")]

use std::ops::Range;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use keywheel::clock::Stopwatch;
use keywheel_tests::sim::random;

/// Runs between two lines about how far it is.
const TOLD_RUNS: u64 = 1_000;

fn main() -> Result<ExitCode> {
    let seeds = seeds(std::env::args().skip(1))?;
    let (next, broken) = (AtomicU64::new(seeds.start), AtomicUsize::new(0));
    let (watch, shown) = (Stopwatch::start(), Mutex::new(()));
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..processors {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if !seeds.contains(&seed) {
                        return;
                    }
                    let told = check(seed);
                    let _one_at_a_time = shown.lock();
                    if let Some(told) = told {
                        broken.fetch_add(1, Ordering::Relaxed);
                        println!("{told}");
                    }
                    let done = seed + 1 - seeds.start;
                    if done.is_multiple_of(TOLD_RUNS) {
                        println!("{}", told_so_far(done, watch.elapsed()));
                    }
                }
            });
        }
    });
    let broken = broken.into_inner();
    println!("{}, {broken} of them break a rule", told_so_far(seeds.end - seeds.start, watch.elapsed()));
    Ok(if broken == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Runs a seed; what to say when it breaks a rule.
fn check(seed: u64) -> Option<String> {
    let run = random(seed);
    let report = run.run();
    if report.violations.is_empty() {
        return None;
    }
    let rules: String = report.violations.iter().map(|violation| format!("  {violation:?}\n")).collect();
    let again = format!("cargo xtask simulate --seeds 1 --from {seed}");
    Some(format!("seed {seed} breaks a rule\n{run:#?}\n{}\n{rules}again: {again}\n", report.summary))
}

fn told_so_far(runs: u64, took: Duration) -> String {
    let seconds = took.as_secs_f64();
    format!("{runs} runs in {seconds:.1} s, {:.0} a second", runs as f64 / seconds.max(0.001))
}

/// `--seeds N [--from S]`.
fn seeds(mut arguments: impl Iterator<Item = String>) -> Result<Range<u64>> {
    let (mut count, mut from) = (None, 0);
    while let Some(name) = arguments.next() {
        let number = arguments.next().with_context(|| format!("`{name}` needs a number"))?;
        let number = number.parse().with_context(|| format!("`{number}` is no number"))?;
        match name.as_str() {
            "--seeds" => count = Some(number),
            "--from" => from = number,
            _ => bail!("`{name}` is unknown: give --seeds N [--from S]"),
        }
    }
    let count: u64 = count.context("give --seeds N [--from S]")?;
    Ok(from..from.saturating_add(count))
}
