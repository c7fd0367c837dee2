//! What the commands read of the configuration of a function, and where its operations are.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::super::client::segment;

/// When what comes with Keywheel was changed: at the beginning of time.
const NEVER: &str = "1970-01-01T00:00:00";

/// Where functions are.
pub(super) const FUNCTIONS: &str = "/2015-03-31/functions";

/// The path of a function, or of something about it.
pub(super) fn path_of(name: &str, rest: &str) -> String {
    format!("{FUNCTIONS}/{}{rest}", segment(name))
}

/// One version of a function.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Configuration {
    pub(super) function_name: String,
    pub(super) function_arn: String,
    pub(super) version: String,
    pub(super) description: String,
    pub(super) role: String,
    pub(super) code_size: u64,
    pub(super) timeout: u32,
    pub(super) memory_size: u32,
    pub(super) last_modified: String,
    pub(super) environment: Option<Environment>,
}

/// Only the names are shown: a terminal is no place for values.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Environment {
    variables: BTreeMap<String, serde::de::IgnoredAny>,
}

impl Configuration {
    /// Names of environment variables.
    pub(super) fn variables(&self) -> String {
        let variables = self.environment.as_ref().map(|environment| &environment.variables);
        let names: Vec<&str> = variables.into_iter().flatten().map(|(name, _)| name.as_str()).collect();
        names.join(", ")
    }

    /// When it last changed, to the second; never, if it comes with Keywheel.
    pub(super) fn modified(&self) -> String {
        if self.last_modified.starts_with(NEVER) {
            return "-".to_owned();
        }
        self.last_modified
            .split_once('.')
            .map_or(self.last_modified.clone(), |(seconds, _)| format!("{seconds}Z"))
    }

    /// Bytes of the upload, for people.
    pub(super) fn size(&self) -> String {
        size(self.code_size)
    }
}

/// Bytes for people: `812 B`, `72 KiB`, `1.2 MiB`.
pub(super) fn size(bytes: u64) -> String {
    const KIBIBYTE: u64 = 1024;
    const MEBIBYTE: u64 = KIBIBYTE * KIBIBYTE;
    match bytes {
        0..KIBIBYTE => format!("{bytes} B"),
        KIBIBYTE..MEBIBYTE => format!("{} KiB", bytes / KIBIBYTE),
        _ => format!("{}.{} MiB", bytes / MEBIBYTE, bytes % MEBIBYTE * 10 / MEBIBYTE),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_paths_are_readable() {
        for (bytes, expected) in
            [(0, "0 B"), (1023, "1023 B"), (1024, "1 KiB"), (1_258_291, "1.1 MiB"), (52_428_800, "50.0 MiB")]
        {
            assert_eq!(size(bytes), expected);
        }
        assert_eq!(path_of("f:live", "/code"), "/2015-03-31/functions/f%3Alive/code");
    }
}
