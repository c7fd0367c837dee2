//! DeleteWebhook.

use keywheel_domain::api::{ApiError, DeleteWebhookRequest, DeleteWebhookResponse, ErrorCode};
use keywheel_domain::webhook;

use super::change::Change;
use super::{COMMIT_ATTEMPTS_MAX, Caller, Operations, contended, keys};
use crate::store::Batch;

impl Operations {
    /// Takes a webhook away.
    pub async fn delete_webhook(
        &self,
        caller: &Caller,
        request: DeleteWebhookRequest,
    ) -> Result<DeleteWebhookResponse, ApiError> {
        let (scope, name) = (caller.scope(), request.name);
        let arn = webhook::arn(&scope, &name);
        self.authorize(caller, "keywheel:DeleteWebhook", Some(&arn))?;
        for _ in 0..COMMIT_ATTEMPTS_MAX {
            let seen = self.load_webhook(keys::webhook(&scope, &name)).await?.ok_or_else(|| {
                let told = format!("The webhook with name {name} cannot be found.");
                ApiError::new(ErrorCode::ResourceNotFound, told)
            })?;
            let batch = Batch::new()
                .expect(seen.key.clone(), Some(seen.revision))
                .delete(seen.key)
                .put(keys::webhook_settings(), name.as_bytes());
            let row = self.audit_row(&caller.arn(), "DeleteWebhook", &arn, None, None);
            if self.commit(Change::of(batch).audit(&row)).await? {
                return Ok(DeleteWebhookResponse { name, arn });
            }
        }
        Err(contended())
    }
}
