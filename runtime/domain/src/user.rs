//! Users of an account: people with an access key of their own.

/// The longest name, in characters.
pub const NAME_CHARS_MAX: usize = 64;
/// What a name is made of, as IAM says it.
pub const NAME_PATTERN: &str = "[A-Za-z0-9+=,.@_-]+";

/// Whether a user can have this name.
pub fn is_name(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"+=,.@_-".contains(&byte);
    (1..=NAME_CHARS_MAX).contains(&text.len()) && text.bytes().all(fits)
}

/// The ARN of a user.
pub fn arn(account: &str, name: &str) -> String {
    format!("arn:aws:iam::{account}:user/{name}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_as_iam_has_them() {
        let check = |name: &str, expected: bool| assert_eq!(is_name(name), expected, "{name:?}");
        check("ann", true);
        check("Ann.Lee+on=call,2@example_org-1", true);
        check(&"a".repeat(64), true);
        check(&"a".repeat(65), false);
        for name in ["", " ", "ann lee", "ann/lee", "ann:lee", "ann*", "änn", "ann\0", "ann\n"] {
            check(name, false);
        }
    }
}
