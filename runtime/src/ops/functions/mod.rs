//! Deployed functions: what the Lambda API does to their records, and what the worker asks about them.
//!
//! A function is one record. Its code is kept by digest, in parts of bounded size, its environment is
//! sealed; both go with the last reference. What compiles and runs stands above: this folder never does.

mod aliases;
mod builtins;
mod code;
mod concurrency;
mod create_function;
mod delete_function;
mod get_function;
mod list_function_logs;
mod list_functions;
mod logs;
mod permissions;
mod publish_version;
mod records;
mod resolve;
mod run_by_hand;
mod tags;
mod update_function_code;
mod update_function_configuration;
mod uses;

use keywheel_domain::api::lambda::{LambdaError, LambdaErrorCode};

pub use self::builtins::{BuiltinFunction, Functions};
pub use self::create_function::Deployed;
pub use self::logs::InvocationLog;
pub use self::resolve::Resolved;
pub use self::run_by_hand::HandRun;

/// The namespace of the actions of this API.
fn action(name: &str) -> String {
    format!("lambda:{name}")
}

fn contended() -> LambdaError {
    LambdaError::new(
        LambdaErrorCode::TooManyRequests,
        "Rate exceeded: too many changes of this function at once",
    )
}

/// Refuses a revision that is not the one that the caller has seen.
fn check_revision(given: Option<&str>, found: &str) -> Result<(), LambdaError> {
    match given {
        Some(given) if given != found => Err(LambdaError::new(
            LambdaErrorCode::PreconditionFailed,
            "The Revision Id provided does not match the latest Revision Id. Call the GetFunction or GetAlias API \
             to retrieve the latest Revision Id",
        )),
        _ => Ok(()),
    }
}
