//! Put, Get, Delete and List of the inline policies of users, groups and roles.

use keywheel_domain::api::ApiError;
use keywheel_domain::api::iam::{
    IamErrorCode, InlinePolicyRequest, InlinePolicyResponse, ListInlinePoliciesRequest,
    ListInlinePoliciesResponse, PutInlinePolicyRequest, iam_error,
};
use keywheel_domain::iam::EntityKind;
use keywheel_domain::policy::Kind;

use super::documents::{check_document, measured};
use crate::ops::{COMMIT_ATTEMPTS_MAX, Caller, Empty, Operations, contended};

impl Operations {
    /// Adds an inline policy, or overwrites the one of this name, capitals or not.
    pub(super) async fn put_inline_policy(
        &self,
        caller: &Caller,
        request: PutInlinePolicyRequest,
    ) -> Result<Empty, ApiError> {
        let PutInlinePolicyRequest { kind, entity_name, policy_name, document } = request;
        let action = format!("Put{}Policy", kind.noun());
        for _ in 0..COMMIT_ATTEMPTS_MAX {
            let entity = self.iam_entity_for(caller, &action, kind, &entity_name).await?;
            check_document(&document, Kind::Identity)?;
            let mut inline = entity.permissions().inline.clone();
            if let Some(known) = entity.permissions().inline_name(&policy_name) {
                inline.remove(known);
            }
            inline.insert(policy_name.clone(), document.clone());
            let max = kind.inline_chars_max();
            if inline.values().map(|document| measured(document)).sum::<usize>() > max {
                let told =
                    format!("Maximum policy size of {max} bytes exceeded for {} {entity_name}", kind.word());
                return Err(iam_error(IamErrorCode::LimitExceeded, told));
            }
            let change = entity.edited(|holding| holding.permissions.inline = inline);
            let arn = entity.arn(&caller.account);
            let row = self.audit_row(&caller.arn(), &action, &arn, None, Some(policy_name.clone()));
            if self.commit(change.audit(&row)).await? {
                return Ok(Empty {});
            }
        }
        Err(contended())
    }

    /// Shows an inline policy.
    pub(super) async fn get_inline_policy(
        &self,
        caller: &Caller,
        request: InlinePolicyRequest,
    ) -> Result<InlinePolicyResponse, ApiError> {
        let InlinePolicyRequest { kind, entity_name, policy_name } = request;
        let action = format!("Get{}Policy", kind.noun());
        let entity = self.iam_entity_for(caller, &action, kind, &entity_name).await?;
        let permissions = entity.permissions();
        let known = permissions.inline_name(&policy_name);
        let known = known.ok_or_else(|| policy_not_found(kind, &policy_name))?;
        Ok(InlinePolicyResponse::of(kind, entity.name(), known, &permissions.inline[known]))
    }

    /// Removes an inline policy.
    pub(super) async fn delete_inline_policy(
        &self,
        caller: &Caller,
        request: InlinePolicyRequest,
    ) -> Result<Empty, ApiError> {
        let InlinePolicyRequest { kind, entity_name, policy_name } = request;
        let action = format!("Delete{}Policy", kind.noun());
        for _ in 0..COMMIT_ATTEMPTS_MAX {
            let entity = self.iam_entity_for(caller, &action, kind, &entity_name).await?;
            let known = entity.permissions().inline_name(&policy_name);
            let known = known.ok_or_else(|| policy_not_found(kind, &policy_name))?.to_owned();
            let change = entity.edited(|holding| {
                holding.permissions.inline.remove(&known);
            });
            let arn = entity.arn(&caller.account);
            let row = self.audit_row(&caller.arn(), &action, &arn, None, Some(known));
            if self.commit(change.audit(&row)).await? {
                return Ok(Empty {});
            }
        }
        Err(contended())
    }

    /// Lists the names of inline policies.
    pub(super) async fn list_inline_policies(
        &self,
        caller: &Caller,
        request: ListInlinePoliciesRequest,
    ) -> Result<ListInlinePoliciesResponse, ApiError> {
        let ListInlinePoliciesRequest { kind, entity_name, page } = request;
        let action = format!("List{}Policies", kind.noun());
        let entity = self.iam_entity_for(caller, &action, kind, &entity_name).await?;
        let names = entity.permissions().inline.keys().cloned().collect();
        let asked: (&str, &[&str]) = (&action, &[entity.name()]);
        let (policy_names, end) = self.iam_page(caller, asked, &page, names, String::clone)?;
        Ok(ListInlinePoliciesResponse { policy_names, end })
    }
}

fn policy_not_found(kind: EntityKind, policy_name: &str) -> ApiError {
    let told = format!("The {} policy with name {policy_name} cannot be found.", kind.word());
    iam_error(IamErrorCode::NoSuchEntity, told)
}
