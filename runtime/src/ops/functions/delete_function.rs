//! DeleteFunction.

use keywheel_domain::api::lambda::{DeleteFunctionRequest, Empty, LambdaError};
use keywheel_domain::function::{Function, Qualifier};

use super::records::Write;
use super::{action, contended};
use crate::ops::{COMMIT_ATTEMPTS_MAX, Caller, Operations, Seen, keys};

impl Operations {
    /// Deletes a function with all that belongs to it, or one of its versions.
    pub async fn delete_function(
        &self,
        caller: &Caller,
        request: &DeleteFunctionRequest,
    ) -> Result<Empty, LambdaError> {
        let id = &request.function;
        let arn = id.arn(&caller.scope());
        self.authorize(caller, &action("DeleteFunction"), Some(&arn))?;
        for _ in 0..COMMIT_ATTEMPTS_MAX {
            let seen = self.function_to_change(caller, id).await?;
            let after = match &id.qualifier {
                Some(Qualifier::Version(number)) => Some(without(&seen, *number, &arn)?),
                _ => None,
            };
            let expect = self.unused(caller, id, request.force).await?;
            let deletes = if after.is_some() { Vec::new() } else { self.belongings(&seen.record).await? };
            let detail = request.force.then(|| "forced".to_owned());
            let row = self.function_row(caller, "DeleteFunction", &arn, None, detail);
            let write = Write {
                before: Some(&seen),
                after: after.as_ref(),
                code: None,
                environment: None,
                expect,
                deletes,
                row,
            };
            if self.write_function(write).await? {
                return Ok(Empty {});
            }
        }
        Err(contended())
    }

    /// What else is kept of a function: its logs, and the mark of its uses.
    async fn belongings(&self, function: &Function) -> Result<Vec<crate::store::Key>, LambdaError> {
        let mut belongings = self.function_log_keys(&function.scope, &function.name).await?;
        belongings.push(keys::function_uses(&function.scope, &function.name));
        Ok(belongings)
    }
}

fn without(seen: &Seen<Function>, number: u64, arn: &str) -> Result<Function, LambdaError> {
    let mut after = seen.record.clone();
    after.versions.retain(|version| version.number != Some(number));
    if after.versions.len() == seen.record.versions.len() {
        return Err(LambdaError::function_not_found(arn));
    }
    let names: Vec<&str> = after
        .aliases
        .iter()
        .filter(|alias| alias.version == Some(number))
        .map(|alias| alias.name.as_str())
        .collect();
    if !names.is_empty() {
        return Err(LambdaError::conflict(format!(
            "Version {number} cannot be deleted as long as these aliases name it: {}",
            names.join(", ")
        )));
    }
    after.policies.retain(|policy| policy.qualifier.as_deref() != Some(&number.to_string()));
    Ok(after)
}
