//! The real target of a test, from a URL: `postgres://user:password@host:port/database`, or `https://user@host:port`
//! for an HTTP service.

use anyhow::{Context as _, anyhow};
use hyper::Uri;
use keywheel_domain::sensitive::Sensitive;
use keywheel_domain::target::Target;
use keywheel_host::{Rule, Scheme};
use serde_json::{Map, Value};

/// Where the password is looked for that neither the URL nor the secret holds.
pub(super) const PASSWORD_VARIABLE: &str = "KEYWHEEL_TARGET_PASSWORD";
/// The form of a URL, for people.
const FORM: &str =
    "postgres://USER@HOST:PORT/DATABASE, mysql://USER@HOST:PORT/DATABASE or https://USER@HOST:PORT";

/// What a scheme stands for in a secret.
enum Kind {
    /// The `engine` of a database.
    Database(&'static str),
    /// An HTTP service by its `ssl` and the port that it has where none is named.
    Service(bool, u16),
}

impl Kind {
    fn of(scheme: Option<&str>) -> Option<Self> {
        Some(match scheme? {
            "postgres" | "postgresql" => Self::Database("postgres"),
            "mysql" => Self::Database("mysql"),
            "mariadb" => Self::Database("mariadb"),
            "https" => Self::Service(true, 443),
            "http" => Self::Service(false, 80),
            _ => return None,
        })
    }
}

/// The secret for the target that a URL names: the given one with what the URL says put in.
pub(super) fn secret(
    url: &str,
    given: Option<&Sensitive<String>>,
    password: Option<String>,
) -> anyhow::Result<Sensitive<String>> {
    let mut members = match given.map(|given| serde_json::from_str(given.expose())) {
        None => Map::new(),
        Some(Ok(Value::Object(members))) => members,
        Some(_) => return Err(anyhow!("--secret must be a JSON object when --against names the target")),
    };
    // The parser's own error may quote the URL, which may hold a password.
    let parsed: Uri = url.parse().map_err(|_| anyhow!("--against is no URL: write {FORM}"))?;
    let kind = Kind::of(parsed.scheme_str())
        .with_context(|| format!("--against names nothing that is known: write {FORM}"))?;
    let authority = parsed.authority().with_context(|| format!("--against names no host: write {FORM}"))?;
    let (login, _) = authority
        .as_str()
        .rsplit_once('@')
        .with_context(|| format!("--against names no user: write {FORM}"))?;
    let (user, in_url) = match login.split_once(':') {
        Some((user, password)) => (user, Some(decoded(password)?)),
        None => (login, None),
    };
    let host = authority.host().trim_start_matches('[').trim_end_matches(']');
    members.insert("host".to_owned(), host.into());
    members.insert("username".to_owned(), decoded(user)?.into());
    let port = authority.port_u16();
    let path = parsed.path().trim_start_matches('/');
    match kind {
        Kind::Database(engine) => {
            members.insert("engine".to_owned(), engine.into());
            if let Some(port) = port {
                members.insert("port".to_owned(), port.into());
            }
            if !path.is_empty() {
                members.insert("dbname".to_owned(), decoded(path)?.into());
            }
        }
        Kind::Service(is_encrypted, usual_port) => {
            if !path.is_empty() || parsed.query().is_some() {
                return Err(anyhow!("--against names more than an HTTP service: write {FORM}"));
            }
            members.remove("engine");
            members.insert("port".to_owned(), port.unwrap_or(usual_port).into());
            members.insert("ssl".to_owned(), is_encrypted.into());
        }
    }
    let held = members.get("password").and_then(Value::as_str).map(str::to_owned);
    let password = in_url.or(held).or(password).with_context(|| {
        format!("the target's password is missing: set {PASSWORD_VARIABLE}, or put it into the file of --secret @FILE")
    })?;
    members.insert("password".to_owned(), password.into());
    Ok(Sensitive::new(Value::Object(members).to_string()))
}

/// What a function may speak with the target: HTTP in clear text only where the URL says so.
pub(super) fn rule(url: &str, target: &Target) -> Rule {
    let is_clear = url.parse::<Uri>().is_ok_and(|parsed| parsed.scheme_str() == Some("http"));
    let scheme = if is_clear { Scheme::Http } else { Scheme::Tcp };
    Rule::with_scheme(scheme, &target.host, target.port)
}

/// A part of a URL without its percent signs.
fn decoded(text: &str) -> anyhow::Result<String> {
    let wrong =
        || anyhow!("--against holds a `%` that is followed by no two hexadecimal digits: write it as %25");
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, more)) = rest.split_first() {
        rest = more;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let (digits, more) = rest.split_at_checked(2).ok_or_else(wrong)?;
        let mut byte = [0];
        hex::decode_to_slice(digits, &mut byte).map_err(|_| wrong())?;
        bytes.extend(byte);
        rest = more;
    }
    String::from_utf8(bytes).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(url: &str, given: Option<&str>, variable: Option<&str>, expected: Result<&str, &str>) {
        let given = given.map(|given| Sensitive::new(given.to_owned()));
        let made = secret(url, given.as_ref(), variable.map(str::to_owned));
        match (made, expected) {
            (Ok(made), Ok(expected)) => {
                let parse = |text: &str| serde_json::from_str::<Value>(text).unwrap();
                assert_eq!(parse(made.expose()), parse(expected), "{url}");
            }
            (Err(error), Err(expected)) => {
                let told = format!("{error:#}");
                assert!(told.contains(expected) && !told.contains("s3cret"), "{told}");
            }
            (made, expected) => panic!("{url}: {made:?} is not {expected:?}"),
        }
    }

    #[test]
    fn a_url_is_a_secret() {
        check(
            "postgres://app:s3%40cret@127.0.0.1:6432/shop",
            None,
            None,
            Ok(
                r#"{"engine":"postgres","host":"127.0.0.1","port":6432,"username":"app","password":"s3@cret","dbname":"shop"}"#,
            ),
        );
        check(
            "mysql://app@[::1]",
            Some(r#"{"password":"x","ssl":false}"#),
            Some("y"),
            Ok(r#"{"engine":"mysql","host":"::1","username":"app","password":"x","ssl":false}"#),
        );
        check(
            "mariadb://app@db",
            None,
            Some("y"),
            Ok(r#"{"engine":"mariadb","host":"db","username":"app","password":"y"}"#),
        );
        check(
            "https://app@api.example",
            Some(r#"{"engine":"postgres","realm":"blue","ssl":false}"#),
            Some("y"),
            Ok(
                r#"{"host":"api.example","port":443,"ssl":true,"username":"app","password":"y","realm":"blue"}"#,
            ),
        );
        check(
            "http://app@127.0.0.1:8080/",
            None,
            Some("y"),
            Ok(r#"{"host":"127.0.0.1","port":8080,"ssl":false,"username":"app","password":"y"}"#),
        );
    }

    #[test]
    fn what_is_missing_is_named_and_no_password_is_shown() {
        check("postgres://app@db", None, None, Err(PASSWORD_VARIABLE));
        check("postgres://db", None, Some("x"), Err("names no user"));
        check("ftp://app:s3cret@db", None, None, Err("names nothing that is known"));
        check("https://app:s3cret@db/v1", None, None, Err("names more than an HTTP service"));
        check("postgres://app:s3cret@", None, None, Err("--against"));
        check("app:s3cret", None, None, Err("--against"));
        check("postgres://app:s3cret%4@db", None, None, Err("hexadecimal"));
        check("postgres://app@db", Some("[]"), None, Err("JSON object"));
    }
}
