//! The verbs of operators: RetryRotation, RollBackRotation, VerifySecret, ReconcileSecret and
//! DryRunRotation (`Keywheel.*`). All take the same members and answer with the job that they act on.

use serde::Serialize;

use super::members::{Members, SECRET_ID_CHARS, TOKEN_CHARS};
use super::{ApiError, Request};
use crate::rotation::Job;
use crate::secret::Secret;

macro_rules! verbs {
    ($($(#[$about:meta])+ $request:ident = $name:literal),+ $(,)?) => {
        $(
            $(#[$about])+
            #[derive(Clone, Debug)]
            pub struct $request(pub RotationVerb);

            impl Request for $request {
                const NAME: &'static str = $name;

                fn read(members: &mut Members) -> Result<Self, ApiError> {
                    RotationVerb::read(members).map(Self)
                }
            }
        )+
    };
}

verbs! {
    /// Goes on at once with a rotation that waits.
    RetryRotationRequest = "RetryRotation",
    /// Undoes an unfinished rotation, or brings the previous value back.
    RollBackRotationRequest = "RollBackRotation",
    /// Asks the target whether it takes the current value.
    VerifySecretRequest = "VerifySecret",
    /// Makes the target take the current value again.
    ReconcileSecretRequest = "ReconcileSecret",
    /// Runs what a rotation would do without changing the target.
    DryRunRotationRequest = "DryRunRotation",
}

/// What every verb is told.
#[derive(Clone, Debug)]
pub struct RotationVerb {
    /// Name or ARN.
    pub secret_id: String,
    /// Names what the verb begins: asking again with it begins no other, for as long as that is remembered.
    /// For RetryRotation the job that is to go on. Made up when absent.
    pub client_request_token: Option<String>,
}

impl RotationVerb {
    fn read(members: &mut Members) -> Result<Self, ApiError> {
        Ok(Self {
            secret_id: members.required_text("SecretId", SECRET_ID_CHARS)?,
            client_request_token: members.text("ClientRequestToken", TOKEN_CHARS)?,
        })
    }
}

/// The job that the verb acts on; DescribeRotation tells more of it.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct RotationVerbResponse {
    /// Full ARN of the secret.
    #[serde(rename = "ARN")]
    pub arn: String,
    /// The friendly name.
    pub name: String,
    /// Names the job in DescribeRotation.
    pub client_request_token: String,
    /// What the job is for.
    pub purpose: &'static str,
    /// Where it stands.
    pub state: &'static str,
    /// The step that it takes next.
    pub step: &'static str,
}

impl RotationVerbResponse {
    /// Of a job.
    pub fn new(secret: &Secret, job: &Job) -> Self {
        Self {
            arn: secret.arn.clone(),
            name: secret.name.clone(),
            client_request_token: job.id.clone(),
            purpose: job.purpose.as_str(),
            state: job.state.as_str(),
            step: job.step.as_str(),
        }
    }
}
