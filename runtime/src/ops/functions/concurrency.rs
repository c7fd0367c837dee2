//! PutFunctionConcurrency, GetFunctionConcurrency and DeleteFunctionConcurrency.

use keywheel_domain::api::lambda::{
    Concurrency, DeleteFunctionConcurrencyRequest, Empty, GetFunctionConcurrencyRequest, LambdaError,
    PutFunctionConcurrencyRequest,
};
use keywheel_domain::function::FunctionId;

use super::records::Write;
use super::{action, contended};
use crate::ops::{COMMIT_ATTEMPTS_MAX, Caller, Operations};

impl Operations {
    /// Bounds how many steps of a function run at once.
    pub async fn put_function_concurrency(
        &self,
        caller: &Caller,
        request: &PutFunctionConcurrencyRequest,
    ) -> Result<Concurrency, LambdaError> {
        let reserved = Some(request.reserved);
        self.reserve(caller, "PutFunctionConcurrency", &request.function, reserved).await?;
        Ok(Concurrency { reserved_concurrent_executions: reserved })
    }

    /// That bound.
    pub async fn get_function_concurrency(
        &self,
        caller: &Caller,
        request: &GetFunctionConcurrencyRequest,
    ) -> Result<Concurrency, LambdaError> {
        let arn = request.function.arn(&caller.scope());
        self.authorize(caller, &action("GetFunctionConcurrency"), Some(&arn))?;
        let function = self.function_to_read(caller, &request.function).await?;
        Ok(Concurrency { reserved_concurrent_executions: function.reserved })
    }

    /// Takes that bound away: the host's own counts.
    pub async fn delete_function_concurrency(
        &self,
        caller: &Caller,
        request: &DeleteFunctionConcurrencyRequest,
    ) -> Result<Empty, LambdaError> {
        self.reserve(caller, "DeleteFunctionConcurrency", &request.function, None).await?;
        Ok(Empty {})
    }

    async fn reserve(
        &self,
        caller: &Caller,
        name: &str,
        id: &FunctionId,
        reserved: Option<u32>,
    ) -> Result<(), LambdaError> {
        let arn = id.arn(&caller.scope());
        self.authorize(caller, &action(name), Some(&arn))?;
        for _ in 0..COMMIT_ATTEMPTS_MAX {
            let seen = self.function_to_change(caller, id).await?;
            let mut after = seen.record.clone();
            after.reserved = reserved;
            let row = self.function_row(caller, name, &arn, None, reserved.map(|count| count.to_string()));
            if after == seen.record || self.write_function(Write::of(&seen, &after, row)).await? {
                return Ok(());
            }
        }
        Err(contended())
    }
}
