//! What an invocation has open on the network beside `sql`: requests and sockets. It counts them, because
//! they are bounded together, and it knows their names, because an operator asks what a step waited for.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::egress::Rule;

/// The traffic of one invocation, as its state and the tasks that carry it share it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Traffic(Arc<Mutex<Vec<Entry>>>);

#[derive(Debug)]
struct Entry {
    rule: Option<Rule>,
    waits: bool,
    id: u64,
}

/// A place in the count; dropping it gives the place back.
#[derive(Debug)]
pub(crate) struct Open {
    traffic: Traffic,
    id: u64,
}

impl Traffic {
    /// Takes a place, unless as many as are allowed are taken. A socket has no address yet.
    pub(crate) fn open(&self, others: usize, open_max: usize) -> Option<Open> {
        let mut entries = self.lock();
        if entries.len() + others >= open_max {
            return None;
        }
        let id = entries.iter().map(|entry| entry.id + 1).max().unwrap_or_default();
        entries.push(Entry { rule: None, waits: false, id });
        Some(Open { traffic: self.clone(), id })
    }

    pub(crate) fn count(&self) -> usize {
        self.lock().len()
    }

    /// The newest of those that have not answered.
    pub(crate) fn waits_for(&self) -> Option<Rule> {
        self.lock().iter().rev().find(|entry| entry.waits)?.rule.clone()
    }

    /// A panic while it was held leaves it whole: each change is one step.
    fn lock(&self) -> MutexGuard<'_, Vec<Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Open {
    /// Notes where to, and that the other side has not answered.
    pub(crate) fn waits(&self, rule: &Rule) {
        self.change(|entry| (entry.rule, entry.waits) = (Some(rule.clone()), true));
    }

    /// Notes that the other side has answered.
    pub(crate) fn answered(&self) {
        self.change(|entry| entry.waits = false);
    }

    fn change(&self, change: impl FnMut(&mut Entry)) {
        self.traffic.lock().iter_mut().filter(|entry| entry.id == self.id).for_each(change);
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.traffic.lock().retain(|entry| entry.id != self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_bounded_and_come_back() {
        let traffic = Traffic::default();
        let first = traffic.open(1, 3).unwrap();
        let second = traffic.open(1, 3).unwrap();
        assert!(traffic.open(1, 3).is_none());
        drop(first);
        assert_eq!(traffic.count(), 1);
        let third = traffic.open(1, 3).unwrap();
        second.waits(&Rule::new("db", 1));
        third.waits(&Rule::new("db", 2));
        assert_eq!(traffic.waits_for(), Some(Rule::new("db", 2)));
        third.answered();
        assert_eq!(traffic.waits_for(), Some(Rule::new("db", 1)));
        drop((second, third));
        assert_eq!((traffic.count(), traffic.waits_for()), (0, None));
    }
}
