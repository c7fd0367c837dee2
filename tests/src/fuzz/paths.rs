//! Paths of Lambda: a route spelled again leads to the same operation on the same function.

use std::fmt::Write as _;

use keywheel_domain::api::lambda::{Operation, Route, is_path};
use keywheel_domain::function::{FunctionId, arn, is_name};
use keywheel_domain::secret::Scope;

/// A method, a space, and a path.
pub(super) fn run(data: &[u8]) -> bool {
    let Some((method, path)) = str::from_utf8(data).ok().and_then(|text| text.split_once(' ')) else {
        return false;
    };
    let Some(route) = Route::of(method, path) else { return false };
    assert_eq!(Route::of(method, path).as_ref(), Some(&route));
    let spelled = spelled(&route);
    assert!(is_path(&spelled), "{spelled}");
    assert_eq!(Route::of(method, &spelled).as_ref(), Some(&route), "{spelled}");
    assert_eq!(Route::of(method, &format!("{spelled}/")).as_ref(), Some(&route), "{spelled}/");
    assert_eq!(Route::of(method, &format!("{spelled}/nothing-there/at/all")), None);
    assert_eq!(Route::of("PATCH", &spelled), None);

    let scope = Scope { account: "123456789012".to_owned(), region: "us-east-1".to_owned() };
    if let Ok(id) = FunctionId::parse(&route.function, &scope) {
        assert!(is_name(&id.name));
        let told = id.arn(&scope);
        assert!(told.starts_with(&arn(&scope, &id.name)));
        assert_eq!(FunctionId::parse(&told, &scope).as_ref(), Ok(&id), "{told}");
        let elsewhere = Scope { region: "eu-west-1".to_owned(), ..scope };
        assert!(FunctionId::parse(&told, &elsewhere).is_err(), "{told} is in another region");
    }
    true
}

/// The path of a route, with everything in it encoded that can be.
fn spelled(route: &Route) -> String {
    let (function, item) = (encoded(&route.function), encoded(&route.item));
    let of_function = |rest: &str| format!("/2015-03-31/functions/{function}{rest}");
    match route.operation {
        Operation::ListFunctions | Operation::CreateFunction => "/2015-03-31/functions".to_owned(),
        Operation::GetFunction | Operation::DeleteFunction => of_function(""),
        Operation::UpdateFunctionCode => of_function("/code"),
        Operation::GetFunctionConfiguration | Operation::UpdateFunctionConfiguration => {
            of_function("/configuration")
        }
        Operation::Invoke => of_function("/invocations"),
        Operation::ListVersionsByFunction | Operation::PublishVersion => of_function("/versions"),
        Operation::ListAliases | Operation::CreateAlias => of_function("/aliases"),
        Operation::GetAlias | Operation::UpdateAlias | Operation::DeleteAlias => {
            of_function(&format!("/aliases/{item}"))
        }
        Operation::GetPolicy | Operation::AddPermission => of_function("/policy"),
        Operation::RemovePermission => of_function(&format!("/policy/{item}")),
        Operation::PutFunctionConcurrency | Operation::DeleteFunctionConcurrency => {
            format!("/2017-10-31/functions/{function}/concurrency")
        }
        Operation::GetFunctionConcurrency => format!("/2019-09-30/functions/{function}/concurrency"),
        Operation::TagResource | Operation::UntagResource | Operation::ListTags => {
            format!("/2017-03-31/tags/{function}")
        }
    }
}

fn encoded(segment: &str) -> String {
    segment.bytes().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "%{byte:02x}");
        text
    })
}
