//! The AWS Lambda API: what has to be compiled or run is, and the rest is the actions' own.
//!
//! A function is compiled before anything of it is stored, so that what is stored can run. On disk at each
//! `await` of a deployment: nothing of it, or code that nobody refers to, or all of it.

use std::sync::Arc;

use keywheel_domain::api::lambda::{
    Call, CreateFunctionRequest, FunctionFailure, InvocationEvent, InvokeRequest, LambdaError,
    LambdaErrorCode, LambdaRequest, Operation, Route, Settings, UpdateFunctionCodeRequest,
    UpdateFunctionConfigurationRequest, in_base64,
};
use keywheel_domain::rotation::FailureKind;
use keywheel_domain::sensitive::Sensitive;
use keywheel_host::{Outcome, Rule};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::host::{HostInvoke, NotLoaded, Run, lines};
use super::package;
use super::room::Room;
use crate::entropy::{self, Entropy};
use crate::ops::{self, Caller, Deployed, HandRun, Operations};

/// Bytes of a log that are told with an invocation, as with Lambda.
const TAIL_BYTES_MAX: usize = 4096;

/// What a request says in its headers.
#[derive(Clone, Debug, Default)]
pub struct LambdaHeaders {
    /// `X-Amz-Invocation-Type`
    pub invocation_type: Option<String>,
    /// `X-Amz-Log-Type`
    pub log_type: Option<String>,
    /// `X-Keywheel-Force: true`
    pub force: bool,
}

/// A good answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LambdaAnswer {
    /// The HTTP status.
    pub status: u16,
    /// Beside those of every answer.
    pub headers: Vec<(&'static str, String)>,
    /// JSON, or nothing.
    pub body: Vec<u8>,
}

/// A request whose signature was found good.
#[derive(Debug)]
pub struct LambdaCall {
    /// What it asks for.
    pub route: Route,
    /// As on the request line.
    pub query: String,
    /// Those that matter.
    pub headers: LambdaHeaders,
    /// All of it: it may hold what is confidential.
    pub body: Sensitive<Vec<u8>>,
}

/// See the module's documentation.
pub struct Lambda {
    ops: Arc<Operations>,
    host: Arc<HostInvoke>,
    entropy: Arc<dyn Entropy>,
    room: Arc<Room>,
}

impl Lambda {
    pub(super) const fn new(
        ops: Arc<Operations>,
        host: Arc<HostInvoke>,
        entropy: Arc<dyn Entropy>,
        room: Arc<Room>,
    ) -> Self {
        Self { ops, host, entropy, room }
    }

    /// Answers a request.
    ///
    /// # Errors
    /// What the protocol says of why not.
    pub async fn answer(&self, caller: &Caller, call: LambdaCall) -> Result<LambdaAnswer, LambdaError> {
        let operation = call.route.operation;
        match operation {
            Operation::CreateFunction => self.create_function(caller, call).await,
            Operation::UpdateFunctionCode => self.update_function_code(caller, call).await,
            Operation::UpdateFunctionConfiguration => {
                let request: UpdateFunctionConfigurationRequest = read(caller, call)?;
                check_allowed(&request.settings)?;
                encode(operation, &self.ops.update_function_configuration(caller, &request).await?)
            }
            Operation::DeleteFunction => {
                let request: keywheel_domain::api::lambda::DeleteFunctionRequest = read(caller, call)?;
                let digests = self.ops.digests_of(&caller.scope(), &request.function.name).await?;
                let answer = self.ops.delete_function(caller, &request).await?;
                self.host.forget(digests).await;
                encode(operation, &answer)
            }
            Operation::Invoke => self.invoke(caller, call).await,
            _ => self.answer_simply(caller, call).await,
        }
    }

    /// What neither compiles nor runs anything.
    async fn answer_simply(&self, caller: &Caller, call: LambdaCall) -> Result<LambdaAnswer, LambdaError> {
        let ops = &self.ops;
        macro_rules! answer {
            ($action:ident) => {
                encode(call.route.operation, &ops.$action(caller, &read(caller, call)?).await?)
            };
        }
        match call.route.operation {
            Operation::GetFunction => answer!(get_function),
            Operation::GetFunctionConfiguration => answer!(get_function_configuration),
            Operation::ListFunctions => answer!(list_functions),
            Operation::PublishVersion => answer!(publish_version),
            Operation::ListVersionsByFunction => answer!(list_versions_by_function),
            Operation::CreateAlias => answer!(create_alias),
            Operation::UpdateAlias => answer!(update_alias),
            Operation::GetAlias => answer!(get_alias),
            Operation::ListAliases => answer!(list_aliases),
            Operation::DeleteAlias => answer!(delete_alias),
            Operation::AddPermission => answer!(add_permission),
            Operation::RemovePermission => answer!(remove_permission),
            Operation::GetPolicy => answer!(get_policy),
            Operation::PutFunctionConcurrency => answer!(put_function_concurrency),
            Operation::GetFunctionConcurrency => answer!(get_function_concurrency),
            Operation::DeleteFunctionConcurrency => answer!(delete_function_concurrency),
            Operation::TagResource => answer!(tag_function),
            Operation::UntagResource => answer!(untag_function),
            Operation::ListTags => answer!(list_function_tags),
            Operation::CreateFunction
            | Operation::UpdateFunctionCode
            | Operation::UpdateFunctionConfiguration
            | Operation::DeleteFunction
            | Operation::Invoke => Err(LambdaError::new(LambdaErrorCode::UnknownOperation, "")),
        }
    }

