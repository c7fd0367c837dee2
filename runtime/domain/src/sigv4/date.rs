//! The two spellings of a request's time.

use std::borrow::Cow;

use chrono::{DateTime, NaiveDate, Utc};

use super::{IncompleteSignatureError, Request};
use crate::time::Timestamp;

/// When the request says it was signed.
pub(super) struct RequestDate<'a> {
    /// As it enters the string to sign: `YYYYMMDDTHHMMSSZ`.
    pub(super) basic: Cow<'a, str>,
    pub(super) at: Timestamp,
    /// The header that carried it, which must be signed.
    pub(super) header: &'static str,
}

impl<'a> RequestDate<'a> {
    /// `X-Amz-Date`, or else `Date`; `None` when there is neither.
    pub(super) fn of(request: Request<'a>) -> Result<Option<Self>, IncompleteSignatureError> {
        if let Some(text) = request.single("x-amz-date")? {
            let at = parse_basic(text).ok_or(IncompleteSignatureError::DateForm)?;
            return Ok(Some(Self { basic: Cow::Borrowed(text), at, header: "x-amz-date" }));
        }
        let Some(text) = request.single("date")? else {
            return Ok(None);
        };
        let at = parse_basic(text)
            .or_else(|| {
                let date = DateTime::parse_from_rfc2822(text).ok()?;
                Some(Timestamp::from_millis(date.timestamp_millis()))
            })
            .ok_or(IncompleteSignatureError::DateForm)?;
        Ok(Some(Self { basic: Cow::Owned(basic(at)), at, header: "date" }))
    }
}

/// `YYYYMMDDTHHMMSSZ`, to the second.
pub(super) fn basic(at: Timestamp) -> String {
    // Beyond the calendar only a broken clock remains, and its signatures are refused anyway.
    at.to_utc().unwrap_or(DateTime::<Utc>::MIN_UTC).format("%Y%m%dT%H%M%SZ").to_string()
}

fn parse_basic(text: &str) -> Option<Timestamp> {
    let bytes: &[u8; 16] = text.as_bytes().try_into().ok()?;
    if bytes[8] != b'T' || bytes[15] != b'Z' {
        return None;
    }
    let number = |from: usize, to: usize| {
        bytes[from..to]
            .iter()
            .try_fold(0_u32, |sum, byte| byte.is_ascii_digit().then(|| sum * 10 + u32::from(byte - b'0')))
    };
    let day = NaiveDate::from_ymd_opt(i32::try_from(number(0, 4)?).ok()?, number(4, 6)?, number(6, 8)?)?;
    let moment = day.and_hms_opt(number(9, 11)?, number(11, 13)?, number(13, 15)?)?;
    Some(Timestamp::from_millis(moment.and_utc().timestamp_millis()))
}
