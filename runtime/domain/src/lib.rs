//! The rules of Keywheel as pure functions over values.
//!
//! Nothing here reads a clock, makes a random byte, opens a file or a socket, or awaits: time and
//! random bytes are arguments. The crate's dependencies make that a compile error.

pub mod api;
mod codes;
pub mod envelope;
pub mod function;
pub mod iam;
pub mod kms;
pub mod next_token;
pub mod password;
pub mod policy;
pub mod replication;
pub mod resource_policy;
pub mod rotation;
pub mod rotation_policy;
pub mod schedule;
pub mod search;
pub mod secret;
pub mod sensitive;
pub mod sigv4;
pub mod target;
pub mod time;
pub mod user;
pub mod version;
pub mod webhook;
