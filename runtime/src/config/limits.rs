//! Bounds on what clients may take and accounts may have; some can be set.

use keywheel_domain::api::{POLICY_CHARS_MAX, VALUE_BYTES_MAX};
use keywheel_domain::secret::TAGS_MAX;
use keywheel_domain::version::{DEPRECATED_VERSIONS_KEPT, STAGES_MAX, VERSIONS_MAX};

/// Bounds on what clients may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LimitsConfig {
    /// Connections at one time; more wait in the system's queue.
    pub connections_max: usize,
    /// Bytes of a request's body.
    pub body_bytes_max: usize,
    /// Bytes of all bodies together that are being read or answered; a further one waits. A body without
    /// an announced length counts as `body_bytes_max`, one of up to 4 KiB does not count.
    pub bodies_bytes_max: usize,
    /// Requests on one connection; the last one's answer closes it.
    pub connection_requests_max: u64,
    /// Requests that are being answered at one time; a further one waits.
    pub requests_max: usize,
    /// Milliseconds that a request waits for its turn, before it is told to come back later.
    pub turn_ms_max: i64,
    /// Milliseconds to agree on TLS.
    pub handshake_ms_max: i64,
    /// Milliseconds to send the head of a request, also the longest pause between two requests.
    pub head_read_ms_max: u64,
    /// Milliseconds to send the body of a request, together with the wait for its room.
    pub body_read_ms_max: i64,
    /// Milliseconds that a client may take nothing of its answer.
    pub write_ms_max: u64,
    /// Milliseconds that running requests get to end when the server stops.
    pub drain_ms_max: i64,
}

impl Default for LimitsConfig {
    fn default() -> Self {
        Self {
            connections_max: 1024,
            body_bytes_max: 1024 * 1024,
            bodies_bytes_max: 64 * 1024 * 1024,
            connection_requests_max: 100_000,
            requests_max: 256,
            turn_ms_max: 1_000,
            handshake_ms_max: 10_000,
            head_read_ms_max: 30_000,
            body_read_ms_max: 30_000,
            write_ms_max: 30_000,
            drain_ms_max: 10_000,
        }
    }
}

/// Bounds on what accounts may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuotasConfig {
    /// Secrets of an account in one region.
    pub secrets_max: usize,
    /// Versions of a secret at one time, those of the last day included.
    pub versions_max: usize,
    /// Staging labels on all versions of a secret together.
    pub labels_max: usize,
    /// Tags of a secret.
    pub tags_max: usize,
    /// Bytes of a value.
    pub value_bytes_max: usize,
    /// Characters of a resource policy.
    pub policy_chars_max: usize,
}

impl Default for QuotasConfig {
    /// As with AWS.
    fn default() -> Self {
        Self {
            secrets_max: 500_000,
            versions_max: VERSIONS_MAX,
            labels_max: STAGES_MAX,
            tags_max: TAGS_MAX,
            value_bytes_max: VALUE_BYTES_MAX,
            policy_chars_max: POLICY_CHARS_MAX,
        }
    }
}

/// What `--limit` can set, with the least and the most that make sense. What one secret may have can only be
/// lowered: one commit writes a secret together with all of its replicas, and has room for that much. Fewer versions
/// than those that are kept without a label, and those with one, and a new one, would leave no room for a change
/// ever; fewer labels than a change of the value and a rotation need neither.
const SETTABLE: [(&str, u64, u64); 9] = [
    ("secrets", 1, u32::MAX as u64),
    ("versions", (DEPRECATED_VERSIONS_KEPT + STAGES_MAX + 1) as u64, VERSIONS_MAX as u64),
    ("labels", 3, STAGES_MAX as u64),
    ("tags", 1, TAGS_MAX as u64),
    ("value-bytes", 1, VALUE_BYTES_MAX as u64),
    ("policy-characters", 1, POLICY_CHARS_MAX as u64),
    ("connections", 1, 65_536),
    ("requests", 1, 65_536),
    ("connection-requests", 1, u64::MAX),
];

