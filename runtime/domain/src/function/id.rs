//! Names, ARNs and qualifiers of functions, in all the spellings that Lambda takes.

use std::fmt;

use crate::secret::Scope;

/// Characters of a function's name.
pub const NAME_CHARS_MAX: usize = 64;
/// Characters of a qualifier: the name of an alias, or a number.
pub const QUALIFIER_CHARS_MAX: usize = 128;
/// What names the version that changes.
pub const LATEST: &str = "$LATEST";

const ARN_PREFIX: &str = "arn:aws:lambda:";
const ACCOUNT_DIGITS: usize = 12;

/// Which version of a function is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Qualifier {
    /// The one that changes.
    Latest,
    /// A published one.
    Version(u64),
    /// The one that an alias names.
    Alias(String),
}

impl Qualifier {
    /// Reads a qualifier; `None` when it cannot be one.
    pub fn parse(text: &str) -> Option<Self> {
        if text == LATEST {
            return Some(Self::Latest);
        }
        if !is_made_of_name_characters(text, QUALIFIER_CHARS_MAX) {
            return None;
        }
        if text.bytes().all(|byte| byte.is_ascii_digit()) {
            return text.parse().ok().map(Self::Version);
        }
        Some(Self::Alias(text.to_owned()))
    }
}

/// As in an ARN.
impl fmt::Display for Qualifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Latest => f.write_str(LATEST),
            Self::Version(number) => write!(f, "{number}"),
            Self::Alias(name) => f.write_str(name),
        }
    }
}

/// Why a text names no function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FunctionIdError {
    /// It is no name and no ARN.
    #[error(
        "a function is named by its name, name:qualifier, or ARN; a name has 1 to {NAME_CHARS_MAX} letters, digits, `-` and `_`"
    )]
    Malformed,
    /// The ARN points elsewhere.
    #[error("the function is in another account or region than this request")]
    Elsewhere,
    /// The name holds one qualifier and the request another.
    #[error("The derived qualifier from the function name does not match the specified qualifier.")]
    TwoQualifiers,
}

/// A function that somebody names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionId {
    /// Its name.
    pub name: String,
    /// Which version; the latest where none is named.
    pub qualifier: Option<Qualifier>,
}

impl FunctionId {
    /// Reads `name`, `name:qualifier`, `ACCOUNT:function:name` or an ARN, for a caller in `scope`.
    pub fn parse(text: &str, scope: &Scope) -> Result<Self, FunctionIdError> {
        let mut parts: &[&str] = &text.split(':').collect::<Vec<_>>();
        let is_arn = text.starts_with(ARN_PREFIX);
        if is_arn {
            parts = &parts[3..];
        }
        // What could be a part in front is one as long as a name can still follow.
        if let [region, rest @ ..] = parts
            && !rest.is_empty()
            && (is_arn || is_region(region))
        {
            if *region != scope.region {
                return Err(FunctionIdError::Elsewhere);
            }
            parts = rest;
        }
        if let [account, rest @ ..] = parts
            && !rest.is_empty()
            && (is_arn || is_account(account))
        {
            if *account != scope.account {
                return Err(FunctionIdError::Elsewhere);
            }
            parts = rest;
        }
        match parts {
            ["function", rest @ ..] if !rest.is_empty() => parts = rest,
            _ if is_arn => return Err(FunctionIdError::Malformed),
            _ => {}
        }
        let (name, qualifier) = match parts {
            [name] => (name, None),
            [name, qualifier] => (name, Some(Qualifier::parse(qualifier).ok_or(FunctionIdError::Malformed)?)),
            _ => return Err(FunctionIdError::Malformed),
        };
        if !is_name(name) {
            return Err(FunctionIdError::Malformed);
        }
        Ok(Self { name: (*name).to_owned(), qualifier })
    }

    /// The same, for a request that may hold a qualifier of its own.
    pub fn qualified(self, given: Option<&str>) -> Result<Self, FunctionIdError> {
        let Some(given) = given else { return Ok(self) };
        let given = Qualifier::parse(given).ok_or(FunctionIdError::Malformed)?;
        match self.qualifier {
            Some(ref own) if *own != given => Err(FunctionIdError::TwoQualifiers),
            _ => Ok(Self { qualifier: Some(given), ..self }),
        }
    }

    /// A whole ARN in this scope, as a secret names its function; `None` for all else.
    pub fn of_arn(arn: &str, scope: &Scope) -> Option<Self> {
        arn.starts_with(ARN_PREFIX).then(|| Self::parse(arn, scope).ok()).flatten()
    }

    /// The ARN, with the qualifier where there is one.
    pub fn arn(&self, scope: &Scope) -> String {
        let arn = arn(scope, &self.name);
        match &self.qualifier {
            Some(qualifier) => format!("{arn}:{qualifier}"),
            None => arn,
        }
    }
}

/// The ARN of a function, without a qualifier.
pub fn arn(scope: &Scope, name: &str) -> String {
    format!("{ARN_PREFIX}{}:{}:function:{name}", scope.region, scope.account)
}

/// Whether a function can have this name.
pub fn is_name(text: &str) -> bool {
    is_made_of_name_characters(text, NAME_CHARS_MAX)
}

