//! ListFunctionLogs.

use keywheel_domain::api::{
    ApiError, ErrorCode, InvocationDescription, ListFunctionLogsRequest, ListFunctionLogsResponse,
};
use keywheel_domain::function::FunctionId;

use crate::ops::{Caller, Operations};

impl Operations {
    /// What the last invocations of a function logged, oldest first.
    pub async fn list_function_logs(
        &self,
        caller: &Caller,
        request: ListFunctionLogsRequest,
    ) -> Result<ListFunctionLogsResponse, ApiError> {
        let scope = caller.scope();
        let wrong =
            |error: &dyn std::fmt::Display| ApiError::new(ErrorCode::InvalidParameter, error.to_string());
        let id = FunctionId::parse(&request.function_name, &scope).map_err(|error| wrong(&error))?;
        let arn = id.arn(&scope);
        self.authorize(caller, "keywheel:ListFunctionLogs", Some(&arn))?;
        if self.resolve_id(&id, &scope).await?.is_none() {
            return Err(ApiError::new(ErrorCode::ResourceNotFound, format!("Function not found: {arn}")));
        }
        let after = request.after.unwrap_or_default();
        let found = self.invocations_of(&scope, &id.name).await?;
        let invocations =
            found.into_iter().filter(|log| log.number > after).map(|log| InvocationDescription {
                number: log.number,
                time: log.at,
                version: log.version,
                digest: log.digest,
                step: log.step,
                secret_arn: log.secret_arn,
                client_request_token: log.token,
                duration_us: log.duration_us,
                failure: log.failure,
                log: log.lines,
            });
        Ok(ListFunctionLogsResponse { invocations: invocations.collect() })
    }
}
