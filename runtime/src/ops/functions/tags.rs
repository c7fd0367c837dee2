//! TagResource, UntagResource and ListTags, of functions.

use std::collections::BTreeMap;

use keywheel_domain::api::lambda::{
    Empty, LambdaError, ListTagsRequest, ListTagsResponse, TagFunctionRequest, UntagFunctionRequest,
};
use keywheel_domain::function::{Function, FunctionId, TAGS_MAX};

use super::records::Write;
use super::{action, contended};
use crate::ops::access::{Access, Resource};
use crate::ops::{COMMIT_ATTEMPTS_MAX, Caller, Operations};

impl Operations {
    /// Adds tags to a function, or gives them other values.
    pub async fn tag_function(
        &self,
        caller: &Caller,
        request: &TagFunctionRequest,
    ) -> Result<Empty, LambdaError> {
        let add = |function: &mut Function| function.tags.extend(request.tags.clone());
        let access = Access::new(action("TagResource"), None).with_tags(named(&request.tags));
        self.retag(caller, &access, &request.function, add).await
    }

    /// Takes tags off a function.
    pub async fn untag_function(
        &self,
        caller: &Caller,
        request: &UntagFunctionRequest,
    ) -> Result<Empty, LambdaError> {
        let remove = |function: &mut Function| function.tags.retain(|key, _| !request.keys.contains(key));
        let keys = request.keys.iter().map(String::as_str);
        let access = Access::new(action("UntagResource"), None).with_tag_keys(keys);
        self.retag(caller, &access, &request.function, remove).await
    }

    /// The tags of a function.
    pub async fn list_function_tags(
        &self,
        caller: &Caller,
        request: &ListTagsRequest,
    ) -> Result<ListTagsResponse, LambdaError> {
        let arn = request.function.arn(&caller.scope());
        self.authorize(caller, &action("ListTags"), Some(&arn))?;
        Ok(ListTagsResponse { tags: self.function_to_read(caller, &request.function).await?.tags })
    }

    async fn retag(
        &self,
        caller: &Caller,
        access: &Access<'_>,
        id: &FunctionId,
        retag: impl Fn(&mut Function),
    ) -> Result<Empty, LambdaError> {
        let arn = id.arn(&caller.scope());
        self.authorize_on(caller, &access.on(&arn), &Resource::plain(arn.as_str(), &caller.account))?;
        for _ in 0..COMMIT_ATTEMPTS_MAX {
            let seen = self.function_to_change(caller, id).await?;
            let mut after = seen.record.clone();
            retag(&mut after);
            if after.tags.len() > TAGS_MAX {
                return Err(LambdaError::invalid(format!("A function can have {TAGS_MAX} tags.")));
            }
            let row = self.function_row(caller, access.operation(), &arn, None, None);
            if after == seen.record || self.write_function(Write::of(&seen, &after, row)).await? {
                return Ok(Empty {});
            }
        }
        Err(contended())
    }
}

/// Tags as conditions read them.
pub(super) fn named(tags: &BTreeMap<String, String>) -> impl Iterator<Item = (&str, &str)> {
    tags.iter().map(|(key, value)| (key.as_str(), value.as_str()))
}
