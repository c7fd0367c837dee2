//! From the name of an action to it: every operation of IAM, in one list.

use keywheel_domain::api::iam::IamRequest;
use keywheel_domain::api::{ApiError, ErrorCode, Members};
use serde_json::Value;

use crate::ops::query::answered;
use crate::ops::{Caller, Operations};

macro_rules! actions {
    ($($name:literal: $read:expr => $action:ident),+ $(,)?) => {
        impl Operations {
            /// The name of the operation of IAM, if there is one.
            pub(in crate::ops) fn iam_operation_name(action: &str) -> Option<&'static str> {
                match action {
                    $($name => Some($name),)+
                    _ => None,
                }
            }

            /// Runs an action of IAM and returns the JSON of its answer, if it has one.
            pub(in crate::ops) async fn dispatch_iam(
                &self,
                caller: &Caller,
                action: &str,
                members: Members,
            ) -> Result<Option<Value>, ApiError> {
                match action {
                    $($name => {
                        let request = read(members, $read)?;
                        answered(&self.$action(caller, request).await?)
                    })+
                    _ => Err(ApiError::new(ErrorCode::UnknownOperation, "")),
                }
            }
        }
    };
}

actions! {
    "CreateUser": IamRequest::read => create_iam_user,
    "GetUser": IamRequest::read => get_iam_user,
    "UpdateUser": IamRequest::read => update_iam_user,
    "DeleteUser": IamRequest::read => delete_iam_user,
    "ListUsers": IamRequest::read => list_iam_users,
}

fn read<R>(
    mut members: Members,
    read: impl Fn(&mut Members) -> Result<R, ApiError>,
) -> Result<R, ApiError> {
    let request = read(&mut members)?;
    members.finish()?;
    Ok(request)
}
