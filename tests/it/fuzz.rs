//! The fuzz targets, fed with the same mutations of good inputs in every run.
#![cfg(test)]

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use keywheel_tests::fuzz::{Numbers, TARGETS, Target, mutated};

/// Mutations of each target: a few seconds without optimisation.
const MUTATIONS: u64 = 3_000;

fn feed(name: &str) {
    let Target { run, corpus, .. } = Target::named(name).unwrap();
    let corpus = corpus();
    for input in &corpus {
        assert!(run(input), "{} is good", String::from_utf8_lossy(input));
    }
    let mut taken = 0;
    for seed in 0..MUTATIONS {
        let mut numbers = Numbers::new(seed);
        let input = mutated(&corpus[numbers.below(corpus.len())], &mut numbers);
        // What panicked and why is on standard error already; here is what with.
        match catch_unwind(AssertUnwindSafe(|| run(&input))) {
            Ok(true) => taken += 1,
            Ok(false) => {}
            Err(_) => panic!("seed {seed}: {:?}", String::from_utf8_lossy(&input)),
        }
    }
    let refused = MUTATIONS - taken;
    assert!(taken > MUTATIONS / 100 && refused > MUTATIONS / 100, "{taken} taken, {refused} refused");
}

#[test]
fn filters() {
    feed("filters");
}

#[test]
fn forms() {
    feed("forms");
}

#[test]
fn paths() {
    feed("paths");
}

#[test]
fn policies() {
    feed("policies");
}

#[test]
fn signatures() {
    feed("signatures");
}

#[test]
fn tokens() {
    feed("tokens");
}

#[test]
fn wire() {
    feed("wire");
}

#[test]
fn any_bytes_are_answered() {
    let inputs: [&[u8]; 6] = [b"", b"\n", b"\n\n", b"\0\0\0\0\n", b"\xff\xff\xff\xff\xff\n\n", b"0"];
    for Target { run, .. } in TARGETS {
        for input in inputs {
            run(input);
        }
    }
}

#[test]
fn mutations_are_the_same_in_every_run() {
    let input = b"{\"Name\":\"app\"}";
    let (one, other) = (mutated(input, &mut Numbers::new(7)), mutated(input, &mut Numbers::new(7)));
    assert_eq!(one, other);
    let distinct: std::collections::BTreeSet<_> =
        (0..100).map(|seed| mutated(input, &mut Numbers::new(seed))).collect();
    assert!(distinct.len() > 90, "{}", distinct.len());
}

/// The fuzzer's programs are those targets, one each.
#[test]
fn each_target_has_its_program() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    let manifest = fs::read_to_string(folder.join("Cargo.toml")).unwrap();
    for Target { name, .. } in TARGETS {
        let program = fs::read_to_string(folder.join(format!("fuzz_targets/{name}.rs"))).unwrap();
        assert!(program.contains(&format!("\"{name}\"")), "{name}");
        assert!(manifest.contains(&format!("name = \"{name}\"")), "{name}");
    }
    assert_eq!(folder.join("fuzz_targets").read_dir().unwrap().count(), TARGETS.len());
}
