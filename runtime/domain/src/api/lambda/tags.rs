//! TagResource, UntagResource and ListTags, of functions.

use std::collections::BTreeMap;

use serde::Serialize;

use super::super::members::Members;
use super::{Call, LambdaError, LambdaRequest};
use crate::function::{FunctionId, TAGS_MAX};
use crate::secret::Scope;

/// Characters of a tag's key.
const KEY_CHARS_MAX: usize = 128;
/// Characters of a tag's value.
const VALUE_CHARS_MAX: usize = 256;

/// `Tags`.
pub(super) fn read(members: &mut Members) -> Result<BTreeMap<String, String>, LambdaError> {
    let tags = members.texts("Tags")?.unwrap_or_default();
    let fits = |(key, value): (&String, &String)| {
        (1..=KEY_CHARS_MAX).contains(&key.chars().count()) && value.chars().count() <= VALUE_CHARS_MAX
    };
    if tags.len() > TAGS_MAX || !tags.iter().all(fits) {
        return Err(LambdaError::invalid(format!(
            "A function has up to {TAGS_MAX} tags, with keys of 1 to {KEY_CHARS_MAX} and values of up to \
             {VALUE_CHARS_MAX} characters."
        )));
    }
    Ok(tags)
}

/// Adds tags, or gives them other values.
#[derive(Clone, Debug)]
pub struct TagFunctionRequest {
    /// Which function.
    pub function: FunctionId,
    /// By key.
    pub tags: BTreeMap<String, String>,
}

impl LambdaRequest for TagFunctionRequest {
    fn read(call: &mut Call, scope: &Scope) -> Result<Self, LambdaError> {
        Ok(Self { function: call.whole_function(scope)?, tags: read(&mut call.members)? })
    }
}

/// Takes tags off.
#[derive(Clone, Debug)]
pub struct UntagFunctionRequest {
    /// Which function.
    pub function: FunctionId,
    /// Those that are absent are no error.
    pub keys: Vec<String>,
}

impl LambdaRequest for UntagFunctionRequest {
    fn read(call: &mut Call, scope: &Scope) -> Result<Self, LambdaError> {
        Ok(Self { function: call.whole_function(scope)?, keys: call.parameters("tagKeys") })
    }
}

/// Lists the tags of a function.
#[derive(Clone, Debug)]
pub struct ListTagsRequest {
    /// Which function.
    pub function: FunctionId,
}

impl LambdaRequest for ListTagsRequest {
    fn read(call: &mut Call, scope: &Scope) -> Result<Self, LambdaError> {
        Ok(Self { function: call.whole_function(scope)? })
    }
}

/// All tags.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListTagsResponse {
    /// By key.
    pub tags: BTreeMap<String, String>,
}
