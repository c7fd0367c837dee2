//! From the name of an action to it: every operation of STS, in one list.

use keywheel_domain::api::iam::IamRequest;
use keywheel_domain::api::sts::{
    AssumeRoleRequest, GetAccessKeyInfoRequest, GetCallerIdentityRequest, GetSessionTokenRequest,
};
use keywheel_domain::api::{ApiError, ErrorCode, Members};
use serde_json::Value;

use crate::ops::query::answered;
use crate::ops::{Caller, Operations};

macro_rules! actions {
    ($($name:literal: $request:ty => $action:ident),+ $(,)?) => {
        impl Operations {
            /// The name of the operation of STS, if there is one.
            pub(in crate::ops) fn sts_operation_name(action: &str) -> Option<&'static str> {
                match action {
                    $($name => Some($name),)+
                    _ => None,
                }
            }

            /// Runs an action of STS and returns the JSON of its answer.
            pub(in crate::ops) async fn dispatch_sts(
                &self,
                caller: &Caller,
                action: &str,
                mut members: Members,
            ) -> Result<Option<Value>, ApiError> {
                match action {
                    $($name => {
                        let request = <$request as IamRequest>::read(&mut members)?;
                        members.finish()?;
                        answered(&self.$action(caller, request).await?)
                    })+
                    _ => Err(ApiError::new(ErrorCode::UnknownOperation, "")),
                }
            }
        }
    };
}

actions! {
    "AssumeRole": AssumeRoleRequest => assume_role,
    "GetAccessKeyInfo": GetAccessKeyInfoRequest => get_access_key_info,
    "GetCallerIdentity": GetCallerIdentityRequest => get_caller_identity,
    "GetSessionToken": GetSessionTokenRequest => get_session_token,
}
