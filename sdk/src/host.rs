//! The host as the SDK sees it: one trait, implemented by the imports of a component and, natively,
//! by whatever `testing::with_host` put in place. Authors call [`secrets`], [`sql`],
//! [`approvals`](mod@crate::approvals) and [`log`](mod@crate::log) instead.
//!
//! In a component, `current` returns a concrete type and not a trait object, so that the component
//! imports only the interfaces whose functions it calls.

use crate::http::{self, Request, Response};
use crate::log::Level;
use crate::secrets::{self, Description, PasswordRules, StoredVersion, Value, VersionValue};
use crate::sensitive::Sensitive;
use crate::sql::{self, Rows, Target};

/// What a rotation function may ask of its host. The methods are the imports of the WIT world.
pub trait Host {
    /// Reads a value. Without a version and a stage: that of the version labelled `AWSCURRENT`.
    fn get_secret_value(
        &self,
        secret_id: &str,
        version_id: Option<&str>,
        version_stage: Option<&str>,
    ) -> Result<VersionValue, secrets::Error>;

    /// Stores a value under a token. The same value under the same token again changes nothing.
    fn put_secret_value(
        &self,
        secret_id: &str,
        client_request_token: &str,
        value: &Value,
        version_stages: &[&str],
        rotation_token: &str,
    ) -> Result<StoredVersion, secrets::Error>;

    /// Names the versions of a secret and their stages.
    fn describe_secret(&self, secret_id: &str) -> Result<Description, secrets::Error>;

    /// Moves or removes a stage.
    fn update_secret_version_stage(
        &self,
        secret_id: &str,
        version_stage: &str,
        move_to_version_id: Option<&str>,
        remove_from_version_id: Option<&str>,
    ) -> Result<(), secrets::Error>;

    /// Makes a password.
    fn get_random_password(&self, rules: &PasswordRules) -> Result<Sensitive<String>, secrets::Error>;

    /// Connects to a database and logs in.
    fn open(&self, target: &Target) -> Result<Box<dyn Session>, sql::Error>;

    /// Sends a request and waits for the whole answer. A host without HTTP has no answer.
    fn send(&self, request: &Request) -> Result<Response, http::Error> {
        let message = format!("this host does not send requests, such as one to `{}`", request.origin());
        Err(http::Error { kind: http::ErrorKind::Connection, message, transient: false })
    }

    /// Whether people have agreed to this step; the summary tells them to what.
    fn require_approval(&self, summary: &str) -> bool;

    /// Keeps one line of the log.
    fn log(&self, level: Level, message: &str);
}

/// An open session with a database. Dropping it closes it.
pub trait Session {
    /// Runs one statement; returns the number of rows that it changed.
    fn execute(&mut self, statement: &str, parameters: &[sql::Value]) -> Result<u64, sql::Error>;

    /// Runs one statement; returns its rows.
    fn query(&mut self, statement: &str, parameters: &[sql::Value]) -> Result<Rows, sql::Error>;
}

#[cfg(target_family = "wasm")]
pub(crate) const fn current() -> crate::component::Imports {
    crate::component::Imports
}

#[cfg(all(not(target_family = "wasm"), feature = "testing"))]
pub(crate) fn current() -> std::rc::Rc<dyn Host> {
    crate::testing::current_host()
}

#[cfg(all(not(target_family = "wasm"), not(feature = "testing")))]
#[expect(clippy::panic, reason = "there is no host to answer, and no value to answer with")]
pub(crate) fn current() -> std::rc::Rc<dyn Host> {
    panic!("a native build has no host: enable the feature `testing` and use `testing::with_host`")
}
