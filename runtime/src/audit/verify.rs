//! Finds what was changed, removed or reordered in the audit log after it was written.
//!
//! The chain alone finds every change that does not compute the links anew. Who can write the file can
//! also do that: against it stands an earlier head that was kept elsewhere and must still be in the chain.

use super::{head, log};
use crate::store::{Head, Key, Link, SCAN_ENTRIES_MAX, Store, StoreError};

/// What was checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verified {
    /// How many rows.
    pub rows: u64,
    /// The last row's number and link: to be kept elsewhere.
    pub head: Head,
}

/// Why the log is not what was written. Each names the first row that is wrong.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The store failed.
    #[error("the store cannot be read")]
    Store(#[from] StoreError),
    /// The row is there and is another.
    #[error("row {number} was changed")]
    Changed {
        /// Which.
        number: u64,
    },
    /// The row is not there, and later ones are.
    #[error("row {number} was removed")]
    Removed {
        /// Which.
        number: u64,
    },
    /// The row stands in the place of another.
    #[error("rows were reordered: row {number} stands in the place of row {found_at}")]
    Reordered {
        /// Which.
        number: u64,
        /// Where it was found.
        found_at: u64,
    },
    /// The last rows are not there.
    #[error("the tail is missing: row {last} is the last one, and there were {written}")]
    TailMissing {
        /// The last row that is there; 0 for none.
        last: u64,
        /// How many were written, as the head or the one that was kept says.
        written: u64,
    },
    /// The head is no head, is absent, or does not belong to the last row.
    #[error("the head of the log was changed: it does not belong to row {last}")]
    HeadChanged {
        /// The row that should be the last.
        last: u64,
    },
    /// The chain is whole and is not the one that an earlier head was of.
    #[error("row {number} or one before it was changed, and the chain was written anew")]
    Rewritten {
        /// The number of the earlier head.
        number: u64,
    },
    /// There is nothing to begin with.
    #[error("there is no row {from}: the last one is row {last}")]
    NoSuchRow {
        /// What was asked for.
        from: u64,
        /// The last row.
        last: u64,
    },
}

/// Checks every row from this number on against its number, its link and the head. The row before is
/// taken as it is; from 1 on nothing is. An earlier head, if one is given, must be in the chain; the check
/// begins there if that is earlier.
///
/// Rows that are appended meanwhile are not looked at.
pub async fn verify(store: &dyn Store, from: u64, expected: Option<Head>) -> Result<Verified, VerifyError> {
    let from = expected.map_or(from, |head| from.min(head.number.saturating_add(1))).max(1);
    let told = match head(store).await {
        Err(StoreError::Damaged { .. }) => {
            return Err(VerifyError::HeadChanged { last: last_row(store).await? });
        }
        told => told?,
    };
    if from > 1 && from > told.number {
        return Err(VerifyError::NoSuchRow { from, last: told.number });
    }
    let first = before(store, from).await?;
    let mut chain = Chain { head: first, expected };
    chain.check_expected()?;
    while chain.head.number < told.number {
        let next = chain.head.number + 1;
        let to = log().entry(told.number).successor();
        let entries = store.scan(&log().entry(next), &to, SCAN_ENTRIES_MAX).await?;
        if entries.is_empty() {
            return Err(VerifyError::TailMissing { last: chain.head.number, written: told.number });
        }
        for (key, entry) in &entries {
            let number = chain.head.number + 1;
            if *key != log().entry(number) {
                return Err(VerifyError::Removed { number });
            }
            if !chain.takes(&entry.value) {
                return Err(reordered_or_changed(store, chain.head, told.number).await?);
            }
            chain.check_expected()?;
        }
    }
    check_end(store, told, &chain).await?;
    Ok(Verified { rows: told.number - first.number, head: told })
}

/// What is checked so far.
struct Chain {
    head: Head,
    expected: Option<Head>,
}

impl Chain {
    /// Goes on by the next row, if it is what it should be.
    fn takes(&mut self, stored: &[u8]) -> bool {
        match follows(self.head, stored) {
            Some(head) => {
                self.head = head;
                true
            }
            None => false,
        }
    }

    fn check_expected(&self) -> Result<(), VerifyError> {
        match self.expected {
            Some(expected) if expected.number == self.head.number && expected != self.head => {
                Err(VerifyError::Rewritten { number: expected.number })
            }
            _ => Ok(()),
        }
    }
}

/// The head after this entry, if it is the one that was appended there.
fn follows(before: Head, stored: &[u8]) -> Option<Head> {
    let (link, row) = Link::split(stored)?;
    before.next(row).filter(|head| head.link == link)
}

/// The head before the row of this number.
async fn before(store: &dyn Store, from: u64) -> Result<Head, VerifyError> {
    let number = from - 1;
    if number == 0 {
        return Ok(Head::START);
    }
    let entry = store.load(&log().entry(number)).await?.ok_or(VerifyError::Removed { number })?;
    let (link, _) = Link::split(&entry.value).ok_or(VerifyError::Changed { number })?;
    Ok(Head { number, link })
}

/// The rows are whole; now the head must be theirs, and reach as far as the expected one.
async fn check_end(store: &dyn Store, told: Head, chain: &Chain) -> Result<(), VerifyError> {
    let last = told.number;
    let beyond = store.load(&log().entry(last.saturating_add(1))).await?.is_some();
    // Unless it was appended meanwhile, nothing stands behind the head.
    if told != chain.head || (beyond && head(store).await? == told) {
        return Err(VerifyError::HeadChanged { last: last_row(store).await? });
    }
    match chain.expected {
        Some(expected) if expected.number > last => {
            Err(VerifyError::TailMissing { last, written: expected.number })
        }
        _ => Ok(()),
    }
}

/// Says what is wrong with the row after `before`: it may be there, in another place.
async fn reordered_or_changed(store: &dyn Store, before: Head, last: u64) -> Result<VerifyError, StoreError> {
    let number = before.number + 1;
    let (mut from, to) = (log().entry(number), log().entry(last).successor());
    loop {
        let entries = store.scan(&from, &to, SCAN_ENTRIES_MAX).await?;
        let Some((last, _)) = entries.last() else { return Ok(VerifyError::Changed { number }) };
        let found = entries.iter().find(|(_, entry)| follows(before, &entry.value).is_some());
        if let Some(found_at) = found.and_then(|(key, _)| log().number(key)) {
            return Ok(VerifyError::Reordered { number, found_at });
        }
        from = last.successor();
    }
}

/// The last row that is there without a gap, whatever the head says.
async fn last_row(store: &dyn Store) -> Result<u64, StoreError> {
    let (mut number, end) = (0, Key::new("audit\x01"));
    loop {
        let entries = store.scan(&log().entry(number + 1), &end, SCAN_ENTRIES_MAX).await?;
        let in_order =
            entries.iter().zip(number + 1..).take_while(|((key, _), number)| *key == log().entry(*number));
        match in_order.count() {
            0 => return Ok(number),
            rows => number += rows as u64,
        }
    }
}
