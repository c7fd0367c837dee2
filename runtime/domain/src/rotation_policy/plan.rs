//! The schedule of one secret with its policy: which slots come next.

use sha2::{Digest as _, Sha256};

use super::free::{free_from, free_within};
use super::{Blackout, RotationPolicy};
use crate::api::RotationRules;
use crate::schedule::{DURATION_HOURS_MAX, Timetable, Window, Zone, place};
use crate::secret::Slot;
use crate::time::{HOUR_MS, MINUTE_MS, SECOND_MS, Timestamp};

/// Windows that are looked at for a start: more than two years have at the shortest interval.
const WINDOWS_MAX: usize = 5_000;
/// No window is longer, the longest day included.
const WINDOW_MS_MAX: i64 = (DURATION_HOURS_MAX as i64 + 1) * HOUR_MS;
/// Slots that a preview shows.
pub const PREVIEW_SLOTS: usize = 5;

/// See the module's documentation.
#[derive(Clone, Debug)]
pub struct Plan<'a> {
    timetable: Timetable,
    zone: Zone,
    blackouts: &'a [Blackout],
    /// From the secret's ARN.
    spread: [u8; 8],
    spread_seconds_max: Option<i64>,
    /// The last rotation, or what counts as one.
    last: Option<Timestamp>,
    counts_from_rotation: bool,
}

impl<'a> Plan<'a> {
    /// Of these rules and this policy; `None` when the rules are not valid.
    pub fn new(
        rules: &RotationRules,
        policy: Option<&'a RotationPolicy>,
        secret_arn: &str,
        last: Option<Timestamp>,
    ) -> Option<Self> {
        let zone = policy.map_or(Zone::UTC, RotationPolicy::zone);
        Some(Self {
            timetable: rules.schedule().ok()?.timetable(&zone).ok()?,
            zone,
            blackouts: policy.map_or(&[], |policy| &policy.blackouts),
            spread: Self::spread(secret_arn),
            spread_seconds_max: policy
                .and_then(|policy| policy.spread_minutes)
                .map(|minutes| i64::from(minutes) * MINUTE_MS / SECOND_MS),
            last,
            counts_from_rotation: rules.count_from_rotation(),
        })
    }

    /// The first window that opens after `after`, black or not.
    pub fn window(&self, after: Timestamp) -> Option<Window> {
        self.timetable.next(after, self.last)
    }

    /// The first slot whose window opens after `after` and that can start at `not_before` or later.
    pub fn next(&self, after: Timestamp, not_before: Timestamp) -> Option<Slot> {
        // A rotation in the future happened before somebody set the clock back.
        let base = Some(self.last.map_or(after, |last| last.min(after)));
        let mut after = after;
        for _ in 0..WINDOWS_MAX {
            let window = self.timetable.next(after, base)?;
            if let Some(slot) = self.within(window, not_before) {
                return Some(slot);
            }
            // Windows that end before the first moment at which one could start need no look.
            let free = self.free_from(window.opens.max(not_before))?;
            after = window.opens.max(free.plus_millis(-WINDOW_MS_MAX));
        }
        None
    }

    /// The slot of a window, if it has a moment at `not_before` or later that is not black.
    pub fn within(&self, window: Window, not_before: Timestamp) -> Option<Slot> {
        if window.closes <= not_before {
            return None;
        }
        let parts = match self.blackouts {
            [] => vec![window],
            blackouts => free_within(blackouts, &self.zone, window),
        };
        let later = parts.iter().find(|part| part.closes > not_before)?;
        let spread = self.spread_over(&parts).filter(|starts| *starts >= not_before);
        let starts = spread.unwrap_or(later.opens.max(not_before));
        Some(Slot { opens: window.opens, closes: window.closes, starts })
    }

    /// The first moment at or after `at` that is not black.
    pub fn free_from(&self, at: Timestamp) -> Option<Timestamp> {
        match self.blackouts {
            [] => Some(at),
            blackouts => free_from(blackouts, &self.zone, at),
        }
    }

    /// The next slots from `first` on, or from now when there is none, if each rotation ends as soon as it
    /// starts.
    pub fn preview(mut self, first: Option<Slot>, now: Timestamp) -> Vec<Slot> {
        let mut slots = Vec::with_capacity(PREVIEW_SLOTS);
        let mut next = first.or_else(|| self.next(now, now));
        while let Some(slot) = next.filter(|_| slots.len() < PREVIEW_SLOTS) {
            slots.push(slot);
            if self.counts_from_rotation {
                self.last = Some(slot.starts);
            }
            let ended = slot.starts.max(slot.opens);
            next = self.next(ended, ended);
        }
        slots
    }

    /// What decides on the place of a secret.
    pub(super) fn spread(secret_arn: &str) -> [u8; 8] {
        let mut spread = [0; 8];
        spread.copy_from_slice(&Sha256::digest(secret_arn)[..8]);
        spread
    }

    /// This secret's place in the allowed parts of a window.
    fn spread_over(&self, parts: &[Window]) -> Option<Timestamp> {
        let seconds = |part: &Window| part.closes.millis_since(part.opens) / SECOND_MS;
        let total = parts.iter().map(seconds).sum();
        let mut left = place(&self.spread, total, self.spread_seconds_max);
        for part in parts {
            if left < seconds(part) {
                return Some(part.opens.plus_millis(left * SECOND_MS));
            }
            left -= seconds(part);
        }
        None
    }
}
