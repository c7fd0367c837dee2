//! Shapes of the AWS Lambda protocol (REST-JSON, service model 2015-03-31), as far as a rotation function
//! needs it.
//!
//! A request is taken apart into a [`Call`]: what its path names, its query, its body. Each action reads its
//! own members from there, as with the other protocol.

mod aliases;
mod call;
mod concurrency;
mod configuration;
mod create_function;
mod delete_function;
mod error;
mod get_function;
mod invoke;
mod list_functions;
mod permissions;
mod publish_version;
mod route;
mod settings;
mod tags;
mod update_function_code;
mod update_function_configuration;

pub use aliases::{
    AliasConfiguration, CreateAliasRequest, DeleteAliasRequest, GetAliasRequest, ListAliasesRequest,
    ListAliasesResponse, UpdateAliasRequest,
};
pub use call::{Call, Empty, LambdaRequest};
pub use concurrency::{
    Concurrency, DeleteFunctionConcurrencyRequest, GetFunctionConcurrencyRequest,
    PutFunctionConcurrencyRequest,
};
pub use configuration::{EnvironmentResponse, FunctionConfiguration, in_base64};
pub use create_function::{Code, CreateFunctionRequest};
pub use delete_function::DeleteFunctionRequest;
pub use error::{LambdaError, LambdaErrorCode};
pub use get_function::{
    CodeLocation, GetFunctionConfigurationRequest, GetFunctionRequest, GetFunctionResponse,
};
pub use invoke::{FunctionFailure, InvocationEvent, InvokeRequest};
pub use list_functions::{
    ListFunctionsRequest, ListFunctionsResponse, ListVersionsByFunctionRequest,
    ListVersionsByFunctionResponse,
};
pub use permissions::{
    AddPermissionRequest, AddPermissionResponse, GetPolicyRequest, GetPolicyResponse, RemovePermissionRequest,
};
pub use publish_version::PublishVersionRequest;
pub use route::{Operation, Route, is_path};
pub use settings::Settings;
pub use tags::{ListTagsRequest, ListTagsResponse, TagFunctionRequest, UntagFunctionRequest};
pub use update_function_code::UpdateFunctionCodeRequest;
pub use update_function_configuration::UpdateFunctionConfigurationRequest;
