//! Invoke: one step, run by hand.

use serde::Serialize;

use super::super::members::{Members, SECRET_ID_CHARS, TOKEN_CHARS};
use super::{Call, LambdaError, LambdaErrorCode, LambdaRequest};
use crate::function::FunctionId;
use crate::rotation::Step;
use crate::secret::Scope;
use crate::sensitive::Sensitive;

/// Names the function; how it is called is in headers, and the event is the whole body.
#[derive(Clone, Debug)]
pub struct InvokeRequest {
    /// What runs.
    pub function: FunctionId,
}

impl LambdaRequest for InvokeRequest {
    fn read(call: &mut Call, scope: &Scope) -> Result<Self, LambdaError> {
        Ok(Self { function: call.function(scope)? })
    }
}

/// The event, as Secrets Manager sends it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvocationEvent {
    /// The phase.
    pub step: Step,
    /// Name or ARN of the secret.
    pub secret_id: String,
    /// Id of the version that the step works on.
    pub client_request_token: String,
    /// What the function would show; one is made up when absent.
    pub rotation_token: Option<Sensitive<String>>,
}

impl InvocationEvent {
    /// Reads the payload of an invocation.
    pub fn read(payload: &[u8]) -> Result<Self, LambdaError> {
        Self::members_of(payload).map_err(|told| {
            LambdaError::new(
                LambdaErrorCode::InvalidRequestContent,
                format!("Could not parse request body into a rotation event: {told}"),
            )
        })
    }

    fn members_of(payload: &[u8]) -> Result<Self, String> {
        let told = |error: super::super::ApiError| error.message;
        let mut members = Members::parse(payload).map_err(told)?;
        let step = members.required_text("Step", 1..=16).map_err(told)?;
        let event = Self {
            secret_id: members.required_text("SecretId", SECRET_ID_CHARS).map_err(told)?,
            client_request_token: members.required_text("ClientRequestToken", TOKEN_CHARS).map_err(told)?,
            rotation_token: members.text("RotationToken", 1..=256).map_err(told)?.map(Sensitive::new),
            step: match Step::parse(&step) {
                Some(step) => step,
                None => {
                    let words = Step::ALL.map(Step::as_str).join(", ");
                    return Err(format!("Step must be one of {words}"));
                }
            },
        };
        members.finish().map_err(told)?;
        Ok(event)
    }
}

/// What a function that failed answers.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FunctionFailure {
    /// What programs branch on.
    pub error_type: &'static str,
    /// What people read, without a value.
    pub error_message: String,
    /// The functions of the guest, innermost first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub trace: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_has_a_step_a_secret_and_a_token() {
        let token = "t".repeat(32);
        let event =
            |step: &str| format!(r#"{{"Step":"{step}","SecretId":"app","ClientRequestToken":"{token}"}}"#);
        for step in Step::ALL {
            let read = InvocationEvent::read(event(step.as_str()).as_bytes()).unwrap();
            assert_eq!((read.step, read.secret_id.as_str()), (step, "app"));
        }
        let wrong = [
            String::new(),
            "null".into(),
            "[]".into(),
            "{}".into(),
            "not JSON".into(),
            event("create_secret"),
            event(""),
            event("setSecret").replace("app", ""),
            event("setSecret").replace('t', ""),
            r#"{"Step":1}"#.into(),
        ];
        for payload in wrong {
            let error = InvocationEvent::read(payload.as_bytes()).unwrap_err();
            assert_eq!(error.code, LambdaErrorCode::InvalidRequestContent, "{payload}: {error}");
        }
    }
}