/// Whether an alias can have this name: one of digits only would be a version.
pub fn is_alias_name(text: &str) -> bool {
    matches!(Qualifier::parse(text), Some(Qualifier::Alias(_)))
}

fn is_made_of_name_characters(text: &str, chars_max: usize) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    (1..=chars_max).contains(&text.len()) && text.bytes().all(fits)
}

fn is_account(text: &str) -> bool {
    text.len() == ACCOUNT_DIGITS && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// `us-east-1`, `us-gov-west-1`: letters, at least one word more, one digit.
fn is_region(text: &str) -> bool {
    let mut parts: Vec<&str> = text.split('-').collect();
    let is_digit = parts.pop().is_some_and(|last| last.len() == 1 && last.as_bytes()[0].is_ascii_digit());
    let is_word = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase());
    is_digit && parts.len() >= 2 && parts[0].len() == 2 && parts.iter().all(is_word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope() -> Scope {
        Scope { account: "123456789012".into(), region: "us-east-1".into() }
    }

    fn check(text: &str, expected: Result<&str, FunctionIdError>) {
        let parsed = FunctionId::parse(text, &scope());
        let told = parsed.map(|id| id.arn(&scope()).replace("arn:aws:lambda:us-east-1:123456789012:", ""));
        assert_eq!(told.as_deref().map_err(|error| *error), expected, "{text:?}");
    }

    #[test]
    fn every_spelling_names_the_same_function() {
        for prefix in [
            "",
            "function:",
            "123456789012:",
            "123456789012:function:",
            "us-east-1:123456789012:function:",
            "arn:aws:lambda:us-east-1:123456789012:function:",
        ] {
            check(&format!("{prefix}rotate_Db-1"), Ok("function:rotate_Db-1"));
            for qualifier in ["$LATEST", "7", "live", "2024-11_x"] {
                let expected = format!("function:f:{qualifier}");
                check(&format!("{prefix}f:{qualifier}"), Ok(&expected));
            }
        }
    }

    #[test]
    fn what_looks_like_a_part_in_front_may_be_a_name() {
        check("us-east-1", Ok("function:us-east-1"));
        check("123456789012", Ok("function:123456789012"));
        check("function", Ok("function:function"));
        check("function:function", Ok("function:function"));
    }

    #[test]
    fn other_accounts_and_regions_are_elsewhere() {
        for text in [
            "arn:aws:lambda:eu-west-1:123456789012:function:f",
            "arn:aws:lambda:us-east-1:210987654321:function:f",
            "210987654321:function:f",
            "eu-west-1:f",
        ] {
            check(text, Err(FunctionIdError::Elsewhere));
        }
    }

    #[test]
    fn what_is_no_name_is_refused() {
        let long = "n".repeat(65);
        for text in [
            "",
            ":",
            "f:",
            ":f",
            "f:a:b",
            "f g",
            "f.g",
            "f/g",
            "ä",
            "f\0",
            "f:$OTHER",
            "f:a.b",
            &long,
            "arn:aws:lambda:us-east-1:123456789012:function",
            "arn:aws:lambda:us-east-1:123456789012:layer:f",
            "arn:aws:lambda:us-east-1:f",
            "arn:aws:s3:::bucket",
            "arn:aws:lambda:",
            "f:99999999999999999999999",
        ] {
            check(text, Err(FunctionIdError::Malformed));
        }
        check(&"n".repeat(64), Ok(&format!("function:{}", "n".repeat(64))));
    }

    #[test]
    fn a_qualifier_may_stand_in_the_name_or_beside_it() {
        let check = |name: &str, given: Option<&str>, expected: Result<&str, FunctionIdError>| {
            let id = FunctionId::parse(name, &scope()).unwrap().qualified(given);
            let told = id.map(|id| id.qualifier.map(|own| own.to_string()).unwrap_or_default());
            assert_eq!(told.as_deref().map_err(|error| *error), expected, "{name} {given:?}");
        };
        check("f", None, Ok(""));
        check("f:1", None, Ok("1"));
        check("f", Some("live"), Ok("live"));
        check("f:1", Some("1"), Ok("1"));
        check("f:1", Some("2"), Err(FunctionIdError::TwoQualifiers));
        check("f", Some("a b"), Err(FunctionIdError::Malformed));
    }

    #[test]
    fn a_secret_names_its_function_by_a_whole_arn() {
        let name = |arn: &str| FunctionId::of_arn(arn, &scope()).map(|id| id.name);
        assert_eq!(name("arn:aws:lambda:us-east-1:123456789012:function:f:live").as_deref(), Some("f"));
        for arn in ["f", "123456789012:function:f", "arn:aws:lambda:eu-west-1:123456789012:function:f", ""] {
            assert_eq!(name(arn), None, "{arn}");
        }
    }

    #[test]
    fn an_alias_is_not_a_number() {
        for (name, expected) in [("live", true), ("v1", true), ("1", false), ("$LATEST", false), ("", false)]
        {
            assert_eq!(is_alias_name(name), expected, "{name}");
        }
    }
}
