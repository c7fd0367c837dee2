//! Which rotation functions there are.

use std::collections::BTreeSet;

use keywheel_domain::api::{ApiError, ErrorCode};
use keywheel_domain::secret::Scope;

/// The names of the functions that can be called, in every region of the account.
#[derive(Clone, Debug, Default)]
pub struct Functions(BTreeSet<String>);

impl Functions {
    /// These names.
    pub fn new(names: impl IntoIterator<Item = String>) -> Self {
        Self(names.into_iter().collect())
    }

    /// Checks that a function's ARN names one of ours, in the scope of the secret that it rotates.
    pub fn check(&self, arn: &str, scope: &Scope) -> Result<(), ApiError> {
        let known = name_of(arn, scope).is_some_and(|name| self.0.contains(name));
        if known {
            return Ok(());
        }
        Err(ApiError::new(
            ErrorCode::AccessDenied,
            "Secrets Manager cannot invoke the specified Lambda function. Ensure that the function policy \
             grants access to the principal secretsmanager.amazonaws.com.",
        ))
    }
}

/// The name in `arn:aws:lambda:REGION:ACCOUNT:function:NAME`, when it is in this scope.
pub fn name_of<'a>(arn: &'a str, scope: &Scope) -> Option<&'a str> {
    let rest = arn.strip_prefix("arn:aws:lambda:")?;
    let name = rest
        .strip_prefix(scope.region.as_str())?
        .strip_prefix(':')?
        .strip_prefix(scope.account.as_str())?
        .strip_prefix(":function:")?;
    (!name.is_empty() && !name.contains(':')).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_is_known_by_name_in_the_secrets_scope() {
        let functions = Functions::new(["postgres-single-user".to_owned()]);
        let scope = Scope { account: "123456789012".into(), region: "us-east-1".into() };
        let check = |arn: &str, known: bool| assert_eq!(functions.check(arn, &scope).is_ok(), known, "{arn}");
        check("arn:aws:lambda:us-east-1:123456789012:function:postgres-single-user", true);
        check("arn:aws:lambda:us-east-1:123456789012:function:other", false);
        check("arn:aws:lambda:eu-west-1:123456789012:function:postgres-single-user", false);
        check("arn:aws:lambda:us-east-1:210987654321:function:postgres-single-user", false);
        check("postgres-single-user", false);
        check("", false);
    }
}
