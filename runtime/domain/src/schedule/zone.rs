//! Time zones: what a wall clock shows at a moment, and at which moment it shows a time.
//!
//! The data is `jiff`'s, which carries the IANA database in the binary. Two things decided for it: it can
//! say when the next transition is, so that a search steps over whole spans and is still exact; and
//! without its `std` feature it has no clock that this crate could read by accident.
//!
//! Times that a wall clock does not show exactly once are settled here, for all schedules:
//!
//! * A time that is left out, when clocks go forward, is the moment at which they do.
//! * A time that comes twice, when clocks go back, is the first of the two moments.

use std::fmt;

use jiff::tz::{AmbiguousOffset, Offset, TimeZone, TimeZoneDatabase};
use serde::{Deserialize, Serialize};

use crate::time::{DAY_MS, MINUTE_MS, SECOND_MS, Timestamp};

/// Most characters in the name of a time zone.
pub const ZONE_CHARS_MAX: usize = 64;
/// Characters of an unknown name that a refusal repeats.
const ZONE_CHARS_SHOWN: usize = 40;

/// What a wall clock shows, as milliseconds since it showed 1970-01-01T00:00.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Wall(i64);

impl Wall {
    /// From milliseconds since the wall clock showed 1970-01-01T00:00.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds since the wall clock showed 1970-01-01T00:00.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Days since 1970-01-01.
    pub const fn day(self) -> i64 {
        self.0.div_euclid(DAY_MS)
    }

    /// The midnight that ends this day.
    #[must_use]
    pub const fn next_midnight(self) -> Self {
        Self(self.0.saturating_sub(self.0.rem_euclid(DAY_MS)).saturating_add(DAY_MS))
    }

    /// This time of a day and so many minutes after its midnight; they may be more than a day has.
    pub const fn of_day(day: i64, minutes: i64) -> Self {
        Self(day.saturating_mul(DAY_MS).saturating_add(minutes * MINUTE_MS))
    }
}

/// A name that the database does not know.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ZoneError {
    /// Nothing like it is known.
    #[error(
        "TimeZone: `{given}` is not a time zone of the IANA database: give a name such as `Europe/Berlin`"
    )]
    Unknown {
        /// What was given, shortened.
        given: String,
    },
    /// A city without its continent, or the like.
    #[error("TimeZone: `{given}` is not a time zone of the IANA database: did you mean `{nearest}`?")]
    Near {
        /// What was given, shortened.
        given: String,
        /// What is known.
        nearest: String,
    },
}

/// A time zone of the IANA database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Zone(TimeZone);

impl Zone {
    /// Coordinated universal time, in which AWS reads all schedules.
    pub const UTC: Self = Self(TimeZone::UTC);

    /// The zone with this name, in any case.
    ///
    /// # Errors
    /// There is none; says which one may have been meant.
    pub fn parse(name: &str) -> Result<Self, ZoneError> {
        let known = TimeZoneDatabase::bundled().get(name).ok().filter(|zone| zone.iana_name().is_some());
        known.map(Self).ok_or_else(|| {
            let given = name.chars().take(ZONE_CHARS_SHOWN).collect();
            match nearest(name) {
                Some(nearest) => ZoneError::Near { given, nearest },
                None => ZoneError::Unknown { given },
            }
        })
    }

    /// As the database spells it.
    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }

    /// What the wall clock shows.
    pub fn wall(&self, at: Timestamp) -> Wall {
        Wall(at.millis().saturating_add(self.offset_ms(at)))
    }

    /// The moment at which the wall clock shows this time, or stands for it: see the module.
    pub fn moment(&self, wall: Wall) -> Timestamp {
        let back = |offset: Offset| Timestamp::from_millis(wall.0.saturating_sub(millis(offset)));
        let Ok(shown) = jiff::Timestamp::from_millisecond(wall.0) else {
            return Timestamp::from_millis(wall.0);
        };
        match self.0.to_ambiguous_timestamp(Offset::UTC.to_datetime(shown)).offset() {
            AmbiguousOffset::Unambiguous { offset } => back(offset),
            AmbiguousOffset::Fold { before, .. } => back(before),
            AmbiguousOffset::Gap { before, .. } => self.last_shift(back(before)),
        }
    }

    /// The first moment after `after` at which the clocks may be changed, if there is one.
    pub fn next_shift(&self, after: Timestamp) -> Option<Timestamp> {
        let after = jiff::Timestamp::from_millisecond(after.millis()).ok()?;
        self.0.following(after).next().map(|shift| Timestamp::from_millis(shift.timestamp().as_millisecond()))
    }

    /// A moment for people: weekday, local time, distance from UTC.
    pub fn text(&self, at: Timestamp) -> String {
        let (wall, minutes) = (self.wall(at), self.offset_ms(at) / MINUTE_MS);
        let sign = if minutes < 0 { '-' } else { '+' };
        let minutes = minutes.abs();
        match Timestamp::from_millis(wall.0).to_utc() {
            Some(date) => {
                let date = date.format("%a %Y-%m-%d %H:%M:%S");
                format!("{date} {sign}{:02}:{:02}", minutes / 60, minutes % 60)
            }
            None => at.to_string(),
        }
    }

    /// The last change of the clocks at or before `at`, or `at` when there was none.
    fn last_shift(&self, at: Timestamp) -> Timestamp {
        let behind = jiff::Timestamp::from_millisecond(at.millis().saturating_add(1));
        let shift = behind.ok().and_then(|behind| self.0.preceding(behind).next());
        shift.map_or(at, |shift| Timestamp::from_millis(shift.timestamp().as_millisecond()))
    }

    fn offset_ms(&self, at: Timestamp) -> i64 {
        // Beyond its calendar of 20,000 years the database says nothing.
        jiff::Timestamp::from_millisecond(at.millis()).map_or(0, |at| millis(self.0.to_offset(at)))
    }
}

fn millis(offset: Offset) -> i64 {
    i64::from(offset.seconds()) * SECOND_MS
}

/// The first zone whose last part is the last part of this name: `Berlin`, `new york`.
fn nearest(name: &str) -> Option<String> {
    let last = |name: &str| name.rsplit('/').next().unwrap_or(name).trim().replace(' ', "_");
    let wanted = last(name);
    let database = TimeZoneDatabase::bundled();
    let mut fits = database.available().filter(|known| last(known.as_str()).eq_ignore_ascii_case(&wanted));
    fits.find(|known| known.as_str().contains('/')).map(|known| known.as_str().to_owned())
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl TryFrom<String> for Zone {
    type Error = ZoneError;

    fn try_from(name: String) -> Result<Self, ZoneError> {
        Self::parse(&name)
    }
}

impl From<Zone> for String {
    fn from(zone: Zone) -> Self {
        zone.name().to_owned()
    }
}
