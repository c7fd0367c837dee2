//! What a condition compares with, read once when the document is.

use std::borrow::Cow;
use std::net::IpAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, NaiveDate, NaiveDateTime};

use super::pattern::{Arn, ArnPattern, Match, Pattern, Reading};
use super::request::Context;

/// The five ways to order two numbers or dates; "not equal" is equality, negated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Order {
    fn holds<T: PartialOrd>(self, found: &T, wanted: &T) -> bool {
        match self {
            Self::Equal => found == wanted,
            Self::Less => found < wanted,
            Self::LessOrEqual => found <= wanted,
            Self::Greater => found > wanted,
            Self::GreaterOrEqual => found >= wanted,
        }
    }
}

/// A block of addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Network {
    address: IpAddr,
    prefix_bits: u32,
}

impl Network {
    fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let most = if address.is_ipv4() { u32::BITS } else { u128::BITS };
        let prefix_bits = match prefix {
            None => most,
            Some(prefix) if prefix.bytes().all(|byte| byte.is_ascii_digit()) => prefix.parse().ok()?,
            Some(_) => return None,
        };
        (prefix_bits <= most).then_some(Self { address, prefix_bits })
    }

    fn contains(self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                let differing = network.to_bits() ^ address.to_bits();
                differing.checked_shr(u32::BITS - self.prefix_bits).unwrap_or(0) == 0
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                let differing = network.to_bits() ^ address.to_bits();
                differing.checked_shr(u128::BITS - self.prefix_bits).unwrap_or(0) == 0
            }
            _ => false,
        }
    }

    /// Whether it is every address there is.
    pub(super) const fn is_everywhere(self) -> bool {
        self.prefix_bits == 0
    }
}

/// The values of one condition.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Operand {
    Texts {
        wanted: Vec<Pattern>,
        fold: bool,
    },
    Arns(Vec<ArnPattern>),
    Numbers(Order, Vec<f64>),
    /// Milliseconds since the epoch.
    Dates(Order, Vec<i64>),
    Bools(Vec<bool>),
    Bytes(Vec<Vec<u8>>),
    Networks(Vec<Network>),
    /// Whether the key is to be missing.
    Null(Vec<bool>),
}

impl Operand {
    /// Reads the values for an operator, named in small letters without `ifexists`; the flag says that the operator
    /// negates. `None`: no such operator; `Some((None, _))`: a value it cannot compare.
    pub(super) fn parse(name: &str, texts: &[Cow<'_, str>], variables: bool) -> Option<(Option<Self>, bool)> {
        fn all<T>(texts: &[Cow<'_, str>], read: impl Fn(&str) -> Option<T>) -> Option<Vec<T>> {
            texts.iter().map(|text| read(text)).collect()
        }
        let patterns = |wildcards| all(texts, |text| Pattern::parse(text, Reading { wildcards, variables }));
        let arns = || all(texts, |text| ArnPattern::parse(text, Reading { wildcards: true, variables }));
        let strings = |wildcards, fold| patterns(wildcards).map(|wanted| Self::Texts { wanted, fold });
        let numbers = |order| all(texts, number).map(|wanted| Self::Numbers(order, wanted));
        let dates = |order| all(texts, date).map(|wanted| Self::Dates(order, wanted));
        Some(match name {
            "stringequals" => (strings(false, false), false),
            "stringnotequals" => (strings(false, false), true),
            "stringequalsignorecase" => (strings(false, true), false),
            "stringnotequalsignorecase" => (strings(false, true), true),
            "stringlike" => (strings(true, false), false),
            "stringnotlike" => (strings(true, false), true),
            "arnequals" | "arnlike" => (arns().map(Self::Arns), false),
            "arnnotequals" | "arnnotlike" => (arns().map(Self::Arns), true),
            "numericequals" => (numbers(Order::Equal), false),
            "numericnotequals" => (numbers(Order::Equal), true),
            "numericlessthan" => (numbers(Order::Less), false),
            "numericlessthanequals" => (numbers(Order::LessOrEqual), false),
            "numericgreaterthan" => (numbers(Order::Greater), false),
            "numericgreaterthanequals" => (numbers(Order::GreaterOrEqual), false),
            "dateequals" => (dates(Order::Equal), false),
            "datenotequals" => (dates(Order::Equal), true),
            "datelessthan" => (dates(Order::Less), false),
            "datelessthanequals" => (dates(Order::LessOrEqual), false),
            "dategreaterthan" => (dates(Order::Greater), false),
            "dategreaterthanequals" => (dates(Order::GreaterOrEqual), false),
            "bool" => (all(texts, boolean).map(Self::Bools), false),
            "binaryequals" => (all(texts, |text| STANDARD.decode(text).ok()).map(Self::Bytes), false),
            "ipaddress" => (all(texts, Network::parse).map(Self::Networks), false),
            "notipaddress" => (all(texts, Network::parse).map(Self::Networks), true),
            "null" => (all(texts, boolean).map(Self::Null), false),
            _ => return None,
        })
    }

    /// Whether a value of the request is what one of these asks for.
    pub(super) fn is_among(&self, value: &str, context: &dyn Context) -> bool {
        match self {
            Self::Texts { wanted, fold } => {
                wanted.iter().any(|pattern| pattern.matches(value, *fold, context) == Match::Yes)
            }
            Self::Arns(wanted) => {
                let arn = Arn::of(value);
                wanted.iter().any(|pattern| pattern.matches(&arn, context) == Match::Yes)
            }
            Self::Numbers(order, wanted) => {
                number(value).is_some_and(|found| wanted.iter().any(|wanted| order.holds(&found, wanted)))
            }
            Self::Dates(order, wanted) => {
                date(value).is_some_and(|found| wanted.iter().any(|wanted| order.holds(&found, wanted)))
            }
            Self::Bools(wanted) => boolean(value).is_some_and(|found| wanted.contains(&found)),
            Self::Bytes(wanted) => STANDARD.decode(value).is_ok_and(|found| wanted.contains(&found)),
            Self::Networks(wanted) => value
                .parse::<IpAddr>()
                .is_ok_and(|address| wanted.iter().any(|network| network.contains(address))),
            // Asked about the key, never about a value.
            Self::Null(_) => false,
        }
    }
}

fn number(text: &str) -> Option<f64> {
    text.trim().parse().ok().filter(|number: &f64| number.is_finite())
}

fn boolean(text: &str) -> Option<bool> {
    match text {
        _ if text.eq_ignore_ascii_case("true") => Some(true),
        _ if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

/// ISO 8601 to the day, the minute or finer, or seconds since the epoch; in milliseconds.
fn date(text: &str) -> Option<i64> {
    if let Ok(seconds) = text.parse::<i64>() {
        return seconds.checked_mul(1_000);
    }
    if let Ok(moment) = DateTime::parse_from_rfc3339(text) {
        return Some(moment.timestamp_millis());
    }
    let minute = NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%MZ").ok();
    let day = || NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?.and_hms_opt(0, 0, 0);
    Some(minute.or_else(day)?.and_utc().timestamp_millis())
}
