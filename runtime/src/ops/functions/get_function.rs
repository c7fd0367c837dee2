//! GetFunction and GetFunctionConfiguration.

use keywheel_domain::api::lambda::{
    CodeLocation, Concurrency, FunctionConfiguration, GetFunctionConfigurationRequest, GetFunctionRequest,
    GetFunctionResponse, LambdaError,
};
use keywheel_domain::function::{Function, FunctionId, Version};

use super::action;
use crate::ops::{Caller, Operations};

impl Operations {
    /// All about a version of a function.
    pub async fn get_function(
        &self,
        caller: &Caller,
        request: &GetFunctionRequest,
    ) -> Result<GetFunctionResponse, LambdaError> {
        let (function, version) = self.version_to_read(caller, "GetFunction", &request.function).await?;
        Ok(GetFunctionResponse {
            configuration: self.configuration(&function, &version, qualifier(&request.function)).await?,
            code: CodeLocation::of(&version.digest),
            tags: function.tags,
            concurrency: function
                .reserved
                .map(|reserved| Concurrency { reserved_concurrent_executions: Some(reserved) }),
        })
    }

    /// How a version of a function runs.
    pub async fn get_function_configuration(
        &self,
        caller: &Caller,
        request: &GetFunctionConfigurationRequest,
    ) -> Result<FunctionConfiguration, LambdaError> {
        let named = &request.function;
        let (function, version) = self.version_to_read(caller, "GetFunctionConfiguration", named).await?;
        Ok(self.configuration(&function, &version, qualifier(named)).await?)
    }

    async fn version_to_read(
        &self,
        caller: &Caller,
        name: &str,
        id: &FunctionId,
    ) -> Result<(Function, Version), LambdaError> {
        let arn = id.arn(&caller.scope());
        self.authorize(caller, &action(name), Some(&arn))?;
        let function = self.function_to_read(caller, id).await?;
        let version = function.select(id.qualifier.as_ref()).cloned();
        Ok((function, version.ok_or_else(|| LambdaError::function_not_found(&arn))?))
    }
}

fn qualifier(id: &FunctionId) -> Option<String> {
    id.qualifier.as_ref().map(ToString::to_string)
}
