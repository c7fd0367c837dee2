//! The statements that this function sends. Pure, so that they are tested without a server.

use keywheel_sdk::sql::{EmbeddedNul, quote_identifier, quote_literal};

/// The bytes of a name that PostgreSQL keeps; it cuts off the rest.
pub(crate) const NAME_BYTES_MAX: usize = 63;
/// Finds a role.
pub(crate) const ROLE: &str = "SELECT 1 FROM pg_roles WHERE rolname = $1";
/// Finds that one of two roles is a member of the other. Both ways round would be a circle, which is refused.
pub(crate) const RELATED: &str = "\
    SELECT 1 FROM pg_auth_members AS link \
    JOIN pg_roles AS role ON role.oid = link.roleid \
    JOIN pg_roles AS member ON member.oid = link.member \
    WHERE (role.rolname = $1 AND member.rolname = $2) OR (role.rolname = $2 AND member.rolname = $1)";

/// Gives a role the password that a SCRAM verifier stands for. The server stores a verifier as it
/// is, whatever its `password_encryption` says.
pub(crate) fn set_password(role: &str, verifier: &str) -> Result<String, EmbeddedNul> {
    Ok(format!("ALTER ROLE {} WITH PASSWORD {}", quote_identifier(role)?, quote_literal(verifier)?))
}

/// The same, and lets the role log in.
pub(crate) fn let_log_in(role: &str, verifier: &str) -> Result<String, EmbeddedNul> {
    Ok(format!("ALTER ROLE {} WITH LOGIN PASSWORD {}", quote_identifier(role)?, quote_literal(verifier)?))
}

/// Makes a role that cannot log in yet.
pub(crate) fn create_role(role: &str) -> Result<String, EmbeddedNul> {
    Ok(format!("CREATE ROLE {} NOLOGIN", quote_identifier(role)?))
}

/// Makes a role a member of another.
pub(crate) fn grant(role: &str, member: &str) -> Result<String, EmbeddedNul> {
    Ok(format!("GRANT {} TO {}", quote_identifier(role)?, quote_identifier(member)?))
}

/// Lets a role be another one as soon as it has logged in.
pub(crate) fn become_at_login(role: &str, other: &str) -> Result<String, EmbeddedNul> {
    Ok(format!("ALTER ROLE {} SET role TO {}", quote_identifier(role)?, quote_literal(other)?))
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
