//! A request, as policies see it.

use std::borrow::Cow;
use std::ops::Deref;

/// The values of a condition key: nearly always one, which then costs no list.
#[derive(Clone, Debug)]
pub enum Values<'a> {
    /// One.
    One(Cow<'a, str>),
    /// Any number.
    Many(Vec<Cow<'a, str>>),
}

impl Values<'_> {
    /// The same, borrowed.
    pub fn as_borrowed(&self) -> Values<'_> {
        match self {
            Self::One(value) => Values::One(Cow::Borrowed(value)),
            Self::Many(values) => values.iter().map(|value| Cow::Borrowed(&**value)).collect(),
        }
    }
}

impl<'a> Deref for Values<'a> {
    type Target = [Cow<'a, str>];

    fn deref(&self) -> &[Cow<'a, str>] {
        match self {
            Self::One(value) => std::slice::from_ref(value),
            Self::Many(values) => values,
        }
    }
}

impl<'a, T: Into<Cow<'a, str>>> FromIterator<T> for Values<'a> {
    fn from_iter<I: IntoIterator<Item = T>>(values: I) -> Self {
        Self::Many(values.into_iter().map(Into::into).collect())
    }
}

/// What is known about a request. Asked only for the keys that a matching statement names.
pub trait Context {
    /// The values of a condition key, which comes in small letters; `None` when the request does not have it.
    fn values(&self, key: &str) -> Option<Values<'_>>;
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
