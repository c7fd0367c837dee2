use serde_json::{Value, json};

use super::*;
use crate::api::{ApiError, ErrorCode};
use crate::sigv4::AuthErrorCode;

#[test]
fn a_form_is_a_tree() {
    let check = |body: &str, expected: Value| {
        let form = Form::parse(body.as_bytes()).unwrap();
        assert_eq!(Value::Object(form.members), expected, "{body}");
    };
    check("", json!({}));
    check("UserName=ann", json!({"UserName": "ann"}));
    check("UserName=ann%20%2B+lee&&", json!({"UserName": "ann + lee"}));
    check("Path", json!({"Path": ""}));
    check("a=b=c", json!({"a": "b=c"}));
    check("Tags.member.2=y&Tags.member.1=x", json!({"Tags": ["x", "y"]}));
    let many = (1..=11).map(|number| format!("T.member.{number}={number}")).collect::<Vec<_>>().join("&");
    check(&many, json!({"T": ["1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11"]}));
    check(
        "Tags.member.1.Key=team&Tags.member.1.Value=%C3%A9",
        json!({"Tags": [{"Key": "team", "Value": "é"}]}),
    );
    check("Filter.Name=x&Filter.Values.member.1=y", json!({"Filter": {"Name": "x", "Values": ["y"]}}));
    check("member=x", json!({"member": "x"}));
    check("A.member=x", json!({"A": {"member": "x"}}));
    let form = Form::parse(b"Action=GetUser&Version=2010-05-08").unwrap();
    assert_eq!((form.action.as_str(), form.version.as_str()), ("GetUser", "2010-05-08"));
    assert!(form.members.is_empty());
}

#[test]
fn what_is_no_form_is_refused() {
    let check = |body: &str, expected| assert_eq!(Form::parse(body.as_bytes()), Err(expected), "{body}");
    for body in ["a=%", "a=%4", "a=%zz", "%ff=a", "a=%C3"] {
        check(body, FormError::Encoding);
    }
    for body in ["=a", ".a=b", "a.=b", "a..b=c", "Action.x=y", "Version.member.1=y"] {
        check(body, FormError::Name);
    }
    for body in ["a=1&a=1", "a=1&a.b=2", "a.b=2&a=1", "a.member.1=x&a.member.1.b=y", "Action=a&Action=b"] {
        check(body, FormError::Repeated);
    }
    for body in ["a.member.0=x", "a.member.2=x", "a.member.01=x", "a.member.x=y", "a.member.1=x&a.member.3=y"]
    {
        check(body, FormError::Numbers);
    }
    check(&format!("{}=x", "a.".repeat(8) + "a"), FormError::LongName);
    check(&format!("{}=x", "a".repeat(257)), FormError::LongName);
    let many = (0..=MEMBERS_MAX).map(|number| format!("a{number}=x")).collect::<Vec<_>>().join("&");
    check(&many, FormError::TooMany);
}

#[test]
fn an_answer_is_xml() {
    let result = json!({
        "Users": [{"UserName": "a&b", "Gone": null}, {"UserName": "\"<\r>"}],
        "IsTruncated": false,
        "SummaryMap": [["Users", 2]],
        "None": [],
    });
    assert_eq!(
        answer("ListUsers", "urn:x", Some(&result), "id"),
        "<ListUsersResponse xmlns=\"urn:x\"><ListUsersResult><IsTruncated>false</IsTruncated><None></None><SummaryMap>\
         <entry><key>Users</key><value>2</value></entry></SummaryMap><Users><member><UserName>a&amp;b</UserName>\
         </member><member><UserName>&quot;&lt;&#xD;&gt;</UserName></member></Users></ListUsersResult>\
         <ResponseMetadata><RequestId>id</RequestId></ResponseMetadata></ListUsersResponse>"
    );
    assert_eq!(
        answer("DeleteUser", "urn:x", None, "id"),
        "<DeleteUserResponse xmlns=\"urn:x\"><ResponseMetadata><RequestId>id</RequestId></ResponseMetadata>\
         </DeleteUserResponse>"
    );
    assert_eq!(
        error_answer("urn:x", true, "NoSuchEntity", "not \u{0}here", "id"),
        "<ErrorResponse xmlns=\"urn:x\"><Error><Type>Sender</Type><Code>NoSuchEntity</Code><Message>not \u{fffd}here\
         </Message></Error><RequestId>id</RequestId></ErrorResponse>"
    );
}

#[test]
fn shared_refusals_have_names_of_their_own_here() {
    let check = |code, expected: (&str, u16)| {
        let told = in_query_words(&ApiError::new(code, ""));
        assert_eq!((told.code, told.status), expected);
        assert_eq!(told.is_sender(), told.status != 500);
    };
    check(ErrorCode::AccessDenied, ("AccessDenied", 403));
    check(ErrorCode::Authentication(AuthErrorCode::InvalidSignature), ("SignatureDoesNotMatch", 403));
    check(ErrorCode::Authentication(AuthErrorCode::UnrecognizedClient), ("InvalidClientTokenId", 403));
    check(ErrorCode::UnknownOperation, ("InvalidAction", 400));
    check(ErrorCode::InternalService, ("InternalFailure", 500));
}

#[test]
fn a_version_tells_the_service() {
    assert_eq!(QueryService::of_version("2010-05-08").name, "iam");
    for service in SERVICES {
        assert_eq!(QueryService::of_version(service.version), service);
    }
}
