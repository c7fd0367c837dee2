//! The log of the invocation.
//!
//! The host keeps the lines with the rotation and redacts every value that this invocation read or
//! generated. Write what the function does, never what it knows.

use crate::host::{self, Host};

/// How much a line matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// For the author of the function.
    Debug,
    /// What the function did.
    Info,
    /// Something to look at later.
    Warn,
    /// Something that stops the rotation.
    Error,
}

/// Writes one line.
pub fn write(level: Level, message: &str) {
    Host::log(host::current().as_ref(), level, message);
}

/// Writes one line at [`Level::Debug`].
pub fn debug(message: &str) {
    write(Level::Debug, message);
}

/// Writes one line at [`Level::Info`].
///
/// ```
/// # use keywheel_sdk::{log, testing};
/// # let host = testing::InMemory::new();
/// # testing::with_host(host.clone(), || {
/// log::info("the target accepts the pending value");
/// # });
/// # assert_eq!(host.log_lines(), ["the target accepts the pending value"]);
/// ```
pub fn info(message: &str) {
    write(Level::Info, message);
}

/// Writes one line at [`Level::Warn`].
pub fn warn(message: &str) {
    write(Level::Warn, message);
}

/// Writes one line at [`Level::Error`].
pub fn error(message: &str) {
    write(Level::Error, message);
}
