//! From the method and path of a request to its operation.

use std::borrow::Cow;

use crate::sigv4::decoded;

macro_rules! operations {
    ($($(#[$doc:meta])+ $operation:ident,)+) => {
        /// The operations there are.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Operation {
            $($(#[$doc])+ $operation,)+
        }

        impl Operation {
            /// Each there is.
            pub const ALL: &[Self] = &[$(Self::$operation),+];

            /// As in the service model.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$operation => stringify!($operation),)+
                }
            }
        }
    };
}

operations! {
    /// Deploys a function.
    CreateFunction,
    /// Deploys other code.
    UpdateFunctionCode,
    /// Changes how the latest version runs.
    UpdateFunctionConfiguration,
    /// Tells all about a function.
    GetFunction,
    /// Tells how a version runs.
    GetFunctionConfiguration,
    /// Lists the functions of the region.
    ListFunctions,
    /// Deletes a function or a version.
    DeleteFunction,
    /// Runs one step by hand.
    Invoke,
    /// Freezes the latest version.
    PublishVersion,
    /// Lists the versions of a function.
    ListVersionsByFunction,
    /// Names a version.
    CreateAlias,
    /// Moves an alias.
    UpdateAlias,
    /// Tells what an alias names.
    GetAlias,
    /// Lists the aliases of a function.
    ListAliases,
    /// Deletes an alias.
    DeleteAlias,
    /// Lets somebody invoke a function.
    AddPermission,
    /// Takes a permission back.
    RemovePermission,
    /// Tells who may invoke a function.
    GetPolicy,
    /// Bounds how many steps of a function run at once.
    PutFunctionConcurrency,
    /// Tells that bound.
    GetFunctionConcurrency,
    /// Takes that bound away.
    DeleteFunctionConcurrency,
    /// Adds tags to a function.
    TagResource,
    /// Takes tags off a function.
    UntagResource,
    /// Lists the tags of a function.
    ListTags,
}

impl Operation {
    /// The HTTP status of a good answer.
    pub const fn status(self) -> u16 {
        match self {
            Self::CreateFunction | Self::PublishVersion | Self::CreateAlias | Self::AddPermission => 201,
            Self::DeleteFunction
            | Self::DeleteAlias
            | Self::RemovePermission
            | Self::DeleteFunctionConcurrency
            | Self::TagResource
            | Self::UntagResource => 204,
            _ => 200,
        }
    }

    /// Whether its body carries code, and may be large.
    pub const fn carries_code(self) -> bool {
        matches!(self, Self::CreateFunction | Self::UpdateFunctionCode)
    }
}

/// What a request asks for, and of what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// What.
    pub operation: Operation,
    /// The function, as its caller spells it; empty when the path names none.
    pub function: String,
    /// The alias or the statement, where the path names one.
    pub item: String,
}

/// Whether a path is one of this protocol, known or not: it begins with a date.
pub fn is_path(path: &str) -> bool {
    let date = path.strip_prefix('/').and_then(|rest| rest.split('/').next()).unwrap_or_default();
    let is_digit = |(index, byte): (usize, u8)| match index {
        4 | 7 => byte == b'-',
        _ => byte.is_ascii_digit(),
    };
    date.len() == 10 && date.bytes().enumerate().all(is_digit)
}

impl Route {
    /// The route of a request; `None` when there is no such operation.
    pub fn of(method: &str, path: &str) -> Option<Self> {
        let segments: Vec<Cow<'_, str>> =
            path.split('/').filter(|segment| !segment.is_empty()).map(text).collect::<Option<_>>()?;
        let segments: Vec<&str> = segments.iter().map(AsRef::as_ref).collect();
        let (operation, function, item) = match (method, segments.as_slice()) {
            ("GET", ["2015-03-31", "functions"]) => (Operation::ListFunctions, "", ""),
            ("POST", ["2015-03-31", "functions"]) => (Operation::CreateFunction, "", ""),
            (_, ["2015-03-31", "functions", function, rest @ ..]) => {
                let (operation, item) = of_function(method, rest)?;
                (operation, *function, item)
            }
            ("PUT", ["2017-10-31", "functions", function, "concurrency"]) => {
                (Operation::PutFunctionConcurrency, *function, "")
            }
            ("DELETE", ["2017-10-31", "functions", function, "concurrency"]) => {
                (Operation::DeleteFunctionConcurrency, *function, "")
            }
            ("GET", ["2019-09-30", "functions", function, "concurrency"]) => {
                (Operation::GetFunctionConcurrency, *function, "")
            }
            ("GET", ["2017-03-31", "tags", function]) => (Operation::ListTags, *function, ""),
            ("POST", ["2017-03-31", "tags", function]) => (Operation::TagResource, *function, ""),
            ("DELETE", ["2017-03-31", "tags", function]) => (Operation::UntagResource, *function, ""),
            _ => return None,
        };
        Some(Self { operation, function: function.to_owned(), item: item.to_owned() })
    }
}

