//! Rehearses rotation functions: the real sandbox and the real actions of the API, over a store in memory and
//! databases and HTTP services that are simulated.
//!
//! [`check`] judges a function by the rules of its contract; [`World`] runs single steps. A rehearsal has the
//! rules of a rotation, because it calls the same code: labels, tokens and what a rotation may put and move are
//! decided by `ops`, and nothing here repeats them.
//!
//! Deliberately absent: files, arguments and output. That is the command line's.

mod check;
mod rule;
mod setting;
mod state;
mod world;

pub use self::check::{Breach, Finding, Import, Place, Verdict, check};
pub use self::rule::Rule;
pub use self::setting::{Credentials, InvalidSetting, Setting};
pub use self::world::{Ran, World};
