//! PutFunctionConcurrency, GetFunctionConcurrency and DeleteFunctionConcurrency.

use serde::Serialize;

use super::{Call, LambdaError, LambdaRequest};
use crate::function::FunctionId;
use crate::secret::Scope;

/// The most steps of one function that may be reserved. The host runs no more than it has room for.
const RESERVED_MAX: usize = 1000;

/// Bounds how many steps of a function run at once.
#[derive(Clone, Debug)]
pub struct PutFunctionConcurrencyRequest {
    /// Of which function.
    pub function: FunctionId,
    /// With none, nothing runs.
    pub reserved: u32,
}

impl LambdaRequest for PutFunctionConcurrencyRequest {
    fn read(call: &mut Call, scope: &Scope) -> Result<Self, LambdaError> {
        let function = call.whole_function(scope)?;
        let members = &mut call.members;
        let reserved = members.bounded_integer("ReservedConcurrentExecutions", 0..=RESERVED_MAX)?;
        let reserved = members.require("ReservedConcurrentExecutions", reserved).unwrap_or_default();
        Ok(Self { function, reserved: u32::try_from(reserved).unwrap_or_default() })
    }
}

/// Asks for that bound.
#[derive(Clone, Debug)]
pub struct GetFunctionConcurrencyRequest {
    /// Of which function.
    pub function: FunctionId,
}

impl LambdaRequest for GetFunctionConcurrencyRequest {
    fn read(call: &mut Call, scope: &Scope) -> Result<Self, LambdaError> {
        Ok(Self { function: call.whole_function(scope)? })
    }
}

/// Takes that bound away.
#[derive(Clone, Debug)]
pub struct DeleteFunctionConcurrencyRequest {
    /// Of which function.
    pub function: FunctionId,
}

impl LambdaRequest for DeleteFunctionConcurrencyRequest {
    fn read(call: &mut Call, scope: &Scope) -> Result<Self, LambdaError> {
        Ok(Self { function: call.whole_function(scope)? })
    }
}

/// How many steps run at once.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Concurrency {
    /// The host's own bound when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reserved_concurrent_executions: Option<u32>,
}
