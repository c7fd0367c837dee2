//! The moments that no blackout covers.
//!
//! Between two changes of the clocks the wall and time go at one pace. So each step goes to the next
//! boundary of a blackout or to the next change, whichever comes first, and the answer is exact.

use super::{Blackout, HORIZON_MS};
use crate::schedule::{Wall, Window, Zone};
use crate::time::Timestamp;

/// The first moment at or after `at` that is not black; `None` when there is none within two years of
/// the last blackout by dates, so that hours of the week cover all of it.
pub(super) fn free_from(blackouts: &[Blackout], zone: &Zone, at: Timestamp) -> Option<Timestamp> {
    let dates_end = blackouts.iter().filter_map(Blackout::last_ends).max();
    let dates_end = dates_end.map_or(at, |wall| zone.moment(wall));
    let end = at.max(dates_end).plus_millis(HORIZON_MS);
    let mut now = at;
    while now < end {
        let wall = zone.wall(now);
        let Some(ends) = blackouts.iter().filter_map(|blackout| blackout.ends(wall)).max() else {
            return Some(now);
        };
        now = advance(zone, now, wall, ends);
    }
    None
}

/// The parts of a window that are not black, in order.
pub(super) fn free_within(blackouts: &[Blackout], zone: &Zone, window: Window) -> Vec<Window> {
    let mut parts = Vec::new();
    let mut from = window.opens;
    while let Some(opens) = free_from(blackouts, zone, from).filter(|opens| *opens < window.closes) {
        let closes = black_from(blackouts, zone, opens, window.closes);
        parts.push(Window { opens, closes });
        from = closes;
        if closes >= window.closes {
            break;
        }
    }
    parts
}

/// The first black moment after `free`, which is not, or `end`.
fn black_from(blackouts: &[Blackout], zone: &Zone, free: Timestamp, end: Timestamp) -> Timestamp {
    let mut now = free;
    while now < end {
        let wall = zone.wall(now);
        if blackouts.iter().any(|blackout| blackout.ends(wall).is_some()) {
            return now;
        }
        let begins = blackouts.iter().filter_map(|blackout| blackout.begins_after(wall)).min();
        let unless_earlier = Wall::from_millis(wall.millis().saturating_add(end.millis_since(now)));
        now = advance(zone, now, wall, begins.unwrap_or(unless_earlier));
    }
    end
}

/// The moment at which the wall, which shows `wall` now, shows `to`, or the clocks change before.
fn advance(zone: &Zone, now: Timestamp, wall: Wall, to: Wall) -> Timestamp {
    let then = now.plus_millis(to.millis().saturating_sub(wall.millis()).max(1));
    zone.next_shift(now).map_or(then, |shift| shift.min(then))
}
