//! The rules, checked after every effect.

use std::collections::BTreeSet;

use keywheel::audit::{self, AuditRow};
use keywheel::store::{Batch, Key};
use keywheel_domain::api::ApiError;
use keywheel_domain::rotation::{Job, Purpose, State as JobState};
use keywheel_domain::secret::Secret;
use keywheel_domain::time::Timestamp;
use keywheel_domain::version::{CURRENT, PENDING, PREVIOUS};

use super::FIRST;
use super::act::Act;
use super::ports::State;
use super::records::{self, Records};
use super::store::SERVER;
use super::watch::{Rule, password_of};
use crate::store::SimImage;

impl State {
    /// Somebody was answered.
    pub(super) fn answered(&mut self, act: Act, answer: Result<(), ApiError>) {
        if let Some(at) = self.watch.in_flight.iter().rposition(|asked| *asked == act) {
            self.watch.in_flight.remove(at);
        }
        match answer {
            Ok(()) => {
                self.watch.was_done(act);
                self.check_answers();
            }
            Err(error) => {
                let told = error.to_string();
                if self.watch.leaked(told.as_bytes()) {
                    self.violation(Rule::Plain, "an answer holds a password".to_owned());
                }
                if !self.watch.refusals_expected.iter().any(|part| told.contains(part)) {
                    self.violation(Rule::Answer, format!("{act:?}: {told}"));
                }
                self.watch.refusals.push(told);
            }
        }
    }

    /// A batch was written, and this is now stored.
    pub(super) fn committed(&mut self, process: usize, after: SimImage, batch: &Batch, now: Timestamp) {
        let old = std::mem::replace(&mut self.watch.records, Records::of(&after));
        let before = std::mem::replace(&mut self.watch.image, after);
        let new = self.watch.records.clone();
        let rows = records::rows(batch);
        for (key, value) in &batch.puts {
            if self.watch.leaked(value) || self.watch.leaked(key.as_bytes()) {
                self.violation(Rule::Plain, format!("the entry {key:?} holds a password"));
            }
        }
        for (log, value) in &batch.appends {
            if self.watch.leaked(value) {
                self.violation(Rule::Plain, format!("what is appended to {log:?} holds a password"));
            }
        }
        self.check_rows(&before, batch, rows.len());
        self.check_audit(&old, &new, &rows);
        self.check_fence(process, old.jobs.first(), batch, &rows, now);
        self.check_secrets(&new);
        self.check_index(&new);
        self.check_answers();
        self.check_access();
    }

