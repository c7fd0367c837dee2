#![doc = include_str!("../README.md")]
//!
//! # Modules
//!
//! Each capability that the host offers is one module of plain functions: [`secrets`], [`sql`],
//! [`http`], [`approvals`] and [`mod@log`]. In a component they call the host's imports; natively, with the feature `testing`,
//! they call the host that `testing::with_host` put in place. [`document`] reads a secret
//! that is a JSON object, [`database`] the one that a database's secret is, [`login`] logs in with it, [`admin`] as the user in its `masterarn`, [`scram`] computes what PostgreSQL stores for a password, [`native_password`] what
//! MariaDB does.

#[cfg(target_family = "wasm")]
extern crate self as keywheel_sdk;

pub mod admin;
pub mod approvals;
#[cfg(target_family = "wasm")]
#[doc(hidden)]
pub mod component;
pub mod database;
pub mod document;
mod export;
pub mod host;
pub mod http;
pub mod log;
pub mod login;
pub mod native_password;
mod quote;
mod rotator;
pub mod scram;
pub mod secrets;
mod sensitive;
pub mod sql;
#[cfg(feature = "testing")]
pub mod testing;
#[cfg(target_family = "wasm")]
mod wasi_http;

pub use rotator::{Event, Failure, Rotator, Step, run};
pub use sensitive::Sensitive;
