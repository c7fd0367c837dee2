//! A request, as policies see it.

use std::borrow::Cow;

/// What is known about a request. Asked only for the keys that a matching statement names.
pub trait Context {
    /// The values of a condition key, which comes in small letters; `None` when the request does not have it.
    fn values(&self, key: &str) -> Option<Vec<Cow<'_, str>>>;
}

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caller<'a> {
    /// The root user of the account.
    Root,
    /// A user.
    User {
        /// Its ARN.
        arn: &'a str,
    },
    /// A session of a role.
    Session {
        /// The session's ARN (`arn:aws:sts::…:assumed-role/…`).
        session_arn: &'a str,
        /// The role's ARN.
        role_arn: &'a str,
    },
    /// A service.
    Service {
        /// Its principal, such as `lambda.amazonaws.com`.
        name: &'a str,
    },
}

/// What is asked.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// Who asks.
    pub caller: Caller<'a>,
    /// The caller's account; of no meaning for a service.
    pub caller_account: &'a str,
    /// `service:Name`.
    pub action: &'a str,
    /// An ARN, or `*` when the action is about none.
    pub resource: &'a str,
    /// The account that owns the resource.
    pub resource_account: &'a str,
    /// The condition keys.
    pub context: &'a dyn Context,
}
