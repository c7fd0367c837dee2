//! What the service should do with one secret, said a second time and more simply: labels, values,
//! and whether a call is refused. Nothing here knows the code under test.

use std::collections::{BTreeMap, BTreeSet};

pub(super) const CURRENT: &str = "AWSCURRENT";
pub(super) const PENDING: &str = "AWSPENDING";
pub(super) const PREVIOUS: &str = "AWSPREVIOUS";

/// What a call came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expected {
    /// It is answered, and something may be another than before.
    Done,
    /// It is answered and changes nothing, as when it was made before.
    Same,
    /// It is refused and changes nothing.
    Refused,
    /// It is refused, and an older rotation goes on.
    Reattempted,
}

/// A call. Versions are named by small numbers.
#[derive(Clone, Debug)]
pub(super) enum Call {
    Create {
        token: u8,
        value: Option<u8>,
    },
    Put {
        token: u8,
        value: u8,
        stages: Option<Vec<&'static str>>,
    },
    Update {
        token: u8,
        value: Option<u8>,
        description: u8,
    },
    Move {
        stage: &'static str,
        from: Option<u8>,
        to: Option<u8>,
    },
    Delete {
        force: bool,
    },
    Restore,
    Tag {
        value: u8,
    },
    Untag,
    Rotate {
        token: u8,
        function: bool,
        now: bool,
        days: Option<u8>,
    },
    Cancel,
    /// Not a call: the worker's turn.
    Work,
}

/// The secret.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Model {
    pub(super) values: BTreeMap<u8, String>,
    pub(super) labels: BTreeMap<&'static str, u8>,
    pub(super) deleted: bool,
    pub(super) description: Option<u8>,
    pub(super) tag: Option<u8>,
    pub(super) rotation: Option<Rotation>,
    pub(super) job: Option<(u8, bool)>,
    /// The job began with a version that was left pending with a value.
    pub(super) left: bool,
    /// The tokens of all jobs there were, each with whether it was of a test.
    pub(super) asked: BTreeSet<(u8, bool)>,
}

/// The settings: whether it is on, and after how many days.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Rotation {
    pub(super) enabled: bool,
    pub(super) days: Option<u8>,
}

pub(super) fn text(value: u8) -> String {
    format!("value {value}")
}

/// What the call comes to, and what it leaves of the secret.
pub(super) fn play(before: &Option<Model>, call: &Call) -> (Expected, Option<Model>) {
    let mut after = before.clone();
    let expected = match (&mut after, call) {
        (None, Call::Create { token, value }) => {
            let mut secret = Model::default();
            if let Some(value) = value {
                secret.put(*token, &text(*value), &[CURRENT]);
            }
            after = Some(secret);
            Expected::Done
        }
        (Some(secret), Call::Create { token, value: Some(value) })
            if !secret.deleted && secret.values.get(token) == Some(&text(*value)) =>
        {
            Expected::Same
        }
        (_, Call::Create { .. }) => Expected::Refused,
        (None, Call::Delete { force: true } | Call::Work) => Expected::Same,
        (None, _) => Expected::Refused,
        (Some(secret), Call::Delete { force }) if secret.deleted && !force => Expected::Refused,
        (Some(_), Call::Delete { force: true }) => {
            after = None;
            Expected::Done
        }
        (Some(secret), Call::Delete { force: false }) => {
            secret.cancel_job();
            secret.deleted = true;
            Expected::Done
        }
        (Some(secret), Call::Restore) => {
            let was = std::mem::replace(&mut secret.deleted, false);
            if was { Expected::Done } else { Expected::Same }
        }
        (Some(secret), Call::Work) => secret.work(),
        (Some(secret), _) if secret.deleted => Expected::Refused,
        (Some(secret), call) => secret.play(call),
    };
    match expected {
        Expected::Refused | Expected::Same => assert_eq!(after, *before, "the model changes with {call:?}"),
        Expected::Done | Expected::Reattempted => {}
    }
    (expected, after)
}

impl Model {
    fn play(&mut self, call: &Call) -> Expected {
        let before = self.clone();
        let answered = match call {
            Call::Put { token, value, stages } => {
                let stages = stages.as_deref().unwrap_or(&[CURRENT]);
                self.put_by_hand(*token, *value, stages)
            }
            Call::Update { token, value, description } => {
                let answered = value.is_none_or(|value| self.put_by_hand(*token, value, &[CURRENT]));
                if answered {
                    self.description = Some(*description);
                }
                answered
            }
            Call::Move { stage, from, to } => self.move_by_hand(stage, *from, *to),
            Call::Tag { value } => {
                self.tag = Some(*value);
                true
            }
            Call::Untag => {
                self.tag = None;
                true
            }
            Call::Cancel => {
                self.cancel_job();
                if let Some(rotation) = &mut self.rotation {
                    rotation.enabled = false;
                }
                true
            }
            Call::Rotate { token, function, now, days } => {
                return self.rotate(*token, *function, *now, *days);
            }
            Call::Create { .. } | Call::Delete { .. } | Call::Restore | Call::Work => unreachable!(),
        };
        match answered {
            false => Expected::Refused,
            true if *self == before => Expected::Same,
            true => Expected::Done,
        }
    }

