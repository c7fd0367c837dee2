//! The rules, checked after every effect.

use std::collections::BTreeSet;

use keywheel::audit::AuditRow;
use keywheel::ops::keys;
use keywheel::store::{Batch, Key};
use keywheel_domain::api::{ApiError, ErrorCode};
use keywheel_domain::kms::KeyState;
use keywheel_domain::rotation::{End, Job, Probe, Purpose, State as JobState, Step};
use keywheel_domain::secret::Secret;
use keywheel_domain::time::Timestamp;
use keywheel_domain::version::{CURRENT, PENDING, PREVIOUS, Version};

use super::act::Act;
use super::ports::State;
use super::records::{self, Records};
use super::scenario::Transition;
use super::store::SERVER;
use super::watch::{Rule, password_of};
use super::{ADMIN_SECRET, FIRST, OTHER, PARTNER, PARTNER_ROLE, ROLE, SECRET};
use crate::store::SimImage;

impl State {
    /// Somebody was answered.
    /// `request`: the request for approval that it was about, if one.
    pub(super) fn answered(&mut self, act: Act, request: &str, answer: Result<(), ApiError>) {
        if let Some(at) = self.watch.in_flight.iter().rposition(|asked| *asked == act) {
            self.watch.in_flight.remove(at);
        }
        match answer {
            Ok(()) => {
                self.watch.was_done(act, request);
                self.check_answers();
            }
            Err(error) => {
                let told = error.to_string();
                if self.watch.leaked(told.as_bytes()) {
                    self.violation(Rule::Plain, "an answer holds a password".to_owned());
                }
                if act == Act::Delete && told.contains("already scheduled for deletion") {
                    // The answer to the first request was lost.
                    self.watch.was_done(act, request);
                }
                let is_expected = self.watch.refusals_expected.iter().any(|part| told.contains(part));
                if !is_expected || error.code == ErrorCode::InternalService {
                    self.violation(Rule::Answer, format!("{act:?}: {told}"));
                }
                self.watch.refusals.push(told);
            }
        }
    }

    /// A batch was written, and this is now stored.
    pub(super) fn committed(&mut self, process: usize, after: SimImage, batch: &Batch, now: Timestamp) {
        let new = self.watch.reader.read(&after);
        let old = std::mem::replace(&mut self.watch.records, new.clone());
        let before = std::mem::replace(&mut self.watch.image, after);
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
        if batch.puts.iter().any(|(key, _)| records::is(key, "kms-key")) {
            self.watch.opener = None;
        }
        self.check_rows(&before, batch, rows.len());
        self.note_events(&rows);
        self.check_keys();
        self.check_calendar(&old, &new);
        self.check_audit(&old, &new, &rows);
        self.forget_copies(&old, &new);
        self.check_fence(process, &old, batch, &rows, now);
        // Who can log in depends on secrets and values, and most commits write neither.
        let is_of_values = |key: &Key| records::is(key, "secret") || records::is(key, "value");
        let touches_values = batch.puts.iter().map(|(key, _)| key).chain(&batch.deletes).any(is_of_values);
        if touches_values {
            self.check_secrets(&new);
            self.check_access();
        }
        self.check_promotion(&old, &new, &rows);
        self.check_index(&new);
        self.note_transitions(&old, &new);
        self.check_answers();
    }

