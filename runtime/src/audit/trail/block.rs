//! Calls as they rest: some of one account and region in one entry of the store, the latest first: a busy
//! server writes a few hundred entries for some ten thousand calls.
//!
//! An entry is one line of JSON for each call, packed with LZ4. Before each line but the first stands how many
//! milliseconds it is older than the first, whose moment is in the key. An entry that begins as JSON does was
//! written before entries were packed.

use std::borrow::Cow;

use keywheel_domain::secret::Scope;
use keywheel_domain::time::Timestamp;

use super::Call;
use crate::store::{Key, VALUE_BYTES_MAX};

/// Milliseconds between the first and the last call of an entry at most: so much earlier than asked for a reader
/// has to begin.
pub(super) const SPAN_MS: i64 = 1000;
/// Bytes at which an entry takes no further call.
const BYTES_FULL: usize = 24 * 1024;
/// Greater than any time in a key: the difference makes later calls come first.
const LAST_MS: i64 = 999_999_999_999_999;

/// What packed entries begin with.
const PACKED: u8 = 1;

/// All entries are between these keys.
pub(super) const FIRST: &str = "call\0";
pub(super) const END: &str = "call\x01";

/// A call that waits to be written: the key that it has when it is the first of an entry, and its line.
pub(super) type Row = (Key, Vec<u8>);

/// Puts calls together, which come in any order: into entries that are full, or whose calls are far apart.
pub(super) fn gather(mut rows: Vec<Row>) -> Vec<Row> {
    rows.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
    let mut entries: Vec<Row> = Vec::new();
    for (key, line) in rows {
        let place = entries.last_mut().filter(|(_, lines)| lines.len() < BYTES_FULL);
        match place.and_then(|(first, lines)| Some((older_by(first, &key)?, lines))) {
            Some((millis, lines)) => {
                lines.push(b'\n');
                lines.extend_from_slice(millis.to_string().as_bytes());
                lines.push(b' ');
                lines.extend_from_slice(&line);
            }
            None => entries.push((key, line)),
        }
    }
    entries
}

/// The lines of an entry as they are stored.
pub(super) fn packed(lines: &[u8]) -> Vec<u8> {
    [&[PACKED], &*lz4_flex::compress_prepend_size(lines)].concat()
}

/// The lines of an entry that is stored so; `None` when it is damaged.
fn unpacked(stored: &[u8]) -> Option<Cow<'_, [u8]>> {
    let [PACKED, rest @ ..] = stored else { return Some(Cow::Borrowed(stored)) };
    let (size, block) = lz4_flex::block::uncompressed_size(rest).ok()?;
    // A damaged size asks for no more room than an entry may have.
    let lines = (size <= VALUE_BYTES_MAX).then(|| lz4_flex::decompress(block, size))?;
    lines.ok().filter(|lines| lines.len() == size).map(Cow::Owned)
}

/// By how many milliseconds a call is older than the first of an entry that it may be put into.
fn older_by(first: &Key, key: &Key) -> Option<i64> {
    let (first_prefix, first_at) = place_of(first)?;
    let (prefix, at) = place_of(key)?;
    let millis = first_at.millis() - at.millis();
    (prefix == first_prefix && (0..=SPAN_MS).contains(&millis)).then_some(millis)
}

/// The calls of an entry, the latest first; `None` for a line that cannot be read.
pub(super) fn calls(key: &Key, stored: &[u8]) -> Vec<Option<(Timestamp, Call<'static>)>> {
    let (Some((_, latest)), Some(lines)) = (place_of(key), unpacked(stored)) else { return Vec::new() };
    let call = |line: &[u8]| {
        let start = line.iter().position(|byte| *byte == b'{')?;
        let millis = match &line[..start] {
            [] => 0,
            [digits @ .., _] => std::str::from_utf8(digits).ok()?.parse().ok()?,
        };
        Some((latest.plus_millis(-millis), serde_json::from_slice(&line[start..]).ok()?))
    };
    lines.split(|byte| *byte == b'\n').map(call).collect()
}

/// Where an entry is whose first call this is.
pub(super) fn key(at: Timestamp, region: &str, call: &Call<'_>) -> Key {
    let account: &str = &call.user_identity.account_id;
    Key::new(["call", account, region, &backwards(at), call.event_id()].join("\0"))
}

/// The first key of the entries whose first call was made before this moment.
pub(super) fn first_before(scope: &Scope, moment: Timestamp) -> Key {
    let after = moment.plus_millis(-1);
    Key::new(["call", &scope.account, &scope.region, &backwards(after)].join("\0"))
}

/// Behind all entries of an account and region.
pub(super) fn end_of(scope: &Scope) -> Key {
    first_before(scope, Timestamp::from_millis(0))
}

/// Whose entry this is.
pub(super) fn scope_of(key: &Key) -> Option<Scope> {
    let mut parts = std::str::from_utf8(key.as_bytes()).ok()?.split('\0').skip(1);
    Some(Scope { account: parts.next()?.to_owned(), region: parts.next()?.to_owned() })
}

