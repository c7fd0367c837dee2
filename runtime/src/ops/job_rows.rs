//! The audit rows of what becomes of a job: the same whether a worker or a person changed it.

use keywheel_domain::rotation::{Job, Purpose, SCHEDULER, State};

use super::Operations;
use crate::audit::AuditRow;

impl Operations {
    /// The rows of a job that the worker takes from `before` to `after`.
    pub fn rows_of(&self, before: &Job, after: &Job) -> Vec<AuditRow> {
        let mut rows = Vec::new();
        let mut push = |event: &str, detail: Option<String>| {
            rows.push(self.audit_row(SCHEDULER, event, &after.secret_arn, Some(&after.token), detail));
        };
        if before.purpose != after.purpose {
            push(Purpose::RollBack.started(), after.undoes.as_ref().map(|undone| format!("undoes {undone}")));
        } else if before.token != after.token {
            // The copy of the current value gives way to the version that is thrown away.
            push("DryRunTested", Some("the current value logs in; createSecret is next".to_owned()));
        }
        if before.state == after.state {
            return rows;
        }
        match &after.state {
            State::Ended { end, .. } => {
                let event = end.event(after.purpose);
                let failure = after.last_failure().filter(|_| !event.ends_with("Succeeded"));
                push(event, failure.and_then(|attempt| attempt.failure.clone()));
            }
            State::NeedsAttention { .. } => {
                let detail = match before.open_request() {
                    Some(request) => Some(format!("approval request {} expired", request.id)),
                    None => after.last_failure().and_then(|attempt| attempt.failure.clone()),
                };
                push("RotationFailed", detail.clone());
                push("RotationNeedsAttention", detail);
            }
            State::WaitingApproval { request } => {
                let (count, step, id) = (request.count, request.step, &request.id);
                push("ApprovalRequested", Some(format!("request {id}: {count} before {step}")));
            }
            State::Ready { .. }
            | State::Running { .. }
            | State::BackOff { .. }
            | State::WaitingWindow { .. } => {}
        }
        rows
    }
}