/// Why a `--limit` makes no sense.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LimitError {
    /// It has another form, or another name.
    #[error("--limit takes NAME=NUMBER, and `{given}` is none; the names are {}", SETTABLE.map(|(name, ..)| name).join(", "))]
    Unknown {
        /// As given.
        given: String,
    },
    /// It is beyond what makes sense.
    #[error("--limit {name} takes a number from {least} to {most}")]
    Bounds {
        /// Which.
        name: &'static str,
        /// The least.
        least: u64,
        /// The most.
        most: u64,
    },
}

/// The usual ones, with these set.
pub(super) fn read(set: &[String]) -> Result<(LimitsConfig, QuotasConfig), LimitError> {
    let (mut limits, mut quotas) = (LimitsConfig::default(), QuotasConfig::default());
    for given in set {
        let unknown = || LimitError::Unknown { given: given.clone() };
        let (name, number) = given.split_once('=').ok_or_else(unknown)?;
        let number: u64 = number.parse().map_err(|_| unknown())?;
        let (name, least, most) =
            SETTABLE.into_iter().find(|(known, ..)| *known == name).ok_or_else(unknown)?;
        let bounds = LimitError::Bounds { name, least, most };
        if !(least..=most).contains(&number) {
            return Err(bounds);
        }
        let count = usize::try_from(number).map_err(|_| bounds)?;
        match name {
            "secrets" => quotas.secrets_max = count,
            "versions" => quotas.versions_max = count,
            "labels" => quotas.labels_max = count,
            "tags" => quotas.tags_max = count,
            "value-bytes" => quotas.value_bytes_max = count,
            "policy-characters" => quotas.policy_chars_max = count,
            "connections" => limits.connections_max = count,
            "requests" => limits.requests_max = count,
            _ => limits.connection_requests_max = number,
        }
    }
    Ok((limits, quotas))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_set_by_their_names() {
        let read = |set: &[&str]| read(&set.iter().map(|limit| (*limit).to_owned()).collect::<Vec<_>>());
        assert_eq!(read(&[]), Ok((LimitsConfig::default(), QuotasConfig::default())));
        let limits = LimitsConfig {
            connections_max: 10,
            requests_max: 20,
            connection_requests_max: 30,
            ..LimitsConfig::default()
        };
        assert_eq!(
            read(&["connections=10", "requests=20", "connection-requests=30", "secrets=40"]),
            Ok((limits, QuotasConfig { secrets_max: 40, ..QuotasConfig::default() }))
        );
        let quotas = QuotasConfig {
            versions_max: 121,
            labels_max: 3,
            tags_max: 4,
            value_bytes_max: 5,
            policy_chars_max: 6,
            ..QuotasConfig::default()
        };
        assert_eq!(
            read(&["versions=121", "labels=3", "tags=4", "value-bytes=5", "policy-characters=6"]),
            Ok((LimitsConfig::default(), quotas))
        );
        for wrong in ["", "secrets", "secrets=", "secrets=x", "secrets=-1", "secret=1", "=1"] {
            assert_eq!(read(&[wrong]), Err(LimitError::Unknown { given: wrong.to_owned() }), "{wrong}");
        }
        for beyond in ["connections=0", "connections=65537"] {
            let told = read(&[beyond]).unwrap_err().to_string();
            assert_eq!(told, "--limit connections takes a number from 1 to 65536");
        }
        for (beyond, bounds) in [
            (["versions=120", "versions=501"], "versions takes a number from 121 to 500"),
            (["labels=2", "labels=21"], "labels takes a number from 3 to 20"),
            (["tags=0", "tags=51"], "tags takes a number from 1 to 50"),
            (["value-bytes=0", "value-bytes=65537"], "value-bytes takes a number from 1 to 65536"),
            (
                ["policy-characters=0", "policy-characters=20481"],
                "policy-characters takes a number from 1 to 20480",
            ),
        ] {
            for limit in beyond {
                assert_eq!(read(&[limit]).unwrap_err().to_string(), format!("--limit {bounds}"));
            }
        }
    }
}
