//! UpdateFunctionConfiguration.

use keywheel_domain::api::lambda::{FunctionConfiguration, LambdaError, UpdateFunctionConfigurationRequest};

use super::records::Write;
use super::{action, check_revision, contended};
use crate::ops::{COMMIT_ATTEMPTS_MAX, Caller, Operations};

impl Operations {
    /// Changes how the latest version runs. What is published stays as it is.
    pub async fn update_function_configuration(
        &self,
        caller: &Caller,
        request: &UpdateFunctionConfigurationRequest,
    ) -> Result<FunctionConfiguration, LambdaError> {
        let scope = caller.scope();
        let arn = request.function.arn(&scope);
        self.authorize(caller, &action("UpdateFunctionConfiguration"), Some(&arn))?;
        for _ in 0..COMMIT_ATTEMPTS_MAX {
            let seen = self.function_to_change(caller, &request.function).await?;
            check_revision(request.revision_id.as_deref(), &seen.record.latest.revision_id)?;
            let mut after = seen.record.clone();
            request.settings.apply(&mut after.latest);
            let mut environment = None;
            let mut detail = None;
            if let Some(given) = &request.settings.environment {
                environment = self.seal_environment(&scope, &arn, given).await?;
                after.latest.environment_id = environment.as_ref().map(|(id, _)| id.clone());
                let names: Vec<&str> = given.iter().map(|(name, _)| name.as_str()).collect();
                detail = Some(format!("environment {}", names.join(" ")));
            }
            (after.latest.modified, after.latest.revision_id) = (self.clock.now(), self.new_revision_id());
            let row = self.function_row(caller, "UpdateFunctionConfiguration", &arn, None, detail);
            if self.write_function(Write { environment, ..Write::of(&seen, &after, row) }).await? {
                return Ok(self.configuration(&after, &after.latest, None).await?);
            }
        }
        Err(contended())
    }
}
