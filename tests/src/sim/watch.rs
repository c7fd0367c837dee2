//! What a run remembers, for the rules to be checked against, and what it found broken.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures_util::FutureExt;
use keywheel::store::{Batch, Key, Store};
use keywheel::vault::{Address, LocalRing, Vault};
use keywheel_domain::api::SecretValue;
use keywheel_domain::kms::{KeyState, KmsKey};
use keywheel_domain::rotation::Job;
use keywheel_domain::secret::Secret;

use super::act::Act;
use super::key_rules::KnownKey;
use super::life::root_key;
use super::records::{self, Reader, Records};
use super::scenario::Transition;
use super::{ADMIN_PASSWORD, FIRST, FIRST_PASSWORD};
use crate::entropy::SimEntropy;
use crate::store::{SimImage, SimStore};

/// Digits of the id of a request for approval.
const REQUEST_DIGITS: usize = 24;

/// What must always hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// `AWSCURRENT` or `AWSPENDING` logs in, and what a rotation makes current does. Where somebody has
    /// changed the password by hand, until it is put right: that password, or some stored value.
    LockedOut,
    /// One `AWSCURRENT`, at most one `AWSPENDING`, and `AWSPREVIOUS` was current before. A rotation moves
    /// `AWSCURRENT` in `finishSecret` only, or to undo itself when the target has taken the pending value.
    Labels,
    /// One token, one value, for ever.
    Token,
    /// What was answered is there, and stays.
    Lost,
    /// An audit row for each change, and none without.
    Audit,
    /// A webhook is told each event at least once and in order, signed, and nothing else.
    Told,
    /// A schedule begins nothing in a blackout, near a partner or, without catch-up, late; and changes no
    /// target outside of its window.
    Calendar,
    /// No plain text in the store, a log or an answer.
    Plain,
    /// A worker whose lease is another's by now commits nothing.
    Fence,
    /// Every job ends and every schedule is set.
    Ends,
    /// The due index and the index of open requests for approval say what the records say.
    Index,
    /// A version says that it has a value when there is one, and it can be opened.
    Values,
    /// Nobody is told of an internal fault, and refusals are those that the scenario expects.
    Answer,
}

/// A broken rule.
#[derive(Clone, Debug)]
pub struct Violation {
    /// Which.
    pub rule: Rule,
    /// How.
    pub what: String,
    /// In which life, from 1.
    pub life: usize,
    /// At which call of it.
    pub call: u64,
}

/// What is remembered of a run, to check against.
pub(super) struct Watch {
    pub(super) violations: Vec<Violation>,
    /// Answers that were refusals.
    pub(super) refusals: Vec<String>,
    /// Parts of the refusals that people may get.
    pub(super) refusals_expected: Vec<&'static str>,
    pub(super) image: SimImage,
    pub(super) records: Records,
    pub(super) reader: Reader,
    pub(super) opener: Option<Vault>,
    pub(super) opened: BTreeMap<Key, (Vec<u8>, SecretValue)>,
    pub(super) values: BTreeMap<Key, SecretValue>,
    pub(super) stored: BTreeSet<String>,
    /// Tokens of jobs that were answered for.
    pub(super) rotations: BTreeSet<String>,
    /// Requests for approval, and who was told that they have agreed.
    pub(super) agreed: BTreeSet<(String, String)>,
    /// Somebody was told that a rotation is given up or undone.
    pub(super) is_given_up: bool,
    /// Somebody was told that there is a policy.
    pub(super) has_policy: bool,
    /// Tags that were answered for.
    pub(super) tags: BTreeSet<&'static str>,
    /// Approvers that were answered for, by name.
    keys: BTreeMap<&'static str, KnownKey>,
    /// The names of audit rows that were written.
    pub(super) events: BTreeSet<String>,
    /// The request for approval that was made last.
    last_request: String,
    /// What the jobs went through.
    pub(super) transitions: BTreeSet<Transition>,
    /// ARN and version.
    pub(super) were_current: BTreeSet<(String, String)>,
    pub(super) canaries: BTreeSet<String>,
    pub(super) by_hand: Vec<String>,
    pub(super) is_disabled: bool,
    pub(super) is_deleted: bool,
    /// Whether somebody was told that the key is enabled, or that it is not.
    pub(super) key_is_enabled: Option<bool>,
    /// Acts that were begun and not answered: what they may undo is not settled.
    pub(super) in_flight: Vec<Act>,
    pub(super) holders: BTreeMap<usize, String>,
}

