//! The secret of a rehearsal, from the command line or a file.

use std::fs::File;
use std::io::Read as _;

use anyhow::{Context as _, anyhow};
use keywheel_domain::sensitive::Sensitive;

use crate::cli::Failure;
use crate::rehearsal::Setting;

/// What a secret may hold, in bytes.
const VALUE_BYTES_MAX: u64 = 64 * 1024;

/// What `--secret` says: JSON, or after an `@` the file that holds it.
pub(super) fn read(argument: &str) -> Result<Sensitive<String>, Failure> {
    let Some(path) = argument.strip_prefix('@') else { return Ok(Sensitive::new(argument.to_owned())) };
    let file = File::open(path).with_context(|| format!("the secret's file `{path}` could not be read"))?;
    let mut text = Sensitive::new(String::new());
    file.take(VALUE_BYTES_MAX + 1)
        .read_to_string(text.expose_mut())
        .with_context(|| format!("the secret's file `{path}` could not be read as text"))?;
    if text.expose().len() as u64 > VALUE_BYTES_MAX {
        return Err(Failure::Failed(anyhow!(
            "the secret's file `{path}` is longer than {VALUE_BYTES_MAX} bytes"
        )));
    }
    Ok(text)
}

/// The setting that `--secret` asks for.
pub(super) fn setting(argument: &str) -> Result<Setting, Failure> {
    Setting::of(&read(argument)?)
        .map_err(|error| Failure::Usage(anyhow::Error::new(error).context("--secret")))
}
