//! What a worker does with a job, and what came of calling the function.

use serde::{Deserialize, Serialize};

use super::Step;
use crate::time::Timestamp;

/// What the worker is to do with a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Ask the gate; then take a lease, commit it, call the function with this step.
    Invoke(Step),
    /// The approval that it waits for has expired: record that.
    Expire,
    /// Look again then.
    Wait(Timestamp),
    /// Nothing, until somebody changes the job.
    Rest,
}

/// Why a step failed, as far as that decides what to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum FailureKind {
    /// It may pass: the network, a target that restarts, a trap, a limit.
    Retry,
    /// The target answered and did not take the credential. It may be behind, or another one is in force.
    Refused,
    /// Retrying cannot help.
    Permanent,
}

/// What came of calling the function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The step says that it is done.
    Done,
    /// It failed.
    Failed {
        /// Why.
        kind: FailureKind,
        /// For the operator; holds no secret value.
        message: String,
    },
    /// The function wants a person to agree before it goes on.
    Asked {
        /// For that person; holds no secret value.
        summary: String,
    },
}

impl Outcome {
    /// A failure that may pass.
    pub fn retry(message: impl Into<String>) -> Self {
        Self::Failed { kind: FailureKind::Retry, message: message.into() }
    }

    /// A failure that retrying cannot mend.
    pub fn permanent(message: impl Into<String>) -> Self {
        Self::Failed { kind: FailureKind::Permanent, message: message.into() }
    }
}

/// How long a run of a step took, and what ran.
#[derive(Clone, Debug)]
pub struct Ran {
    /// What came of it.
    pub outcome: Outcome,
    /// How long the function ran.
    pub duration_us: u64,
    /// Digest of the component that ran.
    pub digest: String,
}
