//! The benchmarks: each measures something of ours beside something bare, and prints the ratio.

#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a benchmark prints and may panic")]

mod burst;
mod languages;
mod million;
mod read;
mod requests;
mod resident;
mod restart;
mod restart_functions;
mod rotations;
mod started;
mod step;
mod tick;
mod timed_disk;
mod writes;

use criterion::{criterion_group, criterion_main};

criterion_group!(
    benches,
    step::bench,
    languages::bench,
    read::bench,
    writes::bench,
    rotations::bench,
    tick::bench,
    restart::bench,
    restart_functions::bench,
    million::bench,
    burst::bench
);
criterion_main!(benches);
