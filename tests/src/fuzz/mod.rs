//! The bodies of the fuzz targets: what must hold of any bytes at all.
//!
//! Each target asserts what it has to and tells whether the bytes were taken for what they should be, so that
//! whoever feeds it sees that not all of them were refused at the first character. The fuzzer in `tests/fuzz`
//! calls them, and so does the normal run, with the same mutations of good inputs every time.
//!
//! They use the domain alone: the fuzzer includes this folder and builds little else.

mod corpus;
mod filters;
mod forms;
mod mutation;
mod paths;
mod policies;
mod signatures;
mod tokens;
mod wire;

pub use mutation::{Numbers, mutated};

/// What bytes are fed to.
#[derive(Clone, Copy)]
pub struct Target {
    /// Its name, which is that of the fuzzer's program too.
    pub name: &'static str,
    /// Asserts what must hold, and tells whether the bytes were taken.
    pub run: fn(&[u8]) -> bool,
    /// Good inputs: all of them are taken.
    pub corpus: fn() -> Vec<Vec<u8>>,
}

/// All of them.
pub const TARGETS: [Target; 7] = [
    Target { name: "filters", run: filters::run, corpus: corpus::filters },
    Target { name: "forms", run: forms::run, corpus: corpus::forms },
    Target { name: "paths", run: paths::run, corpus: corpus::paths },
    Target { name: "policies", run: policies::run, corpus: corpus::policies },
    Target { name: "signatures", run: signatures::run, corpus: corpus::signatures },
    Target { name: "tokens", run: tokens::run, corpus: corpus::tokens },
    Target { name: "wire", run: wire::run, corpus: corpus::wire },
];

impl Target {
    /// The target with this name.
    pub fn named(name: &str) -> Option<Self> {
        TARGETS.into_iter().find(|target| target.name == name)
    }
}
