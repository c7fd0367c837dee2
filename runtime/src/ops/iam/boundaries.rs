//! Permissions boundaries of users and roles.

use keywheel_domain::api::ApiError;
use keywheel_domain::api::iam::{DeleteBoundaryRequest, PutBoundaryRequest};
use keywheel_domain::iam::EntityKind;

use super::census::Census;
use crate::ops::change::Change;
use crate::ops::{COMMIT_ATTEMPTS_MAX, Caller, Empty, Operations, contended};

impl Operations {
    /// Says what is the most that a user or role may do.
    pub(super) async fn put_permissions_boundary(
        &self,
        caller: &Caller,
        request: PutBoundaryRequest,
    ) -> Result<Empty, ApiError> {
        let PutBoundaryRequest { kind, entity_name, boundary } = request;
        self.change_boundary(caller, "Put", kind, &entity_name, Some(&boundary)).await
    }

    /// Takes a boundary away. Who has none keeps none.
    pub(super) async fn delete_permissions_boundary(
        &self,
        caller: &Caller,
        request: DeleteBoundaryRequest,
    ) -> Result<Empty, ApiError> {
        let DeleteBoundaryRequest { kind, entity_name } = request;
        self.change_boundary(caller, "Delete", kind, &entity_name, None).await
    }

    async fn change_boundary(
        &self,
        caller: &Caller,
        verb: &str,
        kind: EntityKind,
        entity_name: &str,
        boundary: Option<&String>,
    ) -> Result<Empty, ApiError> {
        let account = &caller.account;
        let action = format!("{verb}{}PermissionsBoundary", kind.noun());
        for _ in 0..COMMIT_ATTEMPTS_MAX {
            let mut census = self.iam_census(account).await?;
            let entity = self.iam_entity_for(caller, &action, kind, entity_name).await?;
            let policy = match boundary {
                None => None,
                Some(arn) => Some(self.attachable_policy(account, arn).await?),
            };
            if entity.boundary() == boundary {
                return Ok(Empty {});
            }
            let mut change = entity.edited(|holding| *holding.boundary = boundary.cloned());
            change = change.and(self.without_boundary(account, entity.boundary(), &mut census).await?);
            if let Some(policy) = policy {
                change = change.and(policy.counted(&mut census, |uses| uses.boundary += 1));
            }
            let arn = entity.arn(account);
            let row = self.audit_row(&caller.arn(), &action, &arn, None, boundary.cloned());
            if self.commit(change.and(census.change()).audit(&row)).await? {
                return Ok(Empty {});
            }
        }
        Err(contended())
    }

    /// Counts that a boundary is one no more.
    pub(super) async fn without_boundary(
        &self,
        account: &str,
        boundary: Option<&String>,
        census: &mut Census,
    ) -> Result<Change, ApiError> {
        let Some(arn) = boundary else { return Ok(Change::new()) };
        // A policy that is a boundary cannot be deleted: should it be gone, so is the use.
        let Some(policy) = self.iam_managed_policy(account, arn).await? else { return Ok(Change::new()) };
        Ok(policy.counted(census, |uses| uses.boundary = uses.boundary.saturating_sub(1)))
    }
}
