//! PublishVersion.

use keywheel_domain::api::lambda::{FunctionConfiguration, LambdaError, PublishVersionRequest};

use super::records::Write;
use super::{action, check_revision, contended};
use crate::ops::{COMMIT_ATTEMPTS_MAX, Caller, Operations};

impl Operations {
    /// Freezes the latest code and configuration under the next number; where nothing has changed since the
    /// last version, tells that one.
    pub async fn publish_version(
        &self,
        caller: &Caller,
        request: &PublishVersionRequest,
    ) -> Result<FunctionConfiguration, LambdaError> {
        let arn = request.function.arn(&caller.scope());
        self.authorize(caller, &action("PublishVersion"), Some(&arn))?;
        for _ in 0..COMMIT_ATTEMPTS_MAX {
            let seen = self.function_to_change(caller, &request.function).await?;
            let latest = &seen.record.latest;
            check_revision(request.revision_id.as_deref(), &latest.revision_id)?;
            if request.code_sha256.as_ref().is_some_and(|given| *given != latest.code_sha256) {
                return Err(LambdaError::invalid(format!(
                    "CodeSHA256 is different from that of $LATEST, which is {}.",
                    latest.code_sha256
                )));
            }
            let mut after = seen.record.clone();
            let published =
                after.publish(request.description.clone(), self.new_revision_id(), self.clock.now());
            let number = published.map_err(|error| LambdaError::invalid(error.to_string()))?;
            let name = number.to_string();
            let detail = Some(format!("code {}", latest.digest));
            let row = self.function_row(caller, "PublishVersion", &arn, Some(&name), detail);
            if after == seen.record || self.write_function(Write::of(&seen, &after, row)).await? {
                let version = after.version(Some(number)).unwrap_or(&after.latest);
                return Ok(self.configuration(&after, version, None).await?);
            }
        }
        Err(contended())
    }
}
