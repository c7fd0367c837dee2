//! The rule about audit rows: one for each change and none without, checked after every commit.

use std::collections::BTreeSet;

use keywheel::audit::{self, AuditRow};
use keywheel::store::{Batch, Key};
use keywheel_domain::rotation::{End, Job, Probe, Purpose, State as JobState};
use keywheel_domain::secret::Secret;

use super::ports::State;
use super::records::{self, Records};
use super::watch::Rule;
use crate::store::SimImage;

/// Rows about jobs that are neither the start nor the end of one.
const OTHER_EVENTS: [&str; 4] =
    ["RotationFailed", "RotationNeedsAttention", "ApprovalRequested", "ApprovalGranted"];
/// The actions by which a person gives a rotation up.
const GIVE_UP_EVENTS: [&str; 2] = ["RollBackRotation", "ApprovalRejected"];

impl State {
    pub(super) fn check_rows(&mut self, before: &SimImage, batch: &Batch, added: usize) {
        let is_row = |key: &&Key| records::is(key, "audit");
        let mut written = batch.puts.iter().map(|(key, _)| key).chain(&batch.deletes);
        if written.any(|key| is_row(&key) || *key == audit::log().head()) {
            self.violation(Rule::Audit, "a row was changed or removed".to_owned());
        }
        let count = |image: &SimImage| image.entries().keys().filter(is_row).count();
        let (was, is) = (count(before), count(&self.watch.image));
        if is != was + added {
            self.violation(Rule::Audit, format!("{added} rows were added to {was}, and there are {is}"));
        }
    }

    pub(super) fn check_audit(&mut self, old: &Records, new: &Records, rows: &[AuditRow]) {
        let mut missing = Vec::new();
        let mut changes = 0;
        for arn in arns(&old.secrets, &new.secrets) {
            let (was, is) = (find(&old.secrets, &arn), find(&new.secrets, &arn));
            if was != is && was.map(without_reads) != is.map(without_reads) {
                changes += 1;
                if !rows.iter().any(|row| row.secret_arn == arn) {
                    missing.push(format!("the secret {arn} was changed"));
                }
            }
        }
        let events = job_events(old, new);
        for (event, token) in &events {
            changes += 1;
            if !rows.iter().any(|row| row.event == *event && row.version_id.as_ref() == Some(token)) {
                missing.push(format!("{event} of {token}"));
            }
        }
        let happened = |row: &AuditRow| events.iter().any(|(event, _)| row.event == *event);
        if let Some(row) = rows.iter().find(|row| is_of_job(&row.event) && !happened(row)) {
            self.violation(Rule::Audit, format!("`{}`, and no job has gone through it", row.event));
        }
        if is_given_up(old, new) && !rows.iter().any(|row| GIVE_UP_EVENTS.contains(&row.event.as_str())) {
            missing.push("a rotation was given up".to_owned());
        }
        if !missing.is_empty() {
            self.violation(Rule::Audit, format!("no row says: {}", missing.join(", ")));
        }
        changes += self.check_rows_of_settings(old, new, rows);
        if changes == 0 && old.jobs == new.jobs && !rows.is_empty() {
            self.violation(Rule::Audit, format!("`{}`, and nothing has changed", rows[0].event));
        }
    }
}

fn arns(old: &[Secret], new: &[Secret]) -> BTreeSet<String> {
    old.iter().chain(new).map(|secret| secret.arn.clone()).collect()
}

fn find<'a>(secrets: &'a [Secret], arn: &str) -> Option<&'a Secret> {
    secrets.iter().find(|secret| secret.arn == arn)
}

/// The record without the days of the last reads, which no row tells.
fn without_reads(secret: &Secret) -> serde_json::Value {
    let mut json = serde_json::to_value(secret).expect("a record is JSON");
    if let Some(fields) = json.as_object_mut() {
        fields.remove("accessed");
        for version in fields.get_mut("versions").and_then(|all| all.as_array_mut()).into_iter().flatten() {
            version.as_object_mut().map(|fields| fields.remove("accessed"));
        }
    }
    json
}

/// Whether rows with this name are about jobs.
fn is_of_job(event: &str) -> bool {
    const ENDS: [End; 7] = [
        End::Succeeded,
        End::Abandoned,
        End::Cancelled,
        End::Failed,
        End::Drifted,
        End::Rejected,
        End::RolledBack,
    ];
    let mut of_purposes = Purpose::ALL
        .into_iter()
        .flat_map(|purpose| ENDS.into_iter().map(move |end| end.event(purpose)).chain([purpose.started()]));
    OTHER_EVENTS.contains(&event) || of_purposes.any(|known| known == event)
}

fn same(one: &Job, other: &Job) -> bool {
    one.secret_arn == other.secret_arn && one.id == other.id
}

/// The history that a job has become. The clock may have been set back, so that it is not the latest.
fn has_ended<'a>(was: &Job, old: &Records, new: &'a Records) -> Option<&'a Job> {
    new.histories.iter().find(|ended| same(ended, was) && !old.histories.contains(ended))
}

/// Whether a person gives a rotation up here.
fn is_given_up(old: &Records, new: &Records) -> bool {
    old.jobs.iter().filter(|was| was.probe != Some(Probe::Undo)).any(|was| {
        let turns = new.jobs.iter().any(|is| same(was, is) && is.probe == Some(Probe::Undo));
        let ends = !new.jobs.iter().any(|is| same(was, is))
            && has_ended(was, old, new).and_then(Job::end) == Some(End::Rejected);
        turns || ends
    })
}

/// What happened to the jobs: the events, each with its token.
fn job_events(old: &Records, new: &Records) -> Vec<(&'static str, String)> {
    let mut events = Vec::new();
    for is in &new.jobs {
        match old.jobs.iter().find(|was| same(was, is)) {
            None if is.probe == Some(Probe::Undo) => {
                events.push((Purpose::RollBack.started(), is.token.clone()));
            }
            None => events.push((is.purpose.started(), is.token.clone())),
            Some(was) => events.extend(changes(was, is).into_iter().map(|event| (event, is.token.clone()))),
        }
    }
    for was in old.jobs.iter().filter(|was| !new.jobs.iter().any(|is| same(was, is))) {
        let ended = has_ended(was, old, new);
        let event = ended.and_then(|ended| ended.end().map(|end| end.event(ended.purpose)));
        let token = ended.unwrap_or(was).token.clone();
        events.push((event.unwrap_or("(no history)"), token));
    }
    events
}

/// What happened to a job that goes on.
fn changes(was: &Job, is: &Job) -> Vec<&'static str> {
    let mut events = Vec::new();
    if was.purpose != is.purpose {
        events.push(Purpose::RollBack.started());
    }
    if was.state != is.state {
        match &is.state {
            JobState::NeedsAttention { .. } => events.extend(["RotationFailed", "RotationNeedsAttention"]),
            JobState::WaitingApproval { .. } => events.push("ApprovalRequested"),
            _ => {}
        }
    }
    if was.approvals.len() < is.approvals.len() {
        events.push("ApprovalGranted");
    }
    events
}
