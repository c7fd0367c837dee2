//! The AWS Query protocol: a form in, XML out.
//!
//! A form is read into the members that a JSON body would have, and an answer is written from the JSON that it would be,
//! so that an operation does not know in which protocol it was asked.

mod error;
mod form;
#[cfg(test)]
mod property_tests;
#[cfg(test)]
mod tests;
mod xml;

pub use error::{QueryError, in_query_words};
pub use form::{Form, FormError, MEMBERS_MAX};
pub use xml::{answer, error_answer};

/// A service that speaks this protocol.
#[derive(Debug, PartialEq, Eq)]
pub struct QueryService {
    /// In the credential scope.
    pub name: &'static str,
    /// `Version` of its requests.
    pub version: &'static str,
    /// Of the elements of its answers.
    pub namespace: &'static str,
    /// As CloudTrail names it.
    pub source: &'static str,
}

/// Identity and Access Management.
pub const IAM: QueryService = QueryService {
    name: "iam",
    version: "2010-05-08",
    namespace: "https://iam.amazonaws.com/doc/2010-05-08/",
    source: "iam.amazonaws.com",
};

/// The Security Token Service.
pub const STS: QueryService = QueryService {
    name: "sts",
    version: "2011-06-15",
    namespace: "https://sts.amazonaws.com/doc/2011-06-15/",
    source: "sts.amazonaws.com",
};

/// All of them. A request that names no version of theirs is one to the first.
pub const SERVICES: [&QueryService; 2] = [&IAM, &STS];

impl QueryService {
    /// The service whose requests have this version.
    pub fn of_version(version: &str) -> &'static Self {
        SERVICES.into_iter().find(|service| service.version == version).unwrap_or(SERVICES[0])
    }
}
