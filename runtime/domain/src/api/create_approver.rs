//! CreateApprover: a user who may look at rotations and answer for them (`Keywheel.CreateApprover`).

use serde::{Serialize, Serializer};

use super::members::Members;
use super::{ApiError, Request};
use crate::sensitive::Sensitive;
use crate::user;

/// Makes an approver with an access key.
#[derive(Clone, Debug)]
pub struct CreateApproverRequest {
    /// 1 to 64 of `A-Za-z0-9+=,.@_-`.
    pub user_name: String,
}

impl Request for CreateApproverRequest {
    const NAME: &'static str = "CreateApprover";

    fn read(members: &mut Members) -> Result<Self, ApiError> {
        Ok(Self { user_name: user_name(members)? })
    }
}

/// `UserName`, as IAM has it.
pub(super) fn user_name(members: &mut Members) -> Result<String, ApiError> {
    let name = members.required_text("UserName", 1..=user::NAME_CHARS_MAX)?;
    // What is wrong with its length has been said.
    if (1..=user::NAME_CHARS_MAX).contains(&name.chars().count()) && !user::is_name(&name) {
        members.violation("UserName", &format!("satisfy regular expression pattern: {}", user::NAME_PATTERN));
    }
    Ok(name)
}

/// The approver. The secret is in this answer and never in another one.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateApproverResponse {
    /// As asked.
    pub user_name: String,
    /// Of the user.
    pub arn: String,
    /// What the approver signs with.
    pub access_key_id: String,
    /// Its secret half.
    #[serde(serialize_with = "expose")]
    pub secret_access_key: Sensitive<String>,
}

fn expose<S: Serializer>(secret: &Sensitive<String>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.expose())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::decode;

    fn check(body: &str, expected: Result<&str, &str>) {
        let read = decode::<CreateApproverRequest>(body.as_bytes());
        let read = read.map(|request| request.user_name).map_err(|error| error.to_string());
        assert_eq!(read.as_deref().map_err(String::as_str), expected, "{body}");
    }

    #[test]
    fn a_name_is_told_what_is_wrong_with_it() {
        const AT: &str = "ValidationException: 1 validation error detected: Value at 'userName' failed to \
                          satisfy constraint: Member must ";
        let told = |constraint: &str| format!("{AT}{constraint}");
        check(r#"{"UserName":"ann"}"#, Ok("ann"));
        check("{}", Err(&told("not be null")));
        check(r#"{"UserName":""}"#, Err(&told("have length greater than or equal to 1")));
        let long = format!(r#"{{"UserName":"{}"}}"#, "a".repeat(65));
        check(&long, Err(&told("have length less than or equal to 64")));
        let pattern = told("satisfy regular expression pattern: [A-Za-z0-9+=,.@_-]+");
        for name in ["ann lee", "user/ann", "ann:*", "ånn", "a\\u0000"] {
            check(&format!(r#"{{"UserName":"{name}"}}"#), Err(&pattern));
        }
    }

    #[test]
    fn the_secret_is_in_the_answer_and_not_in_its_debug() {
        let answer = CreateApproverResponse {
            user_name: "ann".to_owned(),
            arn: user::arn("123456789012", "ann"),
            access_key_id: "AKIAANN".to_owned(),
            secret_access_key: Sensitive::new("hunter2".to_owned()),
        };
        assert!(!format!("{answer:?}").contains("hunter2"));
        assert_eq!(
            serde_json::to_string(&answer).unwrap(),
            r#"{"UserName":"ann","Arn":"arn:aws:iam::123456789012:user/ann","AccessKeyId":"AKIAANN","SecretAccessKey":"hunter2"}"#
        );
    }
}
