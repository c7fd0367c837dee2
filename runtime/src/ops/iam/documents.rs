//! Policy documents as requests bring them: read, measured, and refused in the service's words.

use keywheel_domain::api::ApiError;
use keywheel_domain::api::iam::{IamErrorCode, iam_error};
use keywheel_domain::policy::{Document, Fault, Kind};

/// Refuses what is no document of its kind.
pub(super) fn check_document(text: &str, kind: Kind) -> Result<(), ApiError> {
    match Document::parse(text, kind) {
        Ok(_) => Ok(()),
        Err(error) => Err(iam_error(IamErrorCode::MalformedPolicyDocument, told(&error.fault))),
    }
}

/// What is wrong, as the service says it.
pub(super) fn told(fault: &Fault) -> String {
    match fault {
        Fault::Unfit { element: "Principal" } => "Policy document should not specify a principal.".to_owned(),
        Fault::Unfit { element } => format!("Has prohibited field {element}."),
        Fault::Pair { element: element @ ("Action" | "Resource") } => {
            format!("Policy statement must contain {}s.", element.to_ascii_lowercase())
        }
        Fault::Action { .. } => {
            "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.".to_owned()
        }
        Fault::Resource { name } => format!("Resource {name} must be in ARN format or \"*\"."),
        Fault::Principal { name } => format!("Invalid principal in policy: \"{name}\""),
        Fault::RepeatedSid => "Statement IDs (SID) in a single policy must be unique.".to_owned(),
        Fault::TooLong
        | Fault::NotJson
        | Fault::Unknown { .. }
        | Fault::Form { .. }
        | Fault::Pair { .. }
        | Fault::TooMany { .. }
        | Fault::Operator { .. }
        | Fault::Operand { .. }
        | Fault::AllowedException => "Syntax errors in policy.".to_owned(),
    }
}

/// Characters of a document, without the white space between its elements: quotas count these.
pub(super) fn measured(text: &str) -> usize {
    let (mut count, mut in_text, mut escaped) = (0, false, false);
    for char in text.chars() {
        if in_text || !char.is_ascii_whitespace() {
            count += 1;
        }
        match char {
            '"' if !escaped => in_text = !in_text,
            _ => {}
        }
        escaped = in_text && char == '\\' && !escaped;
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_between_elements_does_not_count() {
        assert_eq!(measured("{ \"a\" :\n[ ] }"), 8);
        assert_eq!(measured(r#"{"a b":"c \" d"}"#), 16);
        assert_eq!(measured(r#"["\\" , 1]"#), 8);
    }

    #[test]
    fn a_document_is_refused_in_the_services_words() {
        let check = |statement: &str, kind, expected: &str| {
            let text = format!(r#"{{"Version":"2012-10-17","Statement":[{{{statement}}}]}}"#);
            let error = check_document(&text, kind).unwrap_err();
            assert_eq!(error.to_string(), format!("MalformedPolicyDocument: {expected}"), "{statement}");
        };
        let allow = r#""Effect":"Allow","#;
        let of = |rest: &str| format!("{allow}{rest}");
        check("", Kind::Identity, "Syntax errors in policy.");
        check(&of(r#""Resource":"*""#), Kind::Identity, "Policy statement must contain actions.");
        check(&of(r#""Action":"*""#), Kind::Identity, "Policy statement must contain resources.");
        let vendor = "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.";
        check(&of(r#""Action":"Get","Resource":"*""#), Kind::Identity, vendor);
        let arn = "Resource x must be in ARN format or \"*\".";
        check(&of(r#""Action":"*","Resource":"x""#), Kind::Identity, arn);
        let principal = "Policy document should not specify a principal.";
        check(&of(r#""Action":"*","Resource":"*","Principal":"*""#), Kind::Identity, principal);
        let trust = r#""Action":"sts:AssumeRole","Principal":{"AWS":"*"},"Resource":"*""#;
        check(&of(trust), Kind::Trust, "Has prohibited field Resource.");
    }
}
