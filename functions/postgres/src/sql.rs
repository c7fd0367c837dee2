//! The statements that this function sends. Pure, so that they are tested without a server.

use keywheel_sdk::sql::{EmbeddedNul, quote_identifier, quote_literal};

/// Proves that a session works, and needs no privilege.
pub(crate) const PROBE: &str = "SELECT 1";

/// Gives a role the password that a SCRAM verifier stands for. The server stores a verifier as it
/// is, whatever its `password_encryption` says.
pub(crate) fn set_password(role: &str, verifier: &str) -> Result<String, EmbeddedNul> {
    Ok(format!("ALTER ROLE {} WITH PASSWORD {}", quote_identifier(role)?, quote_literal(verifier)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_verifiers_are_quoted() {
        let check = |role: &str, expected: Option<&str>| {
            let statement = set_password(role, "SCRAM-SHA-256$4096:c2FsdA==$a:b").ok();
            assert_eq!(statement.as_deref(), expected);
        };
        check("app", Some(r#"ALTER ROLE "app" WITH PASSWORD 'SCRAM-SHA-256$4096:c2FsdA==$a:b'"#));
        check(r#"a"b"#, Some(r#"ALTER ROLE "a""b" WITH PASSWORD 'SCRAM-SHA-256$4096:c2FsdA==$a:b'"#));
        check("a\0b", None);
    }
}