    fn check_fence(
        &mut self,
        process: usize,
        old: &Records,
        batch: &Batch,
        rows: &[AuditRow],
        now: Timestamp,
    ) {
        let before = |put: &Job| old.jobs.iter().find(|job| job.secret_arn == put.secret_arn);
        for (_, value) in batch.puts.iter().filter(|(key, _)| records::is(key, "job")) {
            let put: Job = records::read(value);
            if let JobState::Running { lease, .. } = &put.state
                && before(&put).is_none_or(|job| job.fence < put.fence)
            {
                self.watch.holders.insert(process, lease.holder.clone());
            }
        }
        let is_slot = rows.iter().any(|row| row.event == "ScheduledRotation");
        let is_alone = self.watch.holders.len() < 2;
        for job in old.jobs.iter().filter(|job| touches(batch, old, job)) {
            let JobState::Running { lease, .. } = &job.state else { continue };
            let is_other = process != SERVER && self.watch.holders.get(&process) != Some(&lease.holder);
            if is_other && lease.until > now && !is_slot && !is_alone {
                self.violation(Rule::Fence, format!("worker {process} committed under another's lease"));
            }
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
                    self.watch.were_current.insert((secret.arn.clone(), current.id.clone()));
                }
                None => self.violation(Rule::Labels, "the current version has no value".to_owned()),
            }
            if let Some(previous) = secret.versions.holder(PREVIOUS)
                && !self.watch.were_current.contains(&(secret.arn.clone(), previous.id.clone()))
            {
                self.violation(Rule::Labels, format!("{} was never current and is previous", previous.id));
            }
            for version in secret.versions.iter().filter(|version| version.filled) {
                let key = keys::value(&secret.arn, &version.id);
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

    /// A job that leaves nothing behind takes the value of its token with it.
    fn forget_copies(&mut self, old: &Records, new: &Records) {
        for job in old.jobs.iter().filter(|job| job.purpose.is_passing()) {
            let secret = new.secrets.iter().find(|secret| secret.arn == job.secret_arn);
            if secret.is_none_or(|secret| secret.versions.get(&job.token).is_none()) {
                self.watch.values.remove(&keys::value(&job.secret_arn, &job.token));
            }
        }
    }

    /// What a rotation makes current was tested, and logs in.
    fn check_promotion(&mut self, old: &Records, new: &Records, rows: &[AuditRow]) {
        for secret in &new.secrets {
            let was = old.secrets.iter().find(|was| was.arn == secret.arn);
            let before = was.and_then(|was| was.versions.holder(CURRENT));
            let after = secret.versions.holder(CURRENT);
            let (Some(before), Some(after)) = (before, after) else { continue };
            let by_hand = |row: &AuditRow| row.event == "PutSecretValue" && row.caller.ends_with(":root");
            if before.id == after.id || rows.iter().any(by_hand) {
                continue;
            }
            let mut jobs = old.jobs.iter().filter(|job| job.secret_arn == secret.arn);
            let is_time = |job: &Job| {
                job.token == after.id && (job.step == Step::FinishSecret || job.probe == Some(Probe::Undo))
            };
            if !jobs.any(is_time) {
                self.violation(Rule::Labels, format!("{} became current at the wrong time", after.id));
            }
            let is_disputed = !self.watch.by_hand.is_empty() || new.named(OTHER).is_some();
            let id = after.id.clone();
            if !is_disputed && !self.logs_in(secret, &id) {
                self.violation(Rule::LockedOut, format!("{id} became current and does not log in"));
            }
        }
    }

    /// What rows were written; those about slots with their reasons.
    fn note_events(&mut self, rows: &[AuditRow]) {
        for row in rows {
            let detail = row.detail.as_ref().filter(|_| row.event.starts_with("ScheduledRotation"));
            let event = detail.map_or(row.event.clone(), |detail| format!("{}: {detail}", row.event));
            self.watch.events.insert(event);
        }
    }

    fn note_transitions(&mut self, old: &Records, new: &Records) {
        let same = |one: &Job, other: &Job| one.secret_arn == other.secret_arn && one.id == other.id;
        let ended = |job: &&Job| !old.histories.contains(job);
        for job in new.jobs.iter().chain(new.histories.iter().filter(ended)) {
            let was = old.jobs.iter().find(|was| same(was, job));
            if was == Some(job) {
                continue;
            }
            let from = was.map_or("(asked for)", |was| was.state.as_str());
            let (to, purpose) = (job.state.as_str(), was.unwrap_or(job).purpose.as_str());
            self.watch.transitions.insert(Transition { from, to, purpose });
        }
    }

    fn check_index(&mut self, records: &Records) {
        let entries = || self.watch.image.entries().iter();
        let index: Vec<Key> =
            entries().map(|(key, _)| key).filter(|key| records::is(key, "due")).cloned().collect();
        let requests = entries().filter(|(key, _)| records::is(key, "approval"));
        let requests: Vec<(Key, String)> = requests
            .map(|(key, entry)| (key.clone(), String::from_utf8_lossy(&entry.value).into_owned()))
            .collect();
        let (expected, open) = (records::due(records), records::approvals(records));
        if index != expected {
            self.violation(Rule::Index, format!("{index:?} instead of {expected:?}"));
        }
        if requests != open {
            self.violation(Rule::Index, format!("{requests:?} instead of {open:?}"));
        }
    }

    /// What was answered is still so.
    pub(super) fn check_answers(&mut self) {
        let records = &self.watch.records;
        let Some(secret) = records.main() else {
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
            if !records.all_jobs().any(|job| job.id == *token)
                && !self.watch.were_current.contains(&(secret.arn.clone(), token.clone()))
            {
                lost.push(format!("the rotation {token}"));
            }
        }
        let gives_up = |job: &Job| {
            job.probe == Some(Probe::Undo)
                || job.purpose == Purpose::RollBack
                || matches!(job.end(), Some(End::Rejected | End::RolledBack))
        };
        if self.watch.is_given_up && !records.all_jobs().any(gives_up) {
            lost.push("RollBackRotation or Reject".to_owned());
        }
        let given = |given: &(String, String)| {
            let mut approvals = records.all_jobs().flat_map(|job| &job.approvals);
            approvals.any(|approval| approval.request_id == given.0 && approval.by.ends_with(&given.1))
        };
        lost.extend(
            self.watch
                .agreed
                .iter()
                .filter(|agreed| !given(agreed))
                .map(|(_, by)| format!("Approve by {by}")),
        );
        let has_tag = |key: &&&str| secret.tags.iter().any(|tag| tag.key == **key);
        lost.extend(self.watch.tags.iter().filter(|key| !has_tag(key)).map(|key| format!("the tag {key}")));
        if self.watch.has_policy && secret.policy.is_none() {
            lost.push("PutRotationPolicy".to_owned());
        }
        if self.watch.is_disabled && secret.rotation.as_ref().is_some_and(|rotation| rotation.enabled) {
            lost.push("CancelRotateSecret".to_owned());
        }
        let is_enabled = records.kms_keys.first().map(|key| key.state == KeyState::Enabled);
        if self.watch.key_is_enabled.is_some() && self.watch.key_is_enabled != is_enabled {
            lost.push("EnableKey, or DisableKey".to_owned());
        }
        if self.watch.is_deleted && secret.deletion.is_none() {
            lost.push("DeleteSecret".to_owned());
        }
        if !lost.is_empty() {
            self.violation(Rule::Lost, lost.join(", "));
        }
    }

    /// Somebody who has the secrets of the role can log in.
    pub(super) fn check_access(&mut self) {
        self.check_partner();
        let secrets = &self.watch.records.secrets;
        let others = [ADMIN_SECRET, PARTNER];
        let mut secrets: Vec<_> =
            secrets.iter().filter(|secret| !others.contains(&secret.name.as_str())).cloned().collect();
        secrets.retain(|secret| secret.versions.holder(CURRENT).is_some());
        if !secrets.iter().any(|secret| secret.name == SECRET) {
            return;
        }
        if self.any_logs_in(&secrets, |version| version.has(CURRENT) || version.has(PENDING)) {
            if !self.watch.by_hand.is_empty() && self.any_logs_in(&secrets, |version| version.has(CURRENT)) {
                // Whatever was done by hand is put right.
                self.watch.by_hand.clear();
            }
            return;
        }
        let by_hand = self.watch.by_hand.clone();
        let is_known = by_hand.iter().any(|password| self.database.accepts(ROLE, password));
        if by_hand.is_empty() || !(is_known || self.any_logs_in(&secrets, |_| true)) {
            self.violation(Rule::LockedOut, "neither the current nor the pending value logs in".to_owned());
        }
    }

    fn any_logs_in(&mut self, secrets: &[Secret], is_meant: impl Fn(&Version) -> bool) -> bool {
        let versions = |secret: &Secret| {
            let mut versions: Vec<_> = secret.versions.iter().cloned().collect();
            versions.retain(|version| version.filled && is_meant(version));
            versions
        };
        secrets.iter().any(|secret| {
            // The newest first: it is the most likely one.
            versions(secret).iter().rev().any(|version| self.logs_in(secret, &version.id))
        })
    }

    fn logs_in(&mut self, secret: &Secret, version_id: &str) -> bool {
        let role = if secret.name == PARTNER { PARTNER_ROLE } else { ROLE };
        let value = self.watch.open(secret, version_id).ok();
        value.as_ref().and_then(password_of).is_some_and(|password| self.database.accepts(role, &password))
    }

    /// The other role has a secret of its own, which nobody touches by hand.
    fn check_partner(&mut self) {
        let Some(partner) = self.watch.records.named(PARTNER).cloned() else { return };
        if !self.any_logs_in(&[partner], |version| version.has(CURRENT) || version.has(PENDING)) {
            self.violation(Rule::LockedOut, "the other role cannot log in".to_owned());
        }
    }

    /// Whether the current value logs in.
    pub(super) fn current_logs_in(&mut self) -> bool {
        let Some(secret) = self.watch.records.main().cloned() else { return false };
        let Some(current) = secret.versions.holder(CURRENT) else { return false };
        self.logs_in(&secret, &current.id)
    }
}

/// Whether a batch writes the secret or the job that this job is of.
fn touches(batch: &Batch, old: &Records, job: &Job) -> bool {
    let secret = old.secrets.iter().find(|secret| secret.arn == job.secret_arn);
    let secret = secret.map(|secret| keys::secret(&secret.scope, &secret.name));
    let written = batch.puts.iter().map(|(key, _)| key).chain(&batch.deletes);
    let own = [Some(keys::job(&job.secret_arn)), secret];
    written.into_iter().any(|key| own.contains(&Some(key.clone())))
}