    fn is_at(&self, stage: &str, version: u8) -> bool {
        self.labels.get(stage) == Some(&version)
    }

    fn exists(&self, version: u8) -> bool {
        self.values.contains_key(&version) || self.labels.values().any(|holder| *holder == version)
    }

    fn attach(&mut self, stage: &'static str, version: u8) {
        let before = self.labels.insert(stage, version);
        if let (CURRENT, Some(before)) = (stage, before.filter(|before| *before != version)) {
            self.labels.insert(PREVIOUS, before);
        }
    }

    fn put(&mut self, token: u8, value: &str, stages: &[&'static str]) {
        let first = self.values.is_empty();
        self.values.insert(token, value.to_owned());
        stages.iter().for_each(|stage| self.attach(stage, token));
        if first {
            self.attach(CURRENT, token);
        }
    }

    fn put_by_hand(&mut self, token: u8, value: u8, stages: &[&'static str]) -> bool {
        if let Some(known) = self.values.get(&token) {
            return *known == text(value);
        }
        self.put(token, &text(value), stages);
        let abandons = self.is_at(CURRENT, token) || self.is_at(PENDING, token);
        if abandons && self.job.is_some_and(|(running, _)| running != token) {
            self.end_job();
        }
        true
    }

    fn move_by_hand(&mut self, stage: &'static str, from: Option<u8>, to: Option<u8>) -> bool {
        let holder = self.labels.get(stage).copied();
        let possible = match (from, to) {
            (None, None) => false,
            (_, Some(to)) if !self.exists(to) => false,
            (_, Some(to)) if stage == CURRENT && !self.values.contains_key(&to) => false,
            (_, Some(to)) if holder == Some(to) => return true,
            (from, Some(_)) => from == holder,
            (from, None) => from == holder && stage != CURRENT,
        };
        if !possible {
            return false;
        }
        match to {
            Some(to) => self.attach(stage, to),
            None => drop(self.labels.remove(stage)),
        }
        if stage == PENDING && self.job.is_some_and(|(token, _)| !self.is_at(PENDING, token)) {
            self.end_job();
        }
        true
    }

    /// A version that was left pending with a value may be what the target knows: it stays so.
    fn cancel_job(&mut self) {
        match self.job {
            Some((_, false)) if self.left => self.job = None,
            _ => self.end_job(),
        }
    }

    /// A rotation that has not begun leaves no label, a test no version either.
    fn end_job(&mut self) {
        let Some((token, test)) = self.job.take() else { return };
        if self.is_at(PENDING, token) {
            self.labels.remove(PENDING);
        }
        if test && !self.labels.values().any(|holder| *holder == token) {
            self.values.remove(&token);
        }
    }

    fn rotate(&mut self, token: u8, function: bool, now: bool, days: Option<u8>) -> Expected {
        if !function && self.rotation.is_none() {
            return Expected::Refused;
        }
        // A token names what it was used for first: a test is no rotation, and is not run again.
        let is_known = self.asked.contains(&(token, !now));
        if !is_known && self.asked.contains(&(token, now)) {
            return Expected::Refused;
        }
        let pending = self.labels.get(PENDING).filter(|pending| !self.is_at(CURRENT, **pending));
        let unfinished = self.job.map(|(token, _)| token).or_else(|| pending.copied());
        if let Some(other) = unfinished.filter(|other| *other != token) {
            if self.job.is_some() || self.rotation.is_none() {
                return Expected::Refused;
            }
            self.begin_job(other, false);
            self.left = self.values.contains_key(&other);
            return Expected::Reattempted;
        }
        let before = self.clone();
        let days = days.or_else(|| self.rotation.as_ref().and_then(|rotation| rotation.days));
        let rotation = Some(Rotation { enabled: true, days });
        let is_done = if now { self.is_at(CURRENT, token) } else { is_known };
        let begins = self.job.is_none() && !is_done;
        let has_value = self.values.contains_key(&token);
        if begins && has_value && !(now && self.is_at(PENDING, token)) {
            return Expected::Refused;
        }
        self.rotation = rotation;
        if begins && now {
            self.attach(PENDING, token);
            self.begin_job(token, false);
            self.left = has_value;
        } else if begins && let Some(current) = self.labels.get(CURRENT) {
            let copy = self.values[current].clone();
            self.put(token, &copy, &[PENDING]);
            self.begin_job(token, true);
        }
        if *self == before { Expected::Same } else { Expected::Done }
    }

    fn begin_job(&mut self, token: u8, test: bool) {
        self.job = Some((token, test));
        self.asked.insert((token, test));
    }

    /// A function that does what it should runs to its end.
    fn work(&mut self) -> Expected {
        match self.job {
            None => return Expected::Same,
            Some((_, true)) => self.end_job(),
            Some((token, false)) => {
                if !self.values.contains_key(&token) {
                    self.put(token, &format!("rotated {}", id(token)), &[PENDING]);
                }
                self.attach(CURRENT, token);
                self.labels.remove(PENDING);
                self.job = None;
            }
        }
        Expected::Done
    }
}

/// The version id of a small number.
pub(super) fn id(token: u8) -> String {
    format!("00000000-0000-4000-8000-{token:012}")
}