/// What stands before the moment in a key, and the moment.
fn place_of(key: &Key) -> Option<(&str, Timestamp)> {
    let text = std::str::from_utf8(key.as_bytes()).ok()?;
    let mut ends = text.match_indices('\0').map(|(index, _)| index).skip(2);
    let (start, end) = (ends.next()?, ends.next()?);
    let at = Timestamp::from_millis(LAST_MS - text[start + 1..end].parse::<i64>().ok()?);
    Some((&text[..start], at))
}

/// Digits that sort the other way round.
fn backwards(at: Timestamp) -> String {
    format!("{:015}", LAST_MS - at.millis().clamp(0, LAST_MS))
}

#[cfg(test)]
mod tests {
    use super::super::Identity;
    use super::*;

    fn row(region: &str, millis: i64, name: &str) -> Row {
        let at = Timestamp::from_millis(1_763_899_200_000 + millis);
        let call = Call {
            user_identity: Identity {
                kind: "Root".into(),
                arn: "arn:aws:iam::123456789012:root".into(),
                account_id: "123456789012".into(),
                access_key_id: None,
                user_name: None,
                principal_id: None,
                session_context: None,
            },
            event_source: "secretsmanager.amazonaws.com".into(),
            event_name: "GetSecretValue".into(),
            source_ip_address: String::new(),
            user_agent: "two\nlines {".into(),
            error_code: None,
            error_message: None,
            request_parameters: None,
            request_id: name.into(),
        };
        (key(at, region, &call), call.to_bytes())
    }

    /// Of each entry its region, and of its calls the milliseconds and the name.
    #[track_caller]
    fn check(rows: Vec<Row>, expected: &[(&str, &[(i64, &str)])]) {
        let entries = gather(rows);
        let mut found = Vec::new();
        for (key, lines) in &entries {
            let told = calls(key, &packed(lines)).into_iter().map(|call| {
                let (at, call) = call.unwrap();
                (at.millis() - 1_763_899_200_000, call.request_id.into_owned())
            });
            found.push((scope_of(key).unwrap().region, told.collect::<Vec<_>>()));
        }
        let text = |(region, calls): &(&str, &[(i64, &str)])| {
            let calls = calls.iter().map(|(millis, name)| (*millis, (*name).to_owned())).collect();
            ((*region).to_owned(), calls)
        };
        assert_eq!(found, expected.iter().map(text).collect::<Vec<(String, Vec<(i64, String)>)>>());
    }

    #[test]
    fn calls_of_about_one_time_and_of_one_region_are_one_entry() {
        let near = SPAN_MS;
        check(vec![], &[]);
        check(
            vec![
                row("a", 0, "1"),
                row("b", 0, "2"),
                row("a", near, "3"),
                row("a", 7, "4"),
                row("b", near + 1, "5"),
            ],
            &[("a", &[(near, "3"), (7, "4"), (0, "1")]), ("b", &[(near + 1, "5")]), ("b", &[(0, "2")])],
        );
        // A name that begins like another one.
        check(vec![row("a", 0, "1"), row("aa", 0, "2")], &[("a", &[(0, "1")]), ("aa", &[(0, "2")])]);
    }

    #[test]
    fn an_entry_takes_no_more_calls_than_fit() {
        let rows: Vec<Row> = (0..500).map(|number| row("a", number, &number.to_string())).collect();
        let bytes = rows[0].1.len();
        let entries = gather(rows);
        assert!((2..500).contains(&entries.len()));
        assert!(entries.iter().all(|(_, lines)| lines.len() < BYTES_FULL + 2 * bytes));
        assert_eq!(entries.iter().flat_map(|(key, lines)| calls(key, lines)).flatten().count(), 500);
    }

    #[test]
    fn what_cannot_be_read_is_passed_over() {
        let (key, line) = row("a", 0, "1");
        for broken in ["", "\n", "5", "x {}", "{}", "\u{ff}"] {
            let lines = [&line, broken.as_bytes(), &line].join(&b'\n');
            assert_eq!(calls(&key, &packed(&lines)).iter().flatten().count(), 2, "{broken:?}");
        }
        assert!(calls(&Key::new("call\0a"), &packed(&line)).is_empty());
    }

    #[test]
    fn entries_of_many_calls_are_small_and_damaged_ones_hold_none() {
        let rows: Vec<Row> = (0..50).map(|number| row("a", number, &number.to_string())).collect();
        let (key, lines) = gather(rows).remove(0);
        let stored = packed(&lines);
        assert!(stored.len() * 5 < lines.len(), "{} of {} bytes", stored.len(), lines.len());
        // One that was written before entries were packed.
        assert_eq!(calls(&key, &lines), calls(&key, &stored));
        for end in 0..stored.len() {
            assert_eq!(calls(&key, &stored[..end]).iter().flatten().count(), 0);
        }
        let huge = [&[PACKED], &u32::MAX.to_le_bytes()[..], &stored[5..]].concat();
        assert!(calls(&key, &huge).is_empty());
    }
}
