//! From a form to an action, and from its answer to XML: the services of the Query protocol, in one list.

use keywheel_domain::api::query::{self, Form, IAM, QueryService, STS};
use keywheel_domain::api::{ApiError, ErrorCode, Members};
use serde::Serialize;
use serde_json::Value;
use zeroize::{Zeroize as _, Zeroizing};

use super::{Caller, Operations};

impl Operations {
    /// The names of the operations of a service.
    pub fn query_operations(service: &QueryService) -> &'static [&'static str] {
        match service.name {
            name if name == IAM.name => Self::IAM_OPERATIONS,
            name if name == STS.name => Self::STS_OPERATIONS,
            _ => &[],
        }
    }

    /// The name of the operation of a service, if there is one.
    pub fn query_operation_name(service: &QueryService, action: &str) -> Option<&'static str> {
        Self::query_operations(service).iter().copied().find(|name| *name == action)
    }

    /// Runs the action that a form asks for and returns the XML of its answer.
    pub async fn query(
        &self,
        caller: &Caller,
        service: &QueryService,
        form: Form,
        request_id: &str,
    ) -> Result<Zeroizing<Vec<u8>>, ApiError> {
        let Form { action, version, members } = form;
        let unknown = || {
            let told = format!("Could not find operation {action} for version {version}");
            ApiError::new(ErrorCode::UnknownOperation, told)
        };
        if version != service.version || Self::query_operation_name(service, &action).is_none() {
            return Err(unknown());
        }
        let members = Members::of_form(members);
        let mut answer = match service.name {
            name if name == IAM.name => self.dispatch_iam(caller, &action, members).await?,
            name if name == STS.name => self.dispatch_sts(caller, &action, members).await?,
            _ => return Err(unknown()),
        };
        let xml = query::answer(&action, service.namespace, answer.as_ref(), request_id);
        // It may hold the secret of an access key.
        answer.iter_mut().for_each(wipe);
        Ok(Zeroizing::new(xml.into_bytes()))
    }
}

/// The JSON of an answer; `None` of an action without an output.
pub(super) fn answered<T: Serialize>(answer: &T) -> Result<Option<Value>, ApiError> {
    if size_of::<T>() == 0 {
        return Ok(None);
    }
    serde_json::to_value(answer).map(Some).map_err(|error| {
        tracing::error!(%error, "an answer cannot be written");
        ApiError::internal()
    })
}

fn wipe(value: &mut Value) {
    match value {
        Value::String(text) => text.zeroize(),
        Value::Array(items) => items.iter_mut().for_each(wipe),
        Value::Object(members) => members.values_mut().for_each(wipe),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
