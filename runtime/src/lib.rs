//! Keywheel: a secrets manager that rotates.
//!
//! The modules have an order, lowest first, and each uses only those before it:
//! clock, entropy, config, metrics, tls, store, vault, audit, ops, worker, rehearsal, webhooks, server, cli.

pub mod audit;
pub mod cli;
pub mod clock;
pub mod config;
pub mod entropy;
pub mod metrics;
pub mod ops;
pub mod rehearsal;
pub mod server;
pub mod store;
pub mod tls;
pub mod vault;
pub mod webhooks;
pub mod worker;
