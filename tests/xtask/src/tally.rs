//! Counting tests by the lines that cargo's test runner closes with.

use std::fmt;

/// How many tests did what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Succeeded.
    pub(crate) passed: u64,
    /// Failed.
    pub(crate) failed: u64,
    /// Were not run.
    pub(crate) skipped: u64,
}

impl Tally {
    /// What a line of output tells: `test result: ok. 3 passed; 0 failed; 0 ignored; …` or nothing.
    pub(crate) fn of_line(line: &str) -> Self {
        let Some((_, counts)) = line.strip_prefix("test result: ").and_then(|rest| rest.split_once(". "))
        else {
            return Self::default();
        };
        let count = |name: &str| {
            let count = counts.split("; ").find_map(|count| count.strip_suffix(name));
            count.and_then(|count| count.trim().parse().ok()).unwrap_or(0)
        };
        Self { passed: count("passed"), failed: count("failed"), skipped: count("ignored") }
    }

    /// Both together.
    pub(crate) const fn plus(self, other: Self) -> Self {
        Self {
            passed: self.passed + other.passed,
            failed: self.failed + other.failed,
            skipped: self.skipped + other.skipped,
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped)
    }
}

#[test]
fn closing_lines_are_counted() {
    let check = |line: &str, expected: &str| assert_eq!(Tally::of_line(line).to_string(), expected);
    check(
        "test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s",
        "12 passed, 0 failed, 1 skipped",
    );
    check(
        "test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.00s",
        "3 passed, 2 failed, 0 skipped",
    );
    check("test store::keeps ... ok", "0 passed, 0 failed, 0 skipped");
    check("running 3 tests", "0 passed, 0 failed, 0 skipped");
}