    fn check_rows(&mut self, before: &SimImage, batch: &Batch, added: usize) {
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

    fn check_audit(&mut self, old: &Records, new: &Records, rows: &[AuditRow]) {
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
        for event in old.jobs.iter().chain(&new.jobs).filter_map(|job| job_event(job, old, new)) {
            changes += 1;
            if !rows.iter().any(|row| row.event == event.0 && row.version_id.as_ref() == Some(&event.1)) {
                missing.push(format!("{} of {}", event.0, event.1));
            }
        }
        if !missing.is_empty() {
            self.violation(Rule::Audit, format!("no row says: {}", missing.join(", ")));
        }
        if changes == 0 && old.jobs == new.jobs && !rows.is_empty() {
            self.violation(Rule::Audit, format!("`{}`, and nothing has changed", rows[0].event));
        }
    }

    fn check_fence(
        &mut self,
        process: usize,
        job: Option<&Job>,
        batch: &Batch,
        rows: &[AuditRow],
        now: Timestamp,
    ) {
        let put = batch.puts.iter().find(|(key, _)| records::is(key, "job"));
        let put: Option<Job> = put.map(|(_, value)| records::read(value));
        if let Some(Job { state: JobState::Running { lease, .. }, fence, .. }) = &put
            && job.is_none_or(|job| job.fence < *fence)
        {
            self.watch.holders.insert(process, lease.holder.clone());
        }
        let Some(Job { state: JobState::Running { lease, .. }, .. }) = job else { return };
        let is_other = process != SERVER && self.watch.holders.get(&process) != Some(&lease.holder);
        let is_slot = rows.iter().any(|row| row.event == "ScheduledRotation");
        let is_alone = self.watch.holders.len() < 2;
        if is_other && lease.until > now && !is_slot && !is_alone {
            self.violation(Rule::Fence, format!("worker {process} committed under another's lease"));
        }
    }

    fn check_secrets(&mut self, records: &Records) {
        let mut keys: BTreeSet<Key> = BTreeSet::new();
        for secret in &records.secrets {
            let holders = |stage: &str| secret.versions.iter().filter(|version| version.has(stage)).count();
            let labels = || secret.versions.iter().flat_map(|version| version.stages.iter().cloned());
            if labels().any(|stage| holders(&stage) > 1) || holders(CURRENT) != 1 {
                self.violation(Rule::Labels, format!("{:?}", labels().collect::<Vec<_>>()));
            }
            let current = secret.versions.holder(CURRENT).filter(|version| version.filled);
            match current {
                Some(current) => {
                    self.watch.were_current.insert(current.id.clone());
                }
                None => self.violation(Rule::Labels, "the current version has no value".to_owned()),
            }
            if let Some(previous) = secret.versions.holder(PREVIOUS)
                && !self.watch.were_current.contains(&previous.id)
            {
                self.violation(Rule::Labels, format!("{} was never current and is previous", previous.id));
            }
            for version in secret.versions.iter().filter(|version| version.filled) {
                let key = keywheel::ops::keys::value(&secret.arn, &version.id);
                self.check_value(secret, &version.id, key.clone());
                keys.insert(key);
            }
        }
        let mut stored = self.watch.image.entries().keys();
        let left = stored.find(|key| records::is(key, "value") && !keys.contains(key));
        if let Some(left) = left.cloned() {
            self.violation(Rule::Values, format!("the value {left:?} belongs to no version"));
        }
    }

    fn check_value(&mut self, secret: &Secret, version_id: &str, key: Key) {
        match self.watch.open(secret, version_id) {
            Err(error) => self.violation(Rule::Values, error),
            Ok(value) => {
                if let Some(password) = password_of(&value) {
                    self.watch.must_not_appear(&password);
                }
                let known = self.watch.values.entry(key).or_insert_with(|| value.clone());
                if *known != value {
                    self.violation(Rule::Token, format!("{version_id} has another value than before"));
                }
            }
        }
    }

    fn check_index(&mut self, records: &Records) {
        let stored = self.watch.image.entries().keys();
        let index: Vec<Key> = stored.filter(|key| records::is(key, "due")).cloned().collect();
        let expected = records::due(&records.secrets, &records.jobs);
        if index != expected {
            self.violation(Rule::Index, format!("{index:?} instead of {expected:?}"));
        }
    }

    /// What was answered is still so.
    pub(super) fn check_answers(&mut self) {
        let Records { secrets, jobs, histories } = &self.watch.records;
        let Some(secret) = secrets.first() else {
            let lost = self.watch.stored.contains(FIRST) && !self.watch.is_deleted;
            if lost {
                self.violation(Rule::Lost, "the secret".to_owned());
            }
            return;
        };
        let mut lost = Vec::new();
        for token in &self.watch.stored {
            if !secret.versions.get(token).is_some_and(|version| version.filled) {
                lost.push(format!("the value of {token}"));
            }
        }
        for token in &self.watch.rotations {
            if !jobs.iter().chain(histories).any(|job| job.token == *token)
                && !self.watch.were_current.contains(token)
            {
                lost.push(format!("the rotation {token}"));
            }
        }
        if self.watch.is_disabled && secret.rotation.as_ref().is_some_and(|rotation| rotation.enabled) {
            lost.push("CancelRotateSecret".to_owned());
        }
        if self.watch.is_deleted && secret.deletion.is_none() {
            lost.push("DeleteSecret".to_owned());
        }
        if !lost.is_empty() {
            self.violation(Rule::Lost, lost.join(", "));
        }
    }

    /// Somebody who has the secret can log in.
    pub(super) fn check_access(&mut self) {
        let Some(secret) = self.watch.records.secrets.first().cloned() else { return };
        let by_hand = self.watch.by_hand.clone();
        let labelled = |stages: &[String]| stages.iter().any(|stage| stage == CURRENT || stage == PENDING);
        let mut ids: Vec<String> = secret
            .versions
            .iter()
            .rev()
            .filter(|version| version.filled && (labelled(&version.stages) || !by_hand.is_empty()))
            .map(|version| version.id.clone())
            .collect();
        ids.dedup();
        let stored = ids.iter().filter_map(|id| password_of(&self.watch.open(&secret, id).ok()?));
        let known: Vec<String> = stored.chain(by_hand).collect();
        if !known.iter().any(|password| self.database.accepts(password)) {
            self.violation(Rule::LockedOut, format!("none of {} logs in", ids.join(", ")));
        }
    }

    /// Whether the current value logs in.
    pub(super) fn current_logs_in(&mut self) -> bool {
        let Some(secret) = self.watch.records.secrets.first().cloned() else { return false };
        let Some(current) = secret.versions.holder(CURRENT) else { return false };
        let value = self.watch.open(&secret, &current.id).ok();
        value.as_ref().and_then(password_of).is_some_and(|password| self.database.accepts(&password))
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

/// What happened to a job: the event and its token.
fn job_event(job: &Job, old: &Records, new: &Records) -> Option<(&'static str, String)> {
    let of = |records: &Records| records.jobs.iter().find(|other| other.token == job.token).cloned();
    let needs = |job: &Job| matches!(job.state, JobState::NeedsAttention { .. });
    let event = match (of(old), of(new)) {
        (None, Some(_)) if job.purpose == Purpose::Test => "TestRotationStarted",
        (None, Some(_)) => "RotationStarted",
        (Some(_), None) => {
            let ended = new.histories.iter().rev().find(|other| other.token == job.token);
            ended.and_then(|ended| ended.end().map(|end| end.event(ended.purpose))).unwrap_or("(no history)")
        }
        // Both states come here, before and after: it is told once.
        (Some(was), Some(is)) if *job == is && needs(&is) && !needs(&was) => "RotationFailed",
        _ => return None,
    };
    Some((event, job.token.clone()))
}
