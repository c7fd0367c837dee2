//! The windows of checked rules in a time zone.

use super::rate::Rate;
use super::{DURATION_HOURS_DEFAULT, HOURS_PER_DAY, Pattern, Wall, Window, Zone};
use crate::time::{HOUR_MS, Timestamp};

/// Openings in a row that may lie in time that comes twice: clocks were set back by a day at most, and
/// openings are an hour apart at least.
const REPEATED_MAX: usize = 25;

/// Rules that were read once, to be asked for many windows.
#[derive(Clone, Debug)]
pub struct Timetable {
    pattern: Pattern,
    duration_hours: Option<u32>,
    zone: Zone,
}

/// An opening: the moment, and the time on the wall that stands for it.
#[derive(Clone, Copy, Debug)]
struct Opening {
    at: Timestamp,
    wall: Wall,
}

impl Timetable {
    pub(super) const fn new(pattern: Pattern, duration_hours: Option<u32>, zone: Zone) -> Self {
        Self { pattern, duration_hours, zone }
    }

    /// The first window that opens strictly after `after`; `None` when the calendar has ended.
    pub fn next(&self, after: Timestamp, last_rotated: Option<Timestamp>) -> Option<Window> {
        let opening = self.opening(after, last_rotated)?;
        Some(Window { opens: opening.at, closes: self.closes(opening) })
    }

    /// When the first window strictly after `after` opens.
    pub fn opens(&self, after: Timestamp, last_rotated: Option<Timestamp>) -> Option<Timestamp> {
        self.opening(after, last_rotated).map(|opening| opening.at)
    }

    fn opening(&self, after: Timestamp, last_rotated: Option<Timestamp>) -> Option<Opening> {
        let base = last_rotated.unwrap_or(after);
        if let Pattern::Rate(rate @ Rate::Hours(_)) = &self.pattern {
            let at = Timestamp::from_millis(rate.next(after.millis(), base.millis())?);
            return Some(Opening { at, wall: self.zone.wall(at) });
        }
        let (mut wall, base) = (self.zone.wall(after), self.zone.wall(base));
        // A time on the wall at or before that of `after` is never a moment behind it. One after it may
        // lie before it, when the clocks have just been set back.
        for _ in 0..REPEATED_MAX {
            wall = match &self.pattern {
                Pattern::Rate(rate) => Wall::from_millis(rate.next(wall.millis(), base.millis())?),
                Pattern::Calendar(calendar) => calendar.next(wall)?,
            };
            let at = self.zone.moment(wall);
            if at > after {
                return Some(Opening { at, wall });
            }
        }
        None
    }

    /// A window of so many hours is that long on every day, but does not run past the end of its day, or
    /// into the next window where days have several. One whose whole day is left out is an hour long.
    fn closes(&self, opening: Opening) -> Timestamp {
        let hours = |count: u32| opening.at.plus_millis(i64::from(count) * HOUR_MS);
        let wanted = self.duration_hours.map(hours);
        match &self.pattern {
            Pattern::Rate(Rate::Hours(_)) => wanted.unwrap_or_else(|| hours(DURATION_HOURS_DEFAULT)),
            Pattern::Calendar(calendar) if calendar.hours().is_repeated() => {
                let closes = wanted.unwrap_or_else(|| hours(DURATION_HOURS_DEFAULT));
                self.opens(opening.at, None).map_or(closes, |following| closes.min(following))
            }
            Pattern::Rate(Rate::Days(_)) | Pattern::Calendar(_) => {
                let day_ends = self.zone.moment(opening.wall.next_midnight());
                let closes = wanted.map_or(day_ends, |closes| closes.min(day_ends));
                if closes > opening.at { closes } else { hours(1) }
            }
        }
    }
}

impl Pattern {
    /// The longest window that ends before the next begins and, for schedules by the day, with the day.
    pub(super) fn duration_hours_max(&self) -> u32 {
        match self {
            Self::Rate(Rate::Hours(hours)) => *hours,
            Self::Rate(Rate::Days(_)) => HOURS_PER_DAY,
            Self::Calendar(calendar) => calendar.hours().gap_min(),
        }
    }

    pub(super) fn is_by_the_hour(&self) -> bool {
        match self {
            Self::Rate(rate) => matches!(rate, Rate::Hours(_)),
            Self::Calendar(calendar) => calendar.hours().is_repeated(),
        }
    }
}