    async fn create_function(&self, caller: &Caller, call: LambdaCall) -> Result<LambdaAnswer, LambdaError> {
        let mut request: CreateFunctionRequest = read_large(caller, call).await?;
        check_allowed(&request.settings)?;
        self.ops.check_new_function(caller, &request).await?;
        let code = self.compile(std::mem::take(&mut request.code)).await?;
        let answer = self.ops.create_function(caller, &request, &code).await?;
        encode(Operation::CreateFunction, &answer)
    }

    async fn update_function_code(
        &self,
        caller: &Caller,
        call: LambdaCall,
    ) -> Result<LambdaAnswer, LambdaError> {
        let mut request: UpdateFunctionCodeRequest = read_large(caller, call).await?;
        self.ops.check_new_code(caller, &request).await?;
        let digests = self.ops.digests_of(&caller.scope(), &request.function.name).await?;
        let code = self.compile(std::mem::take(&mut request.code)).await?;
        let answer = self.ops.update_function_code(caller, &request, &code).await?;
        self.host.forget(digests).await;
        encode(Operation::UpdateFunctionCode, &answer)
    }

    /// Unpacks and compiles what was uploaded.
    async fn compile(&self, upload: Vec<u8>) -> Result<Deployed, LambdaError> {
        let unpack = move || {
            let code_sha256 = in_base64(&hex::encode(Sha256::digest(&upload)));
            let wasm = package::unpack(&upload).map_err(|error| refused(&error))?;
            Ok::<_, LambdaError>((wasm, code_sha256, upload.len() as u64))
        };
        let unpacked = tokio::task::spawn_blocking(unpack).await;
        let (wasm, code_sha256, code_bytes) = unpacked.map_err(|_| fault("an upload was not unpacked"))??;
        let function = self.host.deploy(wasm.clone()).await.map_err(|error| refused(&error))?;
        Ok(Deployed { wasm, digest: function.digest().to_owned(), code_sha256, code_bytes })
    }

    async fn invoke(&self, caller: &Caller, call: LambdaCall) -> Result<LambdaAnswer, LambdaError> {
        let LambdaCall { route, query, headers, body } = call;
        let request: InvokeRequest = Call::new(route, &query, b"", false)?.read(&caller.scope())?;
        let resolved = self.ops.check_invocation(caller, &request).await?;
        let version = ("x-amz-executed-version", resolved.version.name());
        match headers.invocation_type.as_deref() {
            None | Some("RequestResponse") => {}
            Some("DryRun") => {
                return Ok(LambdaAnswer { status: 204, headers: vec![version], body: Vec::new() });
            }
            Some(_) => {
                let told = "X-Amz-Invocation-Type is RequestResponse or DryRun: a step is waited for.";
                return Err(LambdaError::invalid(told));
            }
        }
        let event = InvocationEvent::read(body.expose())?;
        let seen = self.ops.secret_of_invocation(caller, &event).await?;
        let secret = &seen.record;
        let Some(alone) = self.room.enter(Room::needs_of_secret(&secret.arn)) else {
            let told = format!("A step of {} runs already: only one does at a time.", secret.name);
            return Err(LambdaError::conflict(told));
        };
        let needs = self.room.needs_of_function(&resolved.function.arn(), resolved.function.reserved);
        let Some(entered) = self.room.enter(needs) else {
            return Err(LambdaError::new(
                LambdaErrorCode::TooManyRequests,
                "Rate exceeded: as many steps of this function run as may run at once.",
            ));
        };
        let not_run = |error: NotLoaded| match error {
            NotLoaded::Passing(message) | NotLoaded::Lasting(message) => fault(&message),
        };
        let function = self.host.function(&resolved).await.map_err(not_run)?;
        let run = self.ops.prepare_invocation(caller, secret, resolved, &event, function.digest()).await?;
        let HandRun { resolved, secret_arn, caller } = run;
        let made_up = entropy::uuid(self.entropy.as_ref()).into();
        let run = Run {
            step: event.step,
            secret_arn: &secret_arn,
            token: &event.client_request_token,
            rotation_token: event.rotation_token.as_ref().unwrap_or(&made_up),
            caller,
            approved: false,
            wall_ms_max: i64::MAX,
        };
        let report = self.host.run(&resolved, &function, run).await.map_err(not_run)?;
        drop((entered, alone));
        let mut told = LambdaAnswer { status: 200, headers: vec![version], body: b"null".to_vec() };
        if headers.log_type.as_deref() == Some("Tail") {
            told.headers.push(("x-amz-log-result", tail(&lines(&report))));
        }
        if let Some(failure) = failure(report.outcome) {
            told.headers.push(("x-amz-function-error", "Unhandled".to_owned()));
            told.body = ops::encode(&failure)?;
        }
        Ok(told)
    }
}

