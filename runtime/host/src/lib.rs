//! The sandbox that runs rotation functions.
//!
//! A function is a WebAssembly component of the world `keywheel:rotation/rotator`. [`Catalog`] turns its
//! bytes into a [`Function`], once; [`Function::invoke`] runs one step in a fresh instance and answers
//! with a [`Report`], whatever the guest does. Everything outside the sandbox is deny by default: a guest
//! has the interfaces that its component imports, the addresses that [`Egress`] names, and the
//! resources that [`Limits`] grants.
//!
//! Absent on purpose: the store, keys, the HTTP server. What a guest asks of Secrets Manager goes
//! through the trait [`Secrets`].

mod catalog;
mod contract;
mod egress;
mod engine;
mod function;
#[cfg(test)]
mod fuzz;
mod imports;
mod invoke;
mod limits;
mod meter;
mod redact;
pub mod rehearsal;
mod report;
mod state;
#[cfg(test)]
mod testing;
mod tls;
mod traffic;
mod transcript;
mod wasi;

pub use catalog::{COMPONENT_BYTES_MAX, Catalog, LoadError};
pub use egress::{Egress, EgressError, Reach, Resolve, Rule, RuleError, Scheme, SystemResolver, reach_of};
pub use engine::{Engine, EngineError, EngineOptions};
pub use function::Function;
pub use imports::secrets::Secrets;
pub use invoke::{Event, Invocation};
pub use limits::Limits;
pub use report::{Outcome, Report};
pub use tls::Authorities;
pub use transcript::{Level, LogLine};
