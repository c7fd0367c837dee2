//! Which guests are built as one is that somebody deploys.

/// Those whose imports a test holds against a list. The others are linked without being optimised as a whole, which
/// takes minutes of a build from nothing; they import more for it.
pub(crate) const AS_DEPLOYED: [&str; 5] = ["noop", "fetches", "dials", "listens", "looks_around"];
