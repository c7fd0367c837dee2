//! Runs that seeds make up. `cargo xtask simulate --seeds N` runs more of them.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use keywheel_tests::sim::random;

use super::full;

/// Seeds of the normal run.
const SEEDS: u64 = 200;
/// Seeds of the run of everything.
const SEEDS_FULL: u64 = 5_000;

#[test]
fn every_rule_holds_whatever_a_seed_makes_up() {
    let seeds = if full() { SEEDS_FULL } else { SEEDS };
    let (next, broken) = (AtomicU64::new(0), Mutex::new(Vec::new()));
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..processors {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds {
                        return;
                    }
                    let report = random(seed).run();
                    if !report.violations.is_empty() {
                        broken.lock().unwrap().push((seed, report.violations));
                    }
                }
            });
        }
    });
    let broken = broken.into_inner().unwrap();
    assert!(broken.is_empty(), "run `cargo xtask simulate --seeds 1 --from SEED`: {broken:#?}");
    println!("{seeds} random runs");
}
