//! What a rehearsal remembers of a call of the host.

use std::fmt;
use std::time::Duration;

use super::Address;
use crate::contract::keywheel::rotation::sql::Target;

/// One call of the host: what it touched, and how it was answered. It holds no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// As in the contract, such as `secrets.put-secret-value`.
    pub name: &'static str,
    /// What it is about.
    pub touch: Touch,
    /// What came of it.
    pub answer: Answer,
    /// How long the answer took.
    pub took: Duration,
}

impl Call {
    pub(crate) const fn new(name: &'static str, touch: Touch) -> Self {
        Self { name, touch, answer: Answer::Lost, took: Duration::ZERO }
    }

    /// The call that opens a session with a database.
    pub(crate) fn login(target: &Target) -> Self {
        let address = Address::new(&target.host, target.port);
        Self::new(
            "sql.connection.open",
            Touch::Target { address, what: format!("log in as `{}`", target.username) },
        )
    }

    /// The call that sends a request. What it is called holds no value.
    pub(crate) fn request(address: Address, told: &str) -> Self {
        Self::new("http.handle", Touch::Target { address, what: told.to_owned() })
    }
}

/// What a call of the host is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Touch {
    /// Nothing that lasts.
    Nothing,
    /// Reads a secret: its value or its labels.
    Reads {
        /// As the function named it.
        secret: String,
        /// The version or the label that it asked for.
        version: String,
    },
    /// Stores a value.
    Puts {
        /// As the function named it.
        secret: String,
        /// The labels that the value is to have.
        stages: Vec<String>,
    },
    /// Moves a label.
    Moves {
        /// Which.
        stage: String,
        /// The version that has it.
        from: Option<String>,
        /// The version that gets it.
        to: Option<String>,
    },
    /// Something outside.
    Target {
        /// Where.
        address: Address,
        /// What is asked of it, without texts.
        what: String,
    },
}

impl Touch {
    /// Whether it is outside of Secrets Manager.
    pub const fn is_outside(&self) -> bool {
        matches!(self, Self::Target { .. })
    }
}

impl fmt::Display for Touch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => Ok(()),
            Self::Reads { version, .. } => f.write_str(version),
            Self::Puts { stages, .. } if stages.is_empty() => f.write_str("without a label"),
            Self::Puts { stages, .. } => f.write_str(&stages.join(", ")),
            Self::Moves { stage, to: Some(to), .. } => write!(f, "{stage} to {to}"),
            Self::Moves { stage, from, .. } => {
                write!(f, "{stage} off {}", from.as_deref().unwrap_or("nothing"))
            }
            Self::Target { address, what } => write!(f, "{what} at {address}"),
        }
    }
}

/// What came of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// None came: the process died.
    Lost,
    /// It was done.
    Done,
    /// It was refused, with this code.
    Refused(String),
}
