//! What becomes of a slot that is due.

use std::fmt;

use super::is_black;
use crate::secret::{Secret, Slot};
use crate::time::{HOUR_MS, MINUTE_MS, Timestamp};

/// How long a slot waits at least for a job that ends by itself.
const JOB_LOOK_AGAIN_MS: i64 = 5 * MINUTE_MS;

/// A secret that this one is kept apart from, as it stands now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partner {
    /// Its full ARN.
    pub secret_arn: String,
    /// How far they are kept apart.
    pub hours: u32,
    /// The end of its last rotation.
    pub rotated: Option<Timestamp>,
    /// A rotation of it has begun and not ended.
    pub is_rotating: bool,
}

/// What stands in the way of a start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hindrance {
    /// A blackout goes on.
    Blackout,
    /// A job of the secret itself runs, which will not change its value and ends by itself.
    Job,
    /// A partner's rotation has not ended.
    PartnerRotates(String),
    /// A partner rotated not long enough ago.
    PartnerRotated(String, Timestamp),
}

impl fmt::Display for Hindrance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Blackout => f.write_str("a blackout goes on"),
            Self::Job => f.write_str("another job of the secret runs"),
            Self::PartnerRotates(arn) => write!(f, "the rotation of `{arn}` has not ended"),
            Self::PartnerRotated(arn, at) => write!(f, "`{arn}` rotated at {at}"),
        }
    }
}

/// See the module's documentation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It runs.
    Start,
    /// It runs then or later.
    PutOff {
        /// Not before.
        until: Timestamp,
        /// Why.
        why: Hindrance,
    },
    /// Its window has passed, and the policy does not catch up.
    Skip,
}

/// Decides on a slot that is due. `job_looks_again`: when a job of the secret that is no rotation may have
/// ended. `resumes`: a rotation that has begun goes on, which its partners do not hold up.
pub fn decide(
    secret: &Secret,
    slot: Slot,
    job_looks_again: Option<Timestamp>,
    resumes: bool,
    partners: &[Partner],
    now: Timestamp,
) -> Decision {
    let policy = secret.policy.as_ref();
    if slot.closes <= now && policy.is_some_and(|policy| !policy.catch_up) {
        return Decision::Skip;
    }
    if let Some(until) = policy.and_then(|policy| is_black(policy, now)) {
        return Decision::PutOff { until, why: Hindrance::Blackout };
    }
    if let Some(at) = job_looks_again {
        let until = at.max(now.plus_millis(JOB_LOOK_AGAIN_MS));
        return Decision::PutOff { until, why: Hindrance::Job };
    }
    let hindrances = partners.iter().filter(|_| !resumes).filter_map(|partner| hindrance(partner, now));
    match hindrances.max_by_key(|(until, _)| *until) {
        Some((until, why)) => Decision::PutOff { until, why },
        None => Decision::Start,
    }
}

/// A rotation that is dated further ahead than the distance says that the clock was wrong, not that the
/// partner rotated just now.
fn hindrance(partner: &Partner, now: Timestamp) -> Option<(Timestamp, Hindrance)> {
    let apart_ms = i64::from(partner.hours) * HOUR_MS;
    if partner.is_rotating {
        let why = Hindrance::PartnerRotates(partner.secret_arn.clone());
        return Some((now.plus_millis(apart_ms), why));
    }
    let rotated = partner.rotated.filter(|at| now.millis_since(*at).abs() < apart_ms)?;
    let why = Hindrance::PartnerRotated(partner.secret_arn.clone(), rotated);
    Some((rotated.plus_millis(apart_ms), why))
}
