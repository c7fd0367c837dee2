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
            /// The names of the operations of STS.
            pub(in crate::ops) const STS_OPERATIONS: &[&'static str] = &[$($name),+];

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
