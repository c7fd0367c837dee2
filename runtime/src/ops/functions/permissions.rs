//! AddPermission, RemovePermission and GetPolicy.

use keywheel_domain::api::lambda::{
    AddPermissionRequest, AddPermissionResponse, Empty, GetPolicyRequest, GetPolicyResponse, LambdaError,
    LambdaErrorCode, RemovePermissionRequest,
};
use keywheel_domain::function::{Function, FunctionId, Policy, STATEMENTS_MAX};

use super::records::Write;
use super::{action, check_revision, contended};
use crate::ops::{COMMIT_ATTEMPTS_MAX, Caller, Operations};

impl Operations {
    /// Lets somebody invoke a function, a version or an alias.
    pub async fn add_permission(
        &self,
        caller: &Caller,
        request: &AddPermissionRequest,
    ) -> Result<AddPermissionResponse, LambdaError> {
        let (id, statement) = (&request.function, &request.statement);
        let arn = id.arn(&caller.scope());
        self.authorize(caller, &action("AddPermission"), Some(&arn))?;
        for _ in 0..COMMIT_ATTEMPTS_MAX {
            let seen = self.function_to_change(caller, id).await?;
            check_there(&seen.record, id, &arn)?;
            let mut after = seen.record.clone();
            let policy = policy_of(&mut after, id);
            check_revision(request.revision_id.as_deref(), &policy.revision_id)?;
            if policy.statements.iter().any(|known| known.sid == statement.sid) {
                return Err(LambdaError::conflict(format!(
                    "The statement id ({}) provided already exists. Please provide a new statement id, or remove \
                     the existing statement.",
                    statement.sid
                )));
            }
            if policy.statements.len() >= STATEMENTS_MAX {
                let told = format!("A policy can have {STATEMENTS_MAX} statements.");
                return Err(LambdaError::new(LambdaErrorCode::PolicyLengthExceeded, told));
            }
            policy.statements.push(statement.clone());
            policy.revision_id = self.new_revision_id();
            let detail = Some(format!("{}: {} for {}", statement.sid, statement.action, statement.principal));
            let row = self.function_row(caller, "AddPermission", &arn, None, detail);
            if self.write_function(Write::of(&seen, &after, row)).await? {
                return Ok(AddPermissionResponse { statement: statement.to_document(&arn).to_string() });
            }
        }
        Err(contended())
    }

    /// Takes a permission back. Rotations that have begun go on.
    pub async fn remove_permission(
        &self,
        caller: &Caller,
        request: &RemovePermissionRequest,
    ) -> Result<Empty, LambdaError> {
        let id = &request.function;
        let arn = id.arn(&caller.scope());
        self.authorize(caller, &action("RemovePermission"), Some(&arn))?;
        for _ in 0..COMMIT_ATTEMPTS_MAX {
            let seen = self.function_to_change(caller, id).await?;
            check_there(&seen.record, id, &arn)?;
            let mut after = seen.record.clone();
            let policy = policy_of(&mut after, id);
            check_revision(request.revision_id.as_deref(), &policy.revision_id)?;
            let before = policy.statements.len();
            policy.statements.retain(|statement| statement.sid != request.sid);
            if policy.statements.len() == before {
                let told = format!("Statement {} is not found in resource policy.", request.sid);
                return Err(LambdaError::new(LambdaErrorCode::ResourceNotFound, told));
            }
            policy.revision_id = self.new_revision_id();
            after.policies.retain(|policy| !policy.statements.is_empty());
            let detail = Some(request.sid.clone());
            let row = self.function_row(caller, "RemovePermission", &arn, None, detail);
            if self.write_function(Write::of(&seen, &after, row)).await? {
                return Ok(Empty {});
            }
        }
        Err(contended())
    }

    /// Who may invoke a function, a version or an alias.
    pub async fn get_policy(
        &self,
        caller: &Caller,
        request: &GetPolicyRequest,
    ) -> Result<GetPolicyResponse, LambdaError> {
        let id = &request.function;
        let arn = id.arn(&caller.scope());
        self.authorize(caller, &action("GetPolicy"), Some(&arn))?;
        let function = self.function_to_read(caller, id).await?;
        check_there(&function, id, &arn)?;
        let policy = function.policy(id.qualifier.as_ref()).ok_or_else(|| {
            let told = "The resource you requested does not exist.";
            LambdaError::new(LambdaErrorCode::ResourceNotFound, told)
        })?;
        Ok(GetPolicyResponse {
            policy: policy.to_document(&arn).to_string(),
            revision_id: policy.revision_id.clone(),
        })
    }
}

fn check_there(function: &Function, id: &FunctionId, arn: &str) -> Result<(), LambdaError> {
    match function.select(id.qualifier.as_ref()) {
        Some(_) => Ok(()),
        None => Err(LambdaError::function_not_found(arn)),
    }
}

/// The policy on what is named, made if there is none.
fn policy_of<'a>(function: &'a mut Function, id: &FunctionId) -> &'a mut Policy {
    let qualifier = id.qualifier.as_ref().map(ToString::to_string);
    let policies = &mut function.policies;
    let place = policies.iter().position(|policy| policy.qualifier == qualifier).unwrap_or_else(|| {
        policies.push(Policy { qualifier, statements: Vec::new(), revision_id: String::new() });
        policies.len() - 1
    });
    &mut policies[place]
}
