//! Where a job stands.

use serde::{Deserialize, Serialize};

use super::{ApprovalRequest, Purpose};
use crate::time::Timestamp;

/// A worker's right to run a job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// The worker.
    pub holder: String,
    /// Grows with every lease of the job: an older worker is told apart by it.
    pub fence: u64,
    /// From then on another worker may take the job.
    pub until: Timestamp,
}

/// Where a job stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "is")]
pub enum State {
    /// The next step may run.
    Ready {
        /// Since when.
        since: Timestamp,
    },
    /// A worker has called the function.
    Running {
        /// Its lease.
        lease: Lease,
        /// When the step was started.
        started: Timestamp,
    },
    /// A step failed in a way that may pass.
    BackOff {
        /// When it runs again.
        until: Timestamp,
    },
    /// The next step needs people.
    WaitingApproval {
        /// What they are asked.
        request: ApprovalRequest,
    },
    /// The window of a scheduled rotation has closed, or a blackout has begun, before the target was touched.
    WaitingWindow {
        /// When it looks again.
        until: Timestamp,
    },
    /// Failures are spent, or retrying cannot help: waits for a person or the next slot.
    NeedsAttention {
        /// Since when.
        since: Timestamp,
    },
    /// Over; kept as history.
    Ended {
        /// How.
        end: End,
        /// When.
        at: Timestamp,
    },
}

impl State {
    /// The word of every state and every end, for documents and tests that cover them all.
    pub const WORDS: [&str; 13] = [
        "Ready",
        "Running",
        "BackOff",
        "WaitingApproval",
        "WaitingWindow",
        "NeedsAttention",
        "Succeeded",
        "Abandoned",
        "Cancelled",
        "Failed",
        "Drifted",
        "Rejected",
        "RolledBack",
    ];

    /// In one word.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Ready { .. } => "Ready",
            Self::Running { .. } => "Running",
            Self::BackOff { .. } => "BackOff",
            Self::WaitingApproval { .. } => "WaitingApproval",
            Self::WaitingWindow { .. } => "WaitingWindow",
            Self::NeedsAttention { .. } => "NeedsAttention",
            Self::Ended { end, .. } => end.as_str(),
        }
    }
}

/// How a job ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum End {
    /// It did what it was for.
    Succeeded,
    /// A version was made by hand meanwhile.
    Abandoned,
    /// CancelRotateSecret or DeleteSecret.
    Cancelled,
    /// It could not, and left nothing behind. A rotation ends so when its target never took the new value.
    Failed,
    /// A verification whose target does not take the current value.
    Drifted,
    /// A person said no before the target was touched.
    Rejected,
    /// The value from before is current again, in the target too.
    RolledBack,
}

impl End {
    /// In one word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Succeeded => "Succeeded",
            Self::Abandoned => "Abandoned",
            Self::Cancelled => "Cancelled",
            Self::Failed => "Failed",
            Self::Drifted => "Drifted",
            Self::Rejected => "Rejected",
            Self::RolledBack => "RolledBack",
        }
    }

    /// The event's name in the audit log.
    pub const fn event(self, purpose: Purpose) -> &'static str {
        match (purpose, self) {
            (_, Self::Drifted) => "DriftFound",
            (_, Self::Rejected) => "RotationRejected",
            (_, Self::RolledBack) => "RotationRolledBack",
            (Purpose::Test, Self::Succeeded) => "TestRotationSucceeded",
            (Purpose::Test, _) => "TestRotationFailed",
            (Purpose::Verify, Self::Succeeded) => "VerificationSucceeded",
            (Purpose::Verify, _) => "VerificationFailed",
            (Purpose::DryRun, Self::Succeeded) => "DryRunSucceeded",
            (Purpose::DryRun, _) => "DryRunFailed",
            (Purpose::Reconcile, Self::Succeeded) => "ReconciliationSucceeded",
            (Purpose::Reconcile, _) => "ReconciliationFailed",
            (Purpose::Rotate | Purpose::RollBack, Self::Succeeded) => "RotationSucceeded",
            (Purpose::Rotate | Purpose::RollBack, Self::Abandoned) => "RotationAbandoned",
            (Purpose::Rotate | Purpose::RollBack, Self::Cancelled) => "RotationCancelled",
            (Purpose::Rotate | Purpose::RollBack, Self::Failed) => "RotationFailed",
        }
    }
}
