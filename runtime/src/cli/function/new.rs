//! `keywheel function new`: a project to begin with.

use std::io::{self, Write as _};
use std::path::Path;

use anyhow::Context as _;
use clap::Args;

use super::project::{self, Kind, Language};
use crate::cli::Failure;

/// Arguments of `keywheel function new`.
#[derive(Args)]
pub(super) struct NewArguments {
    /// The name of the function, and of its folder.
    #[arg(value_name = "NAME")]
    name: String,
    /// What it is written in.
    #[arg(long, value_name = "LANGUAGE", value_enum)]
    language: Language,
    /// What it rotates.
    #[arg(long, value_name = "KIND", value_enum, default_value_t = Kind::Sql)]
    kind: Kind,
}

pub(super) fn run(arguments: &NewArguments) -> Result<(), Failure> {
    let NewArguments { name, language, kind } = arguments;
    project::check_name(name).map_err(Failure::Usage)?;
    let files = project::write(Path::new(name), name, *language, *kind)?;
    let first = match language {
        Language::Rust => "cargo test",
        Language::Python => "python3 -m unittest",
        Language::Javascript => "npm install && npm test",
    };
    writeln!(
        io::stdout(),
        "made `{name}`, {files} files: a function in {} that rotates {}. What comes next:\n\n    \
         cd {name}\n    {first}\n    keywheel function build\n    keywheel function check {name}.wasm",
        language.name(),
        kind.purpose()
    )
    .context("standard output is closed")?;
    Ok(())
}