impl Watch {
    pub(super) fn new() -> Self {
        Self {
            violations: Vec::new(),
            refusals: Vec::new(),
            refusals_expected: Vec::new(),
            image: SimImage::default(),
            records: Records::default(),
            reader: Reader::default(),
            opener: None,
            opened: BTreeMap::new(),
            values: BTreeMap::new(),
            stored: BTreeSet::new(),
            rotations: BTreeSet::new(),
            agreed: BTreeSet::new(),
            is_given_up: false,
            has_policy: false,
            tags: BTreeSet::new(),
            keys: BTreeMap::new(),
            events: BTreeSet::new(),
            last_request: "0".repeat(REQUEST_DIGITS),
            transitions: BTreeSet::new(),
            were_current: BTreeSet::new(),
            canaries: BTreeSet::from([FIRST_PASSWORD.to_owned(), ADMIN_PASSWORD.to_owned()]),
            by_hand: Vec::new(),
            is_disabled: false,
            is_deleted: false,
            key_is_enabled: None,
            in_flight: Vec::new(),
            holders: BTreeMap::new(),
        }
    }

    /// What is stored.
    pub(super) const fn image(&self) -> &SimImage {
        &self.image
    }

    /// The same, read.
    pub(super) const fn records(&self) -> &Records {
        &self.records
    }

    /// A process starts on this image.
    pub(super) fn begin(&mut self, image: SimImage) {
        // A crash may have taken revisions back, which then come again for something else.
        self.reader = Reader::default();
        self.records = self.reader.read(&image);
        self.image = image;
        self.opener = None;
        self.in_flight.clear();
        self.holders.clear();
    }

