//! IAM policy documents: read, matched and evaluated as AWS documents it.
//!
//! What is allowed is a function of the request and the documents; nothing here loads either. A document that was
//! read is right: evaluation has no error. A value that cannot be compared (a variable without a value, a number that
//! is none) equals nothing: what asks for it fails, and what excludes it passes.

mod condition;
mod decision;
#[cfg(test)]
mod differential_tests;
mod document;
mod evaluate;
#[cfg(test)]
mod evaluate_tests;
mod fault;
mod json;
#[cfg(test)]
mod match_tests;
mod operand;
mod outline;
mod pattern;
mod principal;
#[cfg(test)]
mod property_tests;
mod public;
mod request;
mod statement;
#[cfg(test)]
mod tests;

pub use condition::Condition;
pub use decision::{Decision, Grant, Layer, Reason, Source};
pub use document::{Document, Effect, Kind, MalformedDocument, Place, Statement};
pub use evaluate::{Named, Policies, ResourceRule, evaluate, explain};
pub use fault::{DOCUMENT_BYTES_MAX, Fault};
pub use outline::{StatementOutline, TextPosition, add_key, outline};
pub use public::{findings, is_public};
pub use request::{Caller, Context, Request, Values};
pub use statement::{Finding, Mismatch};
