//! The simulated world: the real actions, vault and worker on simulated ports, killed where a plan says so.
//!
//! Each call of a port (every load, scan and commit of the store, every call of a running function to
//! its host, every call of the database) has a number. A [`Plan`] names those at which the process dies,
//! before the effect or after it: the call then never returns, which no code can handle. A new process
//! starts on what is durable, with the same database, some seconds later. After each effect the
//! invariants of a rotation are checked; what breaks one is a [`Violation`] of a [`Rule`].
//!
//! Nothing waits here: one thread, no real time, and what is random comes from a seed. The salts of
//! SCRAM verifiers are the exception; nothing depends on them.

mod act;
mod database;
mod guest;
mod life;
mod ports;
mod records;
mod rules;
mod run;
mod store;
mod watch;

pub use self::act::Act;
pub use self::database::Fault;
pub use self::guest::Failing;
pub use self::ports::{Death, Port, Trigger, When, World};
pub use self::run::{Bug, Ends, Plan, Report, Scenario, run};
pub use self::watch::{Rule, Violation};

/// The account of the simulated world.
pub const ACCOUNT: &str = "123456789012";
/// Its region.
pub const REGION: &str = "us-east-1";
/// The secret that everything is about.
pub const SECRET: &str = "prod/orders";
/// The token of its first version.
pub const FIRST: &str = "T0";
/// The rotation function.
pub const FUNCTION_ARN: &str = "arn:aws:lambda:us-east-1:123456789012:function:postgres-single-user";
/// The password that the database begins with.
pub const FIRST_PASSWORD: &str = "the-very-first-Passw0rd";
/// The role that the secret is of.
pub const ROLE: &str = "orders";
