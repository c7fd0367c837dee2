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
mod ask;
mod asking;
mod audit_rules;
mod calendar_rules;
mod database;
mod deliver;
mod finish;
mod guest;
mod invoke;
mod key_rules;
mod life;
mod ports;
mod random;
mod records;
mod rules;
mod run;
mod scenario;
mod store;
mod watch;

pub use self::act::{Act, Policy};
pub use self::asking::Asking;
pub use self::database::Fault;
pub use self::invoke::{Failing, How};
pub use self::ports::{Death, Port, Trigger, When, World};
pub use self::random::{RandomRun, random};
pub use self::run::run;
pub use self::scenario::{Bug, Ends, Plan, Report, Scenario, Transition};
pub use self::watch::{Rule, Violation};

/// The account of the simulated world.
pub const ACCOUNT: &str = "123456789012";
/// Its region.
pub const REGION: &str = "us-east-1";
/// The secret that it is about.
pub const SECRET: &str = "prod/orders";
/// The token of its first version.
pub const FIRST: &str = "T0";
/// The rotation function.
pub const FUNCTION_ARN: &str = "arn:aws:lambda:us-east-1:123456789012:function:postgres-single-user";
/// The password that the database begins with.
pub const FIRST_PASSWORD: &str = "the-very-first-Passw0rd";
/// The role that the secret is of.
pub const ROLE: &str = "orders";
/// Another secret of the same role.
pub const OTHER: &str = "prod/orders-too";
/// A secret of another role, from which the first may be kept apart.
pub const PARTNER: &str = "prod/billing";
/// That role.
pub const PARTNER_ROLE: &str = "billing";
/// The secret of a user who may change the password of the role.
pub const ADMIN_SECRET: &str = "admin/orders";
/// That user.
pub const ADMIN_ROLE: &str = "orders_admin";
/// That user's password.
pub const ADMIN_PASSWORD: &str = "the-Passw0rd-of-the-admin";
/// The webhook that there may be.
pub const HOOK: &str = "ops";
/// Who operates.
pub const ROOT: &str = "root";
/// Those who approve when everything is to come to its end.
pub const PEOPLE: [&str; 3] = ["ann", "bob", "cid"];
