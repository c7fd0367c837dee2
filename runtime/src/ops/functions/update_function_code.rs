//! UpdateFunctionCode.

use keywheel_domain::api::lambda::{FunctionConfiguration, LambdaError, UpdateFunctionCodeRequest};

use super::records::Write;
use super::{Deployed, action, check_revision, contended};
use crate::ops::{COMMIT_ATTEMPTS_MAX, Caller, Operations};

impl Operations {
    /// What can be refused before the code is compiled.
    pub async fn check_new_code(
        &self,
        caller: &Caller,
        request: &UpdateFunctionCodeRequest,
    ) -> Result<(), LambdaError> {
        let arn = request.function.arn(&caller.scope());
        self.authorize(caller, &action("UpdateFunctionCode"), Some(&arn))?;
        let seen = self.function_to_change(caller, &request.function).await?;
        check_revision(request.revision_id.as_deref(), &seen.record.latest.revision_id)?;
        self.check_room_for_code(request.code.len()).await
    }

    /// Gives a function other code, which was found to be good.
    pub async fn update_function_code(
        &self,
        caller: &Caller,
        request: &UpdateFunctionCodeRequest,
        code: &Deployed,
    ) -> Result<FunctionConfiguration, LambdaError> {
        self.check_new_code(caller, request).await?;
        let arn = request.function.arn(&caller.scope());
        for _ in 0..COMMIT_ATTEMPTS_MAX {
            let seen = self.function_to_change(caller, &request.function).await?;
            check_revision(request.revision_id.as_deref(), &seen.record.latest.revision_id)?;
            let now = self.clock.now();
            let mut after = seen.record.clone();
            let latest = &mut after.latest;
            latest.digest.clone_from(&code.digest);
            latest.code_sha256.clone_from(&code.code_sha256);
            latest.code_bytes = code.code_bytes;
            if request.architecture.is_some() {
                latest.architecture.clone_from(&request.architecture);
            }
            (latest.modified, latest.revision_id) = (now, self.new_revision_id());
            let mut shown = None;
            if request.publish {
                let published = after.publish(None, self.new_revision_id(), now);
                shown = Some(published.map_err(|error| LambdaError::invalid(error.to_string()))?);
            }
            if request.dry_run {
                return Ok(self
                    .configuration(&after, after.version(shown).unwrap_or(&after.latest), None)
                    .await?);
            }
            let is_new = !seen.record.digests().contains(code.digest.as_str());
            let head = if is_new { Some(self.store_code(&code.digest, &code.wasm).await?) } else { None };
            let detail = Some(format!("code {}", code.digest));
            let number = shown.map(|number| number.to_string());
            let row = self.function_row(caller, "UpdateFunctionCode", &arn, number.as_deref(), detail);
            if self.write_function(Write { code: head, ..Write::of(&seen, &after, row) }).await? {
                return Ok(self
                    .configuration(&after, after.version(shown).unwrap_or(&after.latest), None)
                    .await?);
            }
        }
        Err(contended())
    }
}