    /// Approvers that were answered for, by name.
    pub(super) const fn keys(&self) -> &BTreeMap<&'static str, KnownKey> {
        &self.keys
    }

    /// An approver was answered for.
    pub(super) fn was_made(&mut self, name: &'static str, key: KnownKey) {
        self.keys.insert(name, key);
    }

    fn set_deleted(&mut self, name: &str, is_deleted: Option<bool>) {
        if let Some(known) = self.keys.get_mut(name) {
            known.is_deleted = is_deleted;
        }
    }

    /// From now on this text must be nowhere in plain.
    pub(super) fn must_not_appear(&mut self, text: &str) {
        self.canaries.insert(text.to_owned());
    }

    /// An operator is about to give the role this password.
    pub(super) fn by_hand(&mut self, password: &str) {
        self.must_not_appear(password);
        self.by_hand.push(password.to_owned());
    }

    /// A function was told that this value is stored. That of a job that leaves nothing behind goes again.
    pub(super) fn was_stored_by_function(&mut self, secret_id: &str, token: &str, value: &SecretValue) {
        if let Some(password) = password_of(value) {
            self.must_not_appear(&password);
        }
        let is_passing = |job: &Job| job.token == token && job.purpose.is_passing();
        let is_main = self.records.main().is_some_and(|secret| secret.arn == secret_id);
        if is_main && !self.records.all_jobs().any(is_passing) {
            self.stored.insert(token.to_owned());
        }
    }

    /// The request for approval that is open, or was at last.
    pub(super) fn last_request(&mut self) -> &str {
        let main = self.records.main().map(|secret| secret.arn.clone());
        let mut jobs = self.records.jobs.iter().filter(|job| Some(&job.secret_arn) == main.as_ref());
        if let Some(open) = jobs.find_map(Job::open_request) {
            self.last_request.clone_from(&open.id);
        }
        &self.last_request
    }

    /// An operator asks.
    pub(super) fn asked(&mut self, act: Act) {
        self.in_flight.push(act);
        match act {
            Act::Rotate { .. } => self.is_disabled = false,
            Act::Restore => self.is_deleted = false,
            Act::DeletePolicy => self.has_policy = false,
            Act::EnableKey | Act::DisableKey => self.key_is_enabled = None,
            // Until it is answered nobody knows whether the key is still good.
            Act::DeleteApprover(name) => self.set_deleted(name, None),
            Act::Put { password, .. } => self.by_hand(password),
            _ => {}
        }
    }

    /// From now on the secret may be rotated, whatever was cancelled.
    pub(super) const fn may_rotate(&mut self) {
        self.is_disabled = false;
    }

    /// An act was answered well; `request` is the request for approval that it was about, if one.
    pub(super) fn was_done(&mut self, act: Act, request: &str) {
        let rotates = self.in_flight.iter().any(|act| matches!(act, Act::Rotate { .. }));
        match act {
            Act::Create => {
                self.stored.insert(FIRST.to_owned());
            }
            Act::Put { token, .. } => {
                self.stored.insert(token.to_owned());
            }
            Act::Rotate { token, .. } | Act::Verify(token) | Act::Reconcile(token) | Act::DryRun(token) => {
                self.rotations.insert(token.to_owned());
            }
            Act::Approve(by) => {
                self.agreed.insert((request.to_owned(), by.to_owned()));
            }
            Act::RollBack | Act::RollBackAs(_) | Act::Reject(_) => self.is_given_up = true,
            Act::PutPolicy(_) => self.has_policy = true,
            Act::Tag { key, .. } => {
                self.tags.insert(key);
            }
            Act::DeletePolicy => self.has_policy = false,
            Act::DeleteApprover(name) => self.set_deleted(name, Some(true)),
            Act::Cancel => self.is_disabled = !rotates,
            Act::CreateKey | Act::EnableKey => self.key_is_enabled = Some(true),
            Act::DisableKey => self.key_is_enabled = Some(false),
            Act::Delete => self.is_deleted = !self.in_flight.contains(&Act::Restore),
            _ => {}
        }
    }

    /// The first of the texts that must not appear which does.
    pub(super) fn leaked(&self, text: &[u8]) -> bool {
        let text = String::from_utf8_lossy(text);
        self.canaries.iter().any(|canary| text.contains(canary))
    }

    /// The value of a version.
    pub(super) fn open(&mut self, secret: &Secret, version_id: &str) -> Result<SecretValue, String> {
        let key = keywheel::ops::keys::value(&secret.arn, version_id);
        let Some(entry) = self.image.entries().get(&key) else {
            return Err(format!("version {version_id} says it has a value, and there is none"));
        };
        if let Some((sealed, value)) = self.opened.get(&key)
            && *sealed == entry.value
        {
            return Ok(value.clone());
        }
        let vault = self.opener.get_or_insert_with(|| opener(&self.image));
        let address = Address {
            account: &secret.scope.account,
            region: &secret.scope.region,
            secret_arn: &secret.arn,
            version_id,
        };
        let opened = vault.open(&address, &entry.value).now_or_never();
        let opened = opened.expect("the simulated store never waits").map_err(|error| error.to_string())?;
        let value = SecretValue::from_stored(&opened).ok_or("what was opened is not a value")?;
        self.opened.insert(key, (entry.value.clone(), value.clone()));
        Ok(value)
    }
}

/// The password in a value.
pub(super) fn password_of(value: &SecretValue) -> Option<String> {
    let SecretValue::Text(text) = value else { return None };
    let json: serde_json::Value = serde_json::from_str(text.expose()).ok()?;
    json.get("password")?.as_str().map(str::to_owned)
}

/// It opens what is sealed by a disabled key, too: its owner can enable it.
fn opener(image: &SimImage) -> Vault {
    let store: Arc<dyn Store> = Arc::new(SimStore::from_image(image.clone()));
    for (key, entry) in image.entries().iter().filter(|(key, _)| records::is(key, "kms-key")) {
        let enabled = KmsKey { state: KeyState::Enabled, ..records::read(&entry.value) };
        let enabled = serde_json::to_vec(&enabled).expect("a record is JSON");
        let written = store.commit(Batch::new().put(key.clone(), enabled)).now_or_never();
        written.expect("the simulated store never waits").expect("nothing is expected");
    }
    let entropy = Arc::new(SimEntropy::new(0));
    Vault::new(Arc::new(LocalRing::new(store, root_key(), entropy.clone())), root_key(), entropy)
}
