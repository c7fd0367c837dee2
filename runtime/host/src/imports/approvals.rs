//! `approvals`: a function asks people to agree before it goes on. The host knows whether they have; who they
//! are, and how they are asked, is the runtime's.

use crate::contract::keywheel::rotation::approvals::Host;
use crate::rehearsal::Touch;
use crate::state::State;

/// A summary; a longer one is cut.
const SUMMARY_BYTES_MAX: usize = 2 * 1024;

/// What people have answered in one invocation, and what it asked of them. However often it asks, one
/// summary is kept, so a call counts against no limit but processor time.
#[derive(Debug)]
pub(crate) struct Approvals {
    approved: bool,
    /// The first summary that found no agreement.
    asked: Option<String>,
}

impl Approvals {
    pub(crate) const fn new(approved: bool) -> Self {
        Self { approved, asked: None }
    }

    /// What the function asked and had no agreement for.
    pub(crate) fn asked(&self) -> Option<&str> {
        self.asked.as_deref()
    }
}

impl Host for State {
    async fn require(&mut self, summary: String) -> wasmtime::Result<bool> {
        if let Some(rehearsal) = &self.rehearsal {
            rehearsal.note("approvals.require", Touch::Nothing);
        }
        if !self.approvals.approved && self.approvals.asked.is_none() {
            let summary = self.transcript.lock().clean_lines(&summary, SUMMARY_BYTES_MAX);
            self.approvals.asked = Some(summary);
        }
        Ok(self.approvals.approved)
    }
}
