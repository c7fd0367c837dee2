//! A host for tests: run a rotator natively, with `cargo test`, in milliseconds.
//!
//! [`InMemory`] is an in-memory Secrets Manager with simulated SQL servers; calls can be refused,
//! lose their answers or end the process. Another simulation can take its place: it implements
//! [`Host`] and runs the rotator inside [`with_host`].
//!
//! ```
//! use keywheel_sdk::testing::{InMemory, Outcome};
//! # use keywheel_sdk::{Event, Failure, Rotator, Step};
//! # struct Unchanged;
//! # impl Rotator for Unchanged {
//! #     fn create_secret(&self, event: &Event) -> Result<(), Failure> {
//! #         Ok(event.put_pending(&event.current()?.value)?)
//! #     }
//! #     fn set_secret(&self, _: &Event) -> Result<(), Failure> { Ok(()) }
//! #     fn test_secret(&self, _: &Event) -> Result<(), Failure> { Ok(()) }
//! # }
//! # let rotator = Unchanged;
//! let host = InMemory::new();
//! let secret = host.secret("db/app", r#"{"password":"first"}"#);
//! host.begin_rotation(&secret, "token-1");
//! for step in Step::ALL {
//!     assert_eq!(host.invoke(&rotator, &secret, step), Outcome::Done);
//! }
//! assert_eq!(host.stages(&secret, "token-1"), ["AWSCURRENT", "AWSPENDING"]);
//! ```

mod memory;
mod mysql_server;
mod mysql_statement;
mod secrets_manager;
mod sql_server;
mod statement;

use std::cell::RefCell;
use std::panic::{self, AssertUnwindSafe};
use std::rc::Rc;

pub use crate::host::{Host, Session};
pub use memory::{Fault, InMemory, Server};
pub use mysql_server::{Brand, MysqlServer};
pub use secrets_manager::SecretsManager;
pub use sql_server::{Reach, SqlServer};

use crate::rotator::{Event, Failure, Rotator};

thread_local! {
    static HOST: RefCell<Option<Rc<dyn Host>>> = const { RefCell::new(None) };
    /// The first summary of this invocation to which people have not agreed.
    static UNANSWERED: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Runs code whose capabilities are answered by `host`, on this thread. Calls may be nested: the
/// innermost host answers.
pub fn with_host<T>(host: impl Host + 'static, run: impl FnOnce() -> T) -> T {
    /// Puts the host before back, also when `run` unwinds.
    struct Restore(Option<Rc<dyn Host>>);
    impl Drop for Restore {
        fn drop(&mut self) {
            HOST.set(self.0.take());
        }
    }

    let _restore = Restore(HOST.replace(Some(Rc::new(host))));
    run()
}

#[cfg(not(target_family = "wasm"))]
pub(crate) fn current_host() -> Rc<dyn Host> {
    HOST.with_borrow(Clone::clone)
        .expect("a capability was called outside `testing::with_host`: natively there is no other host")
}

#[cfg(not(target_family = "wasm"))]
pub(crate) fn note_unanswered(summary: &str) {
    UNANSWERED.with_borrow_mut(|first| {
        first.get_or_insert_with(|| summary.to_owned());
    });
}

/// What the unwinding of [`kill`] carries.
struct Killed;

/// Ends the function here, as when its process dies: for a [`Host`] that simulates crashes.
/// Runs no panic hook, so that nothing is printed. [`invoke`] turns it into [`Outcome::Killed`].
pub fn kill() -> ! {
    panic::resume_unwind(Box::new(Killed))
}

/// How an invocation ended.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum Outcome {
    /// The step succeeded.
    Done,
    /// The step said why it did not.
    Failed(Failure),
    /// The step asked people for approval, had none, and did not succeed: the first summary.
    Asked(String),
    /// The host ended it with [`kill`].
    Killed,
}

/// Runs one step on a host. A panic of the rotator itself goes on to the caller.
pub fn invoke(host: impl Host + 'static, rotator: &dyn Rotator, event: &Event) -> Outcome {
    UNANSWERED.set(None);
    match panic::catch_unwind(AssertUnwindSafe(|| with_host(host, || crate::run(rotator, event)))) {
        Ok(Ok(())) => Outcome::Done,
        Ok(Err(failure)) => UNANSWERED.take().map_or(Outcome::Failed(failure), Outcome::Asked),
        Err(payload) if payload.is::<Killed>() => Outcome::Killed,
        Err(payload) => panic::resume_unwind(payload),
    }
}
