//! ListFunctions and ListVersionsByFunction.

use keywheel_domain::api::lambda::{
    LambdaError, ListFunctionsRequest, ListFunctionsResponse, ListVersionsByFunctionRequest,
    ListVersionsByFunctionResponse,
};
use keywheel_domain::function::{Function, Version};

use super::action;
use crate::ops::next_token::listing;
use crate::ops::{Caller, Operations};

/// Separates the parts of a position.
const SEPARATOR: char = ':';

impl Operations {
    /// Lists the functions of the caller's region, those that come with the program among them.
    pub async fn list_functions(
        &self,
        caller: &Caller,
        request: &ListFunctionsRequest,
    ) -> Result<ListFunctionsResponse, LambdaError> {
        self.authorize(caller, &action("ListFunctions"), None)?;
        let scope = caller.scope();
        let all = if request.all_versions { "ALL" } else { "" };
        let listing = listing(caller, "ListFunctions", &[all]);
        let after = self.marked(&listing, request.marker.as_deref())?;
        let mut functions = self.functions.all(&scope);
        functions.extend(self.functions_of(&scope).await?);
        functions.sort_by(|one, other| one.name.cmp(&other.name));
        let mut page = Vec::new();
        for function in &functions {
            let versions =
                function.all_versions().filter(|version| request.all_versions || version.number.is_none());
            page.extend(versions.map(|version| (function, version)));
        }
        page.retain(|(function, version)| {
            after.as_ref().is_none_or(|after| place_of(function, version) > *after)
        });
        let more = page.len() > request.max_items;
        page.truncate(request.max_items);
        let last = page.last().filter(|_| more).map(|(function, version)| place_of(function, version));
        let mut told = Vec::with_capacity(page.len());
        for (function, version) in page {
            let qualifier = request.all_versions.then(|| version.name());
            told.push(self.configuration(function, version, qualifier).await?);
        }
        let next_marker =
            last.map(|(name, number)| self.next_token(&listing, &format!("{name}{SEPARATOR}{number}")));
        Ok(ListFunctionsResponse { functions: told, next_marker })
    }

    /// Lists the versions of a function: the one that changes, then the published ones.
    pub async fn list_versions_by_function(
        &self,
        caller: &Caller,
        request: &ListVersionsByFunctionRequest,
    ) -> Result<ListVersionsByFunctionResponse, LambdaError> {
        let arn = request.function.arn(&caller.scope());
        self.authorize(caller, &action("ListVersionsByFunction"), Some(&arn))?;
        let function = self.function_to_read(caller, &request.function).await?;
        let listing = listing(caller, "ListVersionsByFunction", &[&arn]);
        let after = self.marked(&listing, request.marker.as_deref())?;
        let mut page: Vec<&Version> = function.all_versions().collect();
        page.retain(|version| after.as_ref().is_none_or(|after| place_of(&function, version) > *after));
        let more = page.len() > request.max_items;
        page.truncate(request.max_items);
        let last = page.last().filter(|_| more).map(|version| place_of(&function, version));
        let mut versions = Vec::with_capacity(page.len());
        for version in page {
            versions.push(self.configuration(&function, version, Some(version.name())).await?);
        }
        let next_marker =
            last.map(|(name, number)| self.next_token(&listing, &format!("{name}{SEPARATOR}{number}")));
        Ok(ListVersionsByFunctionResponse { versions, next_marker })
    }

    /// The place that a `Marker` holds.
    fn marked(&self, listing: &str, marker: Option<&str>) -> Result<Option<(String, u64)>, LambdaError> {
        let wrong = || LambdaError::invalid("The Marker is invalid.");
        let position = self.position(listing, marker).map_err(|_| wrong())?;
        let read = |position: String| {
            let (name, number) = position.rsplit_once(SEPARATOR)?;
            Some((name.to_owned(), number.parse().ok()?))
        };
        position.map(|position| read(position).ok_or_else(wrong)).transpose()
    }
}

/// Where a version stands in a listing.
fn place_of(function: &Function, version: &Version) -> (String, u64) {
    (function.name.clone(), version.number.unwrap_or_default())
}
