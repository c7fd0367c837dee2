//! The server that a secret's value names: what its function may reach, and what its rotations wait for.

use serde_json::Value;

/// A host and a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// A name or an address.
    pub host: String,
    /// From the value, or the engine's usual one.
    pub port: u16,
}

impl Target {
    /// The target that a secret's JSON names in `host`, `port` and `engine`; the port may be text.
    pub fn of(json: &str) -> Option<Self> {
        let value: Value = serde_json::from_str(json).ok()?;
        let host = value.get("host")?.as_str()?.to_owned();
        let port = match value.get("port") {
            Some(Value::Number(port)) => u16::try_from(port.as_u64()?).ok()?,
            Some(Value::String(port)) => port.parse().ok()?,
            _ => match value.get("engine")?.as_str()? {
                "postgres" => 5432,
                "mysql" | "mariadb" => 3306,
                _ => return None,
            },
        };
        Some(Self { host, port })
    }
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_target_is_what_the_secret_names() {
        let check = |json: &str, expected: Option<&str>| {
            assert_eq!(Target::of(json).map(|target| target.to_string()).as_deref(), expected, "{json}");
        };
        check(r#"{"engine":"postgres","host":"db","port":5433}"#, Some("db:5433"));
        check(r#"{"engine":"postgres","host":"db","port":"5433"}"#, Some("db:5433"));
        check(r#"{"engine":"postgres","host":"db"}"#, Some("db:5432"));
        check(r#"{"engine":"mariadb","host":"db"}"#, Some("db:3306"));
        check(r#"{"engine":"else","host":"db"}"#, None);
        check(r#"{"engine":"postgres","host":"db","port":70000}"#, None);
        check("not json", None);
        check("[]", None);
    }
}
