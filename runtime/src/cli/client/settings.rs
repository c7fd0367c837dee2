//! Where the server is and who signs: from the arguments and the environment, in the words of the AWS SDKs.
//!
//! Pure: the environment is an argument. A secret comes from the environment only.

use std::fmt;
use std::path::PathBuf;

use keywheel_domain::sensitive::Sensitive;
use keywheel_domain::sigv4::SCOPE_ELEMENT_BYTES_MAX;

use crate::config::Environment;

/// Where a server listens that was told nothing else.
const ENDPOINT_DEFAULT: &str = "http://127.0.0.1:4584";
/// The variables that name the server, the first one first.
const ENDPOINT_VARIABLES: [&str; 2] = ["AWS_ENDPOINT_URL_SECRETS_MANAGER", "AWS_ENDPOINT_URL"];
const REGION_VARIABLES: [&str; 2] = ["AWS_REGION", "AWS_DEFAULT_REGION"];
const REGION_DEFAULT: &str = "us-east-1";
/// The file of authorities to trust beside the system's.
pub(super) const CA_VARIABLE: &str = "AWS_CA_BUNDLE";
/// Of an address that names none, without and with TLS.
const PORTS_DEFAULT: [u16; 2] = [80, 443];
/// Characters of an address that a refusal repeats.
const CHARS_SHOWN: usize = 80;

/// Why the arguments and the environment name no server or nobody who signs.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(in crate::cli) enum SettingsError {
    /// No address of a server.
    #[error(
        "the endpoint takes the form https://keywheel.example:4584 or http://127.0.0.1:4584, not `{given}`"
    )]
    Endpoint {
        /// What was given, shortened.
        given: String,
    },
    /// What was given may be a password.
    #[error("the endpoint takes no user and no password: access keys are read from the environment")]
    Userinfo,
    /// Nobody signs.
    #[error(
        "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY: `keywheel serve` shows the first key when it is first \
         started, and `keywheel approver create` makes others"
    )]
    NoAccessKey,
    /// It cannot be in a header.
    #[error("AWS_ACCESS_KEY_ID takes 1 to {SCOPE_ELEMENT_BYTES_MAX} letters, digits and `_`")]
    AccessKeyId,
    /// It cannot be in a header.
    #[error("AWS_SESSION_TOKEN takes visible ASCII characters")]
    SessionToken,
    /// No region has such a name.
    #[error("AWS_REGION and AWS_DEFAULT_REGION take a name such as us-east-1")]
    Region,
}

/// The address of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) struct Endpoint {
    /// Whether TLS is spoken there.
    pub(super) is_secure: bool,
    /// A name or an IP address, without brackets.
    pub(super) host: String,
    pub(super) port: u16,
}

impl Endpoint {
    fn parse(given: &str) -> Result<Self, SettingsError> {
        let wrong = || SettingsError::Endpoint { given: given.chars().take(CHARS_SHOWN).collect() };
        if given.contains('@') {
            return Err(SettingsError::Userinfo);
        }
        let (scheme, rest) = given.split_once("://").ok_or_else(wrong)?;
        let is_secure = match scheme.to_ascii_lowercase().as_str() {
            "https" => true,
            "http" => false,
            _ => return Err(wrong()),
        };
        let authority = rest.strip_suffix('/').unwrap_or(rest);
        let (host, port) = split(authority).ok_or_else(wrong)?;
        let port = port.map_or(Some(PORTS_DEFAULT[usize::from(is_secure)]), |port| {
            port.parse().ok().filter(|port| *port > 0)
        });
        let port = port.ok_or_else(wrong)?;
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte);
        if host.is_empty() || !host.bytes().all(allowed) {
            return Err(wrong());
        }
        Ok(Self { is_secure, host: host.to_owned(), port })
    }

    /// As the `host` header says it.
    pub(super) fn authority(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }
}

/// The host without brackets, and the port if there is one.
fn split(authority: &str) -> Option<(&str, Option<&str>)> {
    match authority.strip_prefix('[') {
        None => Some(authority.split_once(':').map_or((authority, None), |(host, port)| (host, Some(port)))),
        Some(bracketed) => match bracketed.split_once(']')? {
            (host, "") => Some((host, None)),
            (host, port) => Some((host, Some(port.strip_prefix(':')?))),
        },
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", if self.is_secure { "https" } else { "http" }, self.authority())
    }
}

/// All that a client is told.
#[derive(Clone, Debug)]
pub(in crate::cli) struct Settings {
    /// The server.
    pub(in crate::cli) endpoint: Endpoint,
    /// Authorities in PEM that the server may be vouched for by, beside the system's.
    pub(super) ca_file: Option<PathBuf>,
    /// Where secrets are looked for.
    pub(in crate::cli) region: String,
    pub(super) access_key_id: String,
    pub(super) secret_access_key: Sensitive<String>,
    pub(super) session_token: Option<Sensitive<String>>,
}