fn read<R: LambdaRequest>(caller: &Caller, call: LambdaCall) -> Result<R, LambdaError> {
    Call::new(call.route, &call.query, call.body.expose(), call.headers.force)?.read(&caller.scope())
}

/// The same for a body that takes long to read. It is gone when this returns.
async fn read_large<R: LambdaRequest + Send + 'static>(
    caller: &Caller,
    call: LambdaCall,
) -> Result<R, LambdaError> {
    let caller = caller.clone();
    let read = tokio::task::spawn_blocking(move || read(&caller, call)).await;
    read.map_err(|_| fault("a request was not read"))?
}

/// Refuses what the function could never connect to.
fn check_allowed(settings: &Settings) -> Result<(), LambdaError> {
    let environment = settings.environment.as_ref();
    for pattern in environment.map(|environment| environment.allowed()).unwrap_or_default() {
        pattern.parse::<Rule>().map_err(|error| {
            let variable = keywheel_domain::function::ALLOW_VARIABLE;
            LambdaError::invalid(format!("The environment variable {variable}: {error}."))
        })?;
    }
    Ok(())
}

fn encode<T: Serialize>(operation: Operation, answer: &T) -> Result<LambdaAnswer, LambdaError> {
    Ok(LambdaAnswer { status: operation.status(), headers: Vec::new(), body: ops::encode(answer)? })
}

/// Code that cannot be a function, with all that is known of why.
fn refused(error: &dyn std::error::Error) -> LambdaError {
    let mut told = format!("The code is refused: {error}");
    let mut cause = error.source();
    while let Some(error) = cause {
        told.push_str(&format!(": {error}"));
        cause = error.source();
    }
    LambdaError::invalid(told.replace('\n', " "))
}

fn fault(message: &str) -> LambdaError {
    tracing::error!(message, "a function cannot be deployed or run");
    LambdaError::new(LambdaErrorCode::Service, "An error occurred on the server side.")
}

/// The end of a log, in base64.
fn tail(lines: &[String]) -> String {
    let log = lines.iter().map(|line| format!("{line}\n")).collect::<String>();
    let start = log.len().saturating_sub(TAIL_BYTES_MAX);
    in_base64(&hex::encode(&log.as_bytes()[start..]))
}

/// How a function that did not do its step is told.
fn failure(outcome: Outcome) -> Option<FunctionFailure> {
    let (error_type, message) = match outcome {
        Outcome::Done => return None,
        Outcome::Failed { kind: FailureKind::Retry, message } => ("Function.Retry", message),
        Outcome::Failed { kind: FailureKind::Permanent, message } => ("Function.Permanent", message),
        Outcome::Failed { kind: FailureKind::Refused, message } => ("Function.Refused", message),
        Outcome::Asked { summary } => ("Function.AwaitsApproval", summary),
        Outcome::Trapped { message } => ("Runtime.Trapped", message),
        Outcome::LimitExceeded { limit, message } => {
            ("Sandbox.LimitExceeded", format!("limit on {limit} exceeded: {message}"))
        }
    };
    let (error_message, trace) = match message.rsplit_once(", in `") {
        Some((what, calls)) if error_type.starts_with(['R', 'S']) => {
            let calls = format!("`{calls}");
            (what.to_owned(), calls.split(" <- ").map(|call| call.replace('`', "")).collect())
        }
        _ => (message, Vec::new()),
    };
    Some(FunctionFailure { error_type, error_message, trace })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_told_in_the_envelope() {
        let check = |outcome: Outcome, expected: &str| {
            let told = failure(outcome).map(|failure| serde_json::to_string(&failure).unwrap());
            assert_eq!(told.as_deref(), Some(expected));
        };
        assert!(failure(Outcome::Done).is_none());
        check(
            Outcome::Failed { kind: FailureKind::Permanent, message: "wrong, in `a` way".into() },
            r#"{"errorType":"Function.Permanent","errorMessage":"wrong, in `a` way"}"#,
        );
        check(
            Outcome::Trapped {
                message: "a panic or an abort, in `guest::f` <- `main` (itself 3 deep)".into(),
            },
            r#"{"errorType":"Runtime.Trapped","errorMessage":"a panic or an abort","trace":["guest::f","main (itself 3 deep)"]}"#,
        );
    }

    #[test]
    fn the_end_of_a_log_is_told() {
        assert_eq!(tail(&["ab".to_owned()]), "YWIK");
        let long = tail(&["x".repeat(5000), "end".to_owned()]);
        assert_eq!(long.len(), TAIL_BYTES_MAX.div_ceil(3) * 4);
        assert!(long.ends_with("ZW5kCg=="), "{}", &long[long.len() - 12..]);
    }
}
