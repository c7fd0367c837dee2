//! Points in time as values: nothing here asks what time it is.

use std::fmt;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};

/// Milliseconds in a second, a minute, an hour and a day.
pub const SECOND_MS: i64 = 1_000;
/// Milliseconds in a minute.
pub const MINUTE_MS: i64 = 60 * SECOND_MS;
/// Milliseconds in an hour.
pub const HOUR_MS: i64 = 60 * MINUTE_MS;
/// Milliseconds in a day.
pub const DAY_MS: i64 = 24 * HOUR_MS;

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// From milliseconds since the epoch.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds since the epoch.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// This moment and `millis` more (or less, when negative); saturates.
    #[must_use]
    pub const fn plus_millis(self, millis: i64) -> Self {
        Self(self.0.saturating_add(millis))
    }

    /// Milliseconds from `earlier` to this moment; negative when it is later.
    pub const fn millis_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// Midnight UTC of this moment's day.
    #[must_use]
    pub const fn start_of_day(self) -> Self {
        Self(self.0 - self.0.rem_euclid(DAY_MS))
    }

    /// As a calendar date and time; `None` beyond the calendar's range (about 262,000 years).
    pub fn to_utc(self) -> Option<DateTime<Utc>> {
        DateTime::from_timestamp_millis(self.0)
    }

    /// As the AWS JSON protocol writes a moment: seconds since the epoch with a fraction.
    pub fn to_wire(self) -> serde_json::Number {
        if self.0 % SECOND_MS == 0 {
            return (self.0 / SECOND_MS).into();
        }
        // Exact to the millisecond for every date a database will see: 2^53 / 1000 seconds.
        #[expect(clippy::cast_precision_loss, reason = "timestamps stay far below 2^53 milliseconds")]
        let seconds = self.0 as f64 / SECOND_MS as f64;
        serde_json::Number::from_f64(seconds).unwrap_or_else(|| (self.0 / SECOND_MS).into())
    }
}

/// RFC 3339 in UTC with milliseconds.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.to_utc() {
            Some(moment) => f.write_str(&moment.to_rfc3339_opts(SecondsFormat::Millis, true)),
            None => write!(f, "{} ms", self.0),
        }
    }
}

/// For `#[serde(serialize_with)]` in wire shapes.
pub mod wire {
    use serde::{Serialize, Serializer};

    use super::Timestamp;

    /// Writes an optional moment as seconds with a fraction.
    pub fn option<S: Serializer>(moment: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
        moment.map(Timestamp::to_wire).serialize(serializer)
    }

    /// Writes a moment as seconds with a fraction.
    pub fn required<S: Serializer>(moment: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
        moment.to_wire().serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wire_form_keeps_milliseconds() {
        assert_eq!(Timestamp::from_millis(1_763_900_000_344).to_wire().to_string(), "1763900000.344");
        assert_eq!(Timestamp::from_millis(1_763_900_000_000).to_wire().to_string(), "1763900000");
    }

    #[test]
    fn the_day_starts_at_midnight_utc() {
        let noon = Timestamp::from_millis(DAY_MS + 12 * HOUR_MS);
        assert_eq!(noon.start_of_day(), Timestamp::from_millis(DAY_MS));
        assert_eq!(noon.to_string(), "1970-01-02T12:00:00.000Z");
    }
}