impl Settings {
    /// Reads and checks everything. A variable that is empty counts as not set.
    pub(in crate::cli) fn read(
        endpoint: Option<&str>,
        environment: Environment<'_>,
    ) -> Result<Self, SettingsError> {
        let variable = |name: &str| environment(name).filter(|value| !value.is_empty());
        let first = |names: &[&str]| names.iter().find_map(|name| variable(name));
        let endpoint = endpoint.map(str::to_owned).or_else(|| first(&ENDPOINT_VARIABLES));
        let endpoint = Endpoint::parse(endpoint.as_deref().unwrap_or(ENDPOINT_DEFAULT))?;

        let region = first(&REGION_VARIABLES).unwrap_or_else(|| REGION_DEFAULT.to_owned());
        let in_region = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if region.len() > SCOPE_ELEMENT_BYTES_MAX || !region.bytes().all(in_region) {
            return Err(SettingsError::Region);
        }

        let secret_access_key = variable("AWS_SECRET_ACCESS_KEY").map(Sensitive::new);
        let session_token = variable("AWS_SESSION_TOKEN").map(Sensitive::new);
        let (Some(access_key_id), Some(secret_access_key)) =
            (variable("AWS_ACCESS_KEY_ID"), secret_access_key)
        else {
            return Err(SettingsError::NoAccessKey);
        };
        let in_id = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        if access_key_id.len() > SCOPE_ELEMENT_BYTES_MAX || !access_key_id.bytes().all(in_id) {
            return Err(SettingsError::AccessKeyId);
        }
        let is_visible =
            |token: &Sensitive<String>| token.expose().bytes().all(|byte| byte.is_ascii_graphic());
        if !session_token.as_ref().is_none_or(is_visible) {
            return Err(SettingsError::SessionToken);
        }
        let ca_file = variable(CA_VARIABLE).map(PathBuf::from);
        Ok(Self { endpoint, ca_file, region, access_key_id, secret_access_key, session_token })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: [(&str, &str); 2] = [("AWS_ACCESS_KEY_ID", "AKIA"), ("AWS_SECRET_ACCESS_KEY", "hunter2")];

    /// The server and the region, or what is wrong.
    fn read(argument: Option<&str>, variables: &[(&str, &str)]) -> Result<String, SettingsError> {
        let find = |name: &str| variables.iter().rev().find(|(known, _)| *known == name);
        let environment = |name: &str| find(name).map(|(_, value)| (*value).to_owned());
        let settings = Settings::read(argument, &environment)?;
        assert!(!format!("{settings:?}").contains("hunter2"));
        Ok(format!("{} {}", settings.endpoint, settings.region))
    }

    #[test]
    fn the_nearest_setting_wins() {
        let check = |argument: Option<&str>, variables: &[(&str, &str)], expected: &str| {
            let variables = [&KEY, variables].concat();
            assert_eq!(read(argument, &variables).as_deref(), Ok(expected), "{argument:?} {variables:?}");
        };
        let (own, all) = ("AWS_ENDPOINT_URL_SECRETS_MANAGER", "AWS_ENDPOINT_URL");
        check(None, &[], "http://127.0.0.1:4584 us-east-1");
        check(None, &[(all, "http://a:1")], "http://a:1 us-east-1");
        check(None, &[(all, "http://a:1"), (own, "http://b:2")], "http://b:2 us-east-1");
        check(None, &[(all, "http://a:1"), (own, "")], "http://a:1 us-east-1");
        check(Some("http://c:3/"), &[(own, "http://b:2")], "http://c:3 us-east-1");
        check(None, &[("AWS_DEFAULT_REGION", "eu-west-1")], "http://127.0.0.1:4584 eu-west-1");
        check(
            None,
            &[("AWS_DEFAULT_REGION", "eu-west-1"), ("AWS_REGION", "eu-west-2")],
            "http://127.0.0.1:4584 eu-west-2",
        );
        check(Some("http://[::1]:4584"), &[], "http://[::1]:4584 us-east-1");
        check(Some("http://keywheel.internal"), &[], "http://keywheel.internal:80 us-east-1");
        check(Some("https://keywheel.internal"), &[], "https://keywheel.internal:443 us-east-1");
        check(Some("HTTPS://a:1"), &[], "https://a:1 us-east-1");
    }

    #[test]
    fn an_address_that_is_none_is_refused() {
        let wrong = |given: &str| Err(SettingsError::Endpoint { given: given.to_owned() });
        for given in [
            "127.0.0.1:4584",
            "http://",
            "http://:1",
            "http://a:",
            "http://a:0",
            "http://a:65536",
            "http://a:1/path",
            "http://a b:1",
            "http://::1:4584",
            "http://[::1]4584",
            "http://a;rm:1",
            "ftp://a:1",
        ] {
            assert_eq!(read(Some(given), &KEY), wrong(given));
        }
        assert_eq!(read(Some("http://user:hunter2@a:1"), &KEY), Err(SettingsError::Userinfo));
    }

    #[test]
    fn who_signs_must_be_named() {
        let check = |variables: &[(&str, &str)], expected: SettingsError| {
            assert_eq!(read(None, variables), Err(expected), "{variables:?}");
        };
        check(&[], SettingsError::NoAccessKey);
        check(&KEY[..1], SettingsError::NoAccessKey);
        check(&[KEY[1], ("AWS_ACCESS_KEY_ID", "")], SettingsError::NoAccessKey);
        check(&[KEY[1], ("AWS_ACCESS_KEY_ID", "a/b")], SettingsError::AccessKeyId);
        check(&[KEY[0], KEY[1], ("AWS_SESSION_TOKEN", "a\nb")], SettingsError::SessionToken);
        check(&[KEY[0], KEY[1], ("AWS_REGION", "US East")], SettingsError::Region);
    }
}
