//! Tags of users, roles and policies.

use keywheel_domain::api::ApiError;
use keywheel_domain::api::iam::{
    IamErrorCode, ListTagsRequest, ListTagsResponse, TagRequest, Tagged, UntagRequest, iam_error,
};
use keywheel_domain::iam::{Policy, TAGS_MAX, Tag, merged, without};

use super::records::{Entity, Managed};
use crate::ops::change::Change;
use crate::ops::{COMMIT_ATTEMPTS_MAX, Caller, Empty, Operations, Seen, contended};

/// What keys begin with that only the service gives.
const RESERVED_PREFIX: &str = "aws:";

/// What has tags, as it was seen.
enum Holder {
    Entity(Entity),
    Policy(Seen<Policy>),
}

impl Operations {
    /// Adds tags, each over one of the same key.
    pub(super) async fn tag_iam(&self, caller: &Caller, request: TagRequest) -> Result<Empty, ApiError> {
        check_new_tags(&request.tags)?;
        self.change_tags(caller, "Tag", &request.tagged, |tags| merged(tags, &request.tags)).await
    }

    /// Removes tags.
    pub(super) async fn untag_iam(&self, caller: &Caller, request: UntagRequest) -> Result<Empty, ApiError> {
        self.change_tags(caller, "Untag", &request.tagged, |tags| without(tags, &request.keys)).await
    }

    /// Lists tags.
    pub(super) async fn list_iam_tags(
        &self,
        caller: &Caller,
        request: ListTagsRequest,
    ) -> Result<ListTagsResponse, ApiError> {
        let action = format!("List{}Tags", noun(&request.tagged));
        let (tags, name) = match &request.tagged {
            Tagged::Entity(kind, name) => {
                let entity = self.iam_entity_for(caller, &action, *kind, name).await?;
                (entity.tags().to_vec(), name)
            }
            Tagged::Policy(arn) => match self.managed_policy_for(caller, &action, arn).await? {
                Managed::Own(seen) => (seen.record.tags, arn),
                Managed::Builtin(_) => (Vec::new(), arn),
            },
        };
        let asked: (&str, &[&str]) = (&action, &[name]);
        let (tags, end) = self.iam_page(caller, asked, &request.page, tags, |tag| tag.key.clone())?;
        Ok(ListTagsResponse { tags, end })
    }

    async fn change_tags(
        &self,
        caller: &Caller,
        verb: &str,
        tagged: &Tagged,
        edit: impl Fn(&[Tag]) -> Vec<Tag>,
    ) -> Result<Empty, ApiError> {
        let action = format!("{verb}{}", noun(tagged));
        for _ in 0..COMMIT_ATTEMPTS_MAX {
            let holder = match tagged {
                Tagged::Entity(kind, name) => {
                    Holder::Entity(self.iam_entity_for(caller, &action, *kind, name).await?)
                }
                Tagged::Policy(arn) => Holder::Policy(self.own_policy_for(caller, &action, arn).await?),
            };
            let before = match &holder {
                Holder::Entity(entity) => entity.tags(),
                Holder::Policy(seen) => &seen.record.tags,
            };
            let after = edit(before);
            if after == before {
                return Ok(Empty {});
            }
            if after.len() > TAGS_MAX {
                let told = "The number of tags has reached the maximum limit.";
                return Err(iam_error(IamErrorCode::LimitExceeded, told));
            }
            let (change, arn) = match &holder {
                Holder::Entity(entity) => {
                    (entity.edited(|holding| *holding.tags = after), entity.arn(&caller.account))
                }
                Holder::Policy(seen) => {
                    let after = Policy { tags: after, ..seen.record.clone() };
                    (Change::replace(seen, &after), after.arn(&caller.account))
                }
            };
            let row = self.audit_row(&caller.arn(), &action, &arn, None, None);
            if self.commit(change.audit(&row)).await? {
                return Ok(Empty {});
            }
        }
        Err(contended())
    }
}

const fn noun(tagged: &Tagged) -> &'static str {
    match tagged {
        Tagged::Entity(kind, _) => kind.noun(),
        Tagged::Policy(_) => "Policy",
    }
}

/// Refuses tags that nobody can add.
pub(super) fn check_new_tags(tags: &[Tag]) -> Result<(), ApiError> {
    let refused = |told: &str| Err(iam_error(IamErrorCode::InvalidInput, told));
    for (index, tag) in tags.iter().enumerate() {
        if tag.key.to_ascii_lowercase().starts_with(RESERVED_PREFIX) {
            return refused("Tag keys that begin with aws: are reserved for system use.");
        }
        if tags[..index].iter().any(|known| known.key.eq_ignore_ascii_case(&tag.key)) {
            return refused("Duplicate tag keys found. Please note that Tag keys are case insensitive.");
        }
    }
    Ok(())
}
