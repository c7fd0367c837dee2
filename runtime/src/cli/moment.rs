//! Moments: as the wire writes them, and for people, in UTC and by their distance.

use keywheel_domain::time::{DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, Timestamp};
use serde::{Deserialize, Deserializer};

/// What a distance is told in, the longest first.
const UNITS: [(i64, &str); 4] = [(DAY_MS, "d"), (HOUR_MS, "h"), (MINUTE_MS, "min"), (SECOND_MS, "s")];
/// So many of a unit are told before the next longer one is.
const UNITS_MIN: i64 = 2;
/// Later or earlier than any calendar has.
const SECONDS_MAX: f64 = 1e14;

/// A point in time, from seconds since the epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Moment(pub(super) Timestamp);

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let seconds = f64::deserialize(deserializer)?.clamp(-SECONDS_MAX, SECONDS_MAX);
        let millis = (seconds * 1_000.0).round();
        #[expect(clippy::cast_possible_truncation, reason = "it was clamped to what fits")]
        let millis = millis as i64;
        Ok(Self(Timestamp::from_millis(millis)))
    }
}

impl Moment {
    /// To the second, such as `2026-01-31T04:00:00Z`.
    pub(super) fn utc(self) -> String {
        let text = self.0.to_string();
        match text.split_once('.') {
            Some((seconds, _)) => format!("{seconds}Z"),
            None => text,
        }
    }

    /// The same with the distance: `2026-01-31T04:00:00Z (in 3 h)`.
    pub(super) fn beside(self, now: Timestamp) -> String {
        format!("{} ({})", self.utc(), self.distance(now))
    }

    /// `in 3 h`, `2 d ago`, `now`.
    pub(super) fn distance(self, now: Timestamp) -> String {
        let away = self.0.millis_since(now);
        let length = away.saturating_abs();
        let unit = UNITS.iter().find(|(unit, _)| length >= unit * UNITS_MIN);
        match unit {
            None => "now".to_owned(),
            Some((unit, name)) if away > 0 => format!("in {} {name}", length / unit),
            Some((unit, name)) => format!("{} {name} ago", length / unit),
        }
    }
}

/// A moment that may be missing.
pub(super) fn beside(moment: Option<Moment>, now: Timestamp) -> String {
    moment.map(|moment| moment.beside(now)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_763_899_200_000);

    #[test]
    fn a_distance_is_told_in_the_unit_that_fits() {
        let check = |millis: i64, expected: &str| {
            assert_eq!(Moment(NOW.plus_millis(millis)).distance(NOW), expected, "{millis}");
        };
        check(0, "now");
        check(1_999, "now");
        check(2_000, "in 2 s");
        check(-119_999, "119 s ago");
        check(2 * MINUTE_MS, "in 2 min");
        check(2 * HOUR_MS - 1, "in 119 min");
        check(3 * HOUR_MS + MINUTE_MS, "in 3 h");
        check(-47 * HOUR_MS, "47 h ago");
        check(-10 * DAY_MS, "10 d ago");
        check(i64::MAX, "in 106751970751 d");
    }

    #[test]
    fn the_wire_is_read_to_the_millisecond() {
        let check = |wire: &str, millis: i64| {
            let moment: Moment = serde_json::from_str(wire).unwrap();
            assert_eq!(moment.0.millis(), millis, "{wire}");
        };
        check("1763899200", 1_763_899_200_000);
        check("1763899200.344", 1_763_899_200_344);
        check("-0.5", -500);
        check("1e300", 100_000_000_000_000_000);
        assert_eq!(Moment(NOW.plus_millis(344)).beside(NOW), "2025-11-23T12:00:00Z (now)");
        assert!(serde_json::from_str::<Moment>("\"soon\"").is_err());
    }
}
