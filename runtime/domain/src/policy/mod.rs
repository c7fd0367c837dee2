//! IAM policy documents: read, matched and evaluated as AWS documents it.
//!
//! What is allowed is a function of the request and the documents; nothing here loads either. A document that was
//! read is right: evaluation has no error. A value that cannot be compared (a variable without a value, a number that
//! is none) equals nothing: what asks for it fails, and what excludes it passes.

mod condition;
#[cfg(test)]
mod differential_tests;
mod document;
mod evaluate;
#[cfg(test)]
mod evaluate_tests;
mod json;
#[cfg(test)]
mod match_tests;
mod operand;
mod pattern;
mod principal;
#[cfg(test)]
mod property_tests;
mod public;
mod statement;
#[cfg(test)]
mod tests;

pub use condition::{Condition, Context};
pub use document::{DOCUMENT_BYTES_MAX, Document, Effect, Fault, Kind, MalformedDocument, Place, Statement};
pub use evaluate::{
    Caller, Decision, Grant, Layer, Named, Policies, Reason, Request, ResourceRule, Source, evaluate, explain,
};
pub use public::{findings, is_public};
pub use statement::{Finding, Mismatch};