fn of_function<'a>(method: &str, rest: &[&'a str]) -> Option<(Operation, &'a str)> {
    Some(match (method, rest) {
        ("GET", []) => (Operation::GetFunction, ""),
        ("DELETE", []) => (Operation::DeleteFunction, ""),
        ("PUT", ["code"]) => (Operation::UpdateFunctionCode, ""),
        ("GET", ["configuration"]) => (Operation::GetFunctionConfiguration, ""),
        ("PUT", ["configuration"]) => (Operation::UpdateFunctionConfiguration, ""),
        ("POST", ["invocations"]) => (Operation::Invoke, ""),
        ("GET", ["versions"]) => (Operation::ListVersionsByFunction, ""),
        ("POST", ["versions"]) => (Operation::PublishVersion, ""),
        ("GET", ["aliases"]) => (Operation::ListAliases, ""),
        ("POST", ["aliases"]) => (Operation::CreateAlias, ""),
        ("GET", ["aliases", alias]) => (Operation::GetAlias, *alias),
        ("PUT", ["aliases", alias]) => (Operation::UpdateAlias, *alias),
        ("DELETE", ["aliases", alias]) => (Operation::DeleteAlias, *alias),
        ("GET", ["policy"]) => (Operation::GetPolicy, ""),
        ("POST", ["policy"]) => (Operation::AddPermission, ""),
        ("DELETE", ["policy", statement]) => (Operation::RemovePermission, *statement),
        _ => return None,
    })
}

/// A segment of the path as text; `None` when it is none.
fn text(segment: &str) -> Option<Cow<'_, str>> {
    match decoded(segment) {
        Cow::Borrowed(_) => Some(Cow::Borrowed(segment)),
        Cow::Owned(bytes) => String::from_utf8(bytes).ok().map(Cow::Owned),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lead_to_operations() {
        let check = |method: &str, path: &str, expected: Option<(Operation, &str, &str)>| {
            let route = Route::of(method, path);
            let told = route.as_ref().map(|route| (route.operation, &*route.function, &*route.item));
            assert_eq!(told, expected, "{method} {path}");
        };
        check("POST", "/2015-03-31/functions", Some((Operation::CreateFunction, "", "")));
        check("GET", "/2015-03-31/functions/", Some((Operation::ListFunctions, "", "")));
        check("GET", "/2015-03-31/functions/f", Some((Operation::GetFunction, "f", "")));
        check("DELETE", "/2015-03-31/functions/f", Some((Operation::DeleteFunction, "f", "")));
        let arn = "/2015-03-31/functions/arn%3Aaws%3Alambda%3Ar%3Aa%3Afunction%3Af%3Alive/invocations";
        check("POST", arn, Some((Operation::Invoke, "arn:aws:lambda:r:a:function:f:live", "")));
        check("PUT", "/2015-03-31/functions/f/aliases/live", Some((Operation::UpdateAlias, "f", "live")));
        check("DELETE", "/2015-03-31/functions/f/policy/s", Some((Operation::RemovePermission, "f", "s")));
        check(
            "PUT",
            "/2017-10-31/functions/f/concurrency",
            Some((Operation::PutFunctionConcurrency, "f", "")),
        );
        check("GET", "/2017-03-31/tags/arn%3aaws%3ax", Some((Operation::ListTags, "arn:aws:x", "")));
        check("PATCH", "/2015-03-31/functions/f", None);
        check("GET", "/2015-03-31/layers", None);
        check("POST", "/2015-03-31/functions/f/invocations/x", None);
        check("GET", "/2015-03-31/functions/%ff", None);
    }

    #[test]
    fn a_path_of_the_protocol_begins_with_a_date() {
        for (path, expected) in [
            ("/2015-03-31/functions", true),
            ("/2099-12-31", true),
            ("/", false),
            ("/events", false),
            ("/2015-03-3x/functions", false),
            ("2015-03-31/functions", false),
            ("/2015/03/31", false),
        ] {
            assert_eq!(is_path(path), expected, "{path}");
        }
    }
}
