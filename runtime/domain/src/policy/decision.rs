//! What becomes of a request, and which policy says so.

use std::fmt;

use super::document::Statement;

/// A kind of policy in a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Layer {
    /// Of a user, group or role.
    Identity,
    /// Of the resource.
    Resource,
    /// The permissions boundary.
    Boundary,
    /// Of the session.
    Session,
}

impl Layer {
    /// What stands before its name.
    pub const fn article(self) -> &'static str {
        match self {
            Self::Identity => "an",
            Self::Resource | Self::Boundary | Self::Session => "a",
        }
    }
}

impl fmt::Display for Layer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Identity => "identity-based policy",
            Self::Resource => "resource-based policy",
            Self::Boundary => "permissions boundary",
            Self::Session => "session policy",
        })
    }
}

/// One statement of one policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Source<'p> {
    /// The kind of policy.
    pub layer: Layer,
    /// The policy's name.
    pub policy: &'p str,
    /// The statement's place, counted from 1.
    pub number: usize,
    /// The statement's name.
    pub sid: Option<&'p str>,
}

impl<'p> Source<'p> {
    pub(super) fn new(layer: Layer, policy: &'p str, statement: &'p Statement) -> Self {
        Self { layer, policy, number: statement.number(), sid: statement.sid() }
    }
}

/// Why a request is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grant<'p> {
    /// It is the root user's own account.
    Root,
    /// A statement allows.
    Statement(Source<'p>),
}

/// Why a request is denied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason<'p> {
    /// A statement denies.
    Explicit(Source<'p>),
    /// No policy of this kind allows.
    Implicit(Layer),
}

impl Reason<'_> {
    /// The end of AWS's sentence about a denial.
    pub fn ending(&self, action: &str) -> String {
        match self {
            Self::Explicit(source) => {
                format!("with an explicit deny in {} {}", source.layer.article(), source.layer)
            }
            Self::Implicit(layer) => format!("because no {layer} allows the {action} action"),
        }
    }
}

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision<'p> {
    /// It may go on.
    Allowed {
        /// What allows it.
        by: Grant<'p>,
    },
    /// It may not.
    Denied {
        /// What denies it.
        reason: Reason<'p>,
    },
}

impl Decision<'_> {
    /// Whether the request may go on.
    pub const fn is_allowed(&self) -> bool {
        matches!(self, Self::Allowed { .. })
    }
}
