//! `keywheel version`.

use std::io::{self, Write as _};

use anyhow::Context as _;

use super::Failure;

/// Prints the name and the version.
pub(super) fn run() -> Result<(), Failure> {
    let version = env!("CARGO_PKG_VERSION");
    Ok(writeln!(io::stdout(), "keywheel {version}").context("standard output is closed")?)
}
