//! A request, taken apart.

use serde::Serialize;

use super::super::ApiError;
use super::super::members::{Bounds, Members};
use super::{LambdaError, Route};
use crate::function::{FunctionId, QUALIFIER_CHARS_MAX};
use crate::secret::Scope;
use crate::sigv4::decoded;

/// Items that a page of a listing may ask for.
const MAX_ITEMS: Bounds = 1..=10_000;
/// Items of one page, whatever was asked for.
const PAGE_ITEMS_MAX: usize = 50;

/// What the path names, the query, the body.
#[derive(Debug)]
pub struct Call {
    /// The function, as its caller spells it.
    function: String,
    /// The alias or the statement.
    item: String,
    query: Vec<(String, String)>,
    /// The body's members.
    pub(super) members: Members,
    /// The caller insists.
    pub(super) force: bool,
}

/// The answer of an operation that says nothing.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Empty {}

/// A request that can be read from a [`Call`] in a scope.
pub trait LambdaRequest: Sized {
    /// Reads and checks.
    fn read(call: &mut Call, scope: &Scope) -> Result<Self, LambdaError>;
}

impl Call {
    /// Takes a request apart. `query` is as on the request line.
    pub fn new(route: Route, query: &str, body: &[u8], force: bool) -> Result<Self, LambdaError> {
        let members = Members::parse(body)?;
        let pairs = query.split('&').filter(|pair| !pair.is_empty());
        let plain = |text: &str| String::from_utf8_lossy(&decoded(text)).into_owned();
        let query = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        let query: Vec<(String, String)> = query.map(|(name, value)| (plain(name), plain(value))).collect();
        let force = force || query.iter().any(|(name, value)| name == "X-Keywheel-Force" && value == "true");
        Ok(Self { function: route.function, item: route.item, query, members, force })
    }

    /// Reads a whole request and tells the constraints that it broke.
    pub fn read<R: LambdaRequest>(mut self, scope: &Scope) -> Result<R, LambdaError> {
        let request = R::read(&mut self, scope)?;
        self.members.finish()?;
        Ok(request)
    }

    /// The function that the path names, with the qualifier of the query.
    pub(super) fn function(&mut self, scope: &Scope) -> Result<FunctionId, LambdaError> {
        let given = self.parameter("Qualifier").filter(|given| !given.is_empty());
        Ok(FunctionId::parse(&self.function, scope)?.qualified(given)?)
    }

    /// The function that the path names as a whole: its latest version.
    pub(super) fn whole_function(&mut self, scope: &Scope) -> Result<FunctionId, LambdaError> {
        let id = self.function(scope)?;
        match id.qualifier {
            None | Some(crate::function::Qualifier::Latest) => Ok(FunctionId { qualifier: None, ..id }),
            Some(_) => {
                Err(LambdaError::invalid("This operation takes a function without a version or alias."))
            }
        }
    }

    /// The alias or statement that the path names.
    pub(super) fn item(&self) -> Result<String, LambdaError> {
        if (1..=QUALIFIER_CHARS_MAX).contains(&self.item.len()) {
            return Ok(self.item.clone());
        }
        Err(LambdaError::invalid("The path names something that is too long."))
    }

    /// A parameter of the query.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// All parameters of the query with this name.
    pub(super) fn parameters(&self, name: &str) -> Vec<String> {
        self.query.iter().filter(|(known, _)| known == name).map(|(_, value)| value.clone()).collect()
    }

    /// Where a listing goes on, and how many items it shows.
    pub(super) fn page(&self) -> Result<(Option<String>, usize), ApiError> {
        let marker = self.parameter("Marker").filter(|marker| !marker.is_empty()).map(str::to_owned);
        let items = match self.parameter("MaxItems") {
            None => PAGE_ITEMS_MAX,
            Some(text) => text.parse().ok().filter(|items| MAX_ITEMS.contains(items)).ok_or_else(|| {
                let told = "1 validation error detected: Value at 'maxItems' failed to satisfy constraint: \
                            Member must have value between 1 and 10000";
                ApiError::new(super::super::ErrorCode::Validation, told)
            })?,
        };
        Ok((marker, items.min(PAGE_ITEMS_MAX)))
    }

    /// `RevisionId` of the body or of the query.
    pub(super) fn revision_id(&mut self) -> Result<Option<String>, ApiError> {
        let given = self.members.text("RevisionId", 0..=QUALIFIER_CHARS_MAX)?;
        Ok(given.or_else(|| self.parameter("RevisionId").map(str::to_owned)))
    }
}
