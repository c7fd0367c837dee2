//! PutWebhook.

use keywheel_domain::api::{ApiError, ErrorCode, PutWebhookRequest, PutWebhookResponse};
use keywheel_domain::sensitive::Sensitive;
use keywheel_domain::webhook::{self, Endpoint, Host, Webhook};

use super::change::{Change, to_bytes};
use super::webhook_records::WEBHOOKS_MAX;
use super::{COMMIT_ATTEMPTS_MAX, Caller, Operations, check_webhook_address, contended, keys};
use crate::entropy;
use crate::store::Batch;

/// Tells a signing secret from other random texts, for those who search for secrets that leaked.
const SECRET_PREFIX: &str = "kwsec_";
/// 256 bits.
const SECRET_RANDOM_CHARS: usize = 43;

impl Operations {
    /// Makes a webhook that is told all events from now on, or sets one that exists; a pause after failures
    /// ends with it. A signing secret is in this answer only: whoever loses the answer asks for a new one.
    pub async fn put_webhook(
        &self,
        caller: &Caller,
        request: PutWebhookRequest,
    ) -> Result<PutWebhookResponse, ApiError> {
        let scope = caller.scope();
        let arn = webhook::arn(&scope, &request.name);
        self.authorize(caller, "keywheel:PutWebhook", Some(&arn))?;
        let endpoint = checked(&request.url)?;
        let place = keys::webhook(&scope, &request.name);
        for _ in 0..COMMIT_ATTEMPTS_MAX {
            // Before the webhooks are counted: a commit that finds it changed has counted too few.
            let settings = self.webhook_settings().await?;
            let seen = self.load_webhook(place.clone()).await?;
            let mut after = match &seen {
                Some(seen) => seen.record.clone(),
                None => self.new_webhook(caller, &request.name).await?,
            };
            let is_new_secret = seen.is_none() || request.rotate_signing_secret == Some(true);
            let signing_secret = if is_new_secret { Some(self.sign_anew(&mut after).await?) } else { None };
            after.url.clone_from(&request.url);
            after.events.clone_from(&request.events);
            after.enabled = request.enabled.unwrap_or(true);
            (after.failures, after.next_try) = (0, None);
            let answer = PutWebhookResponse {
                name: after.name.clone(),
                arn: arn.clone(),
                url: after.url.clone(),
                signing_secret,
                from_event_id: after.cursor.saturating_add(1),
            };
            if seen.as_ref().is_some_and(|seen| seen.record == after) {
                return Ok(answer);
            }
            let batch = Batch::new()
                .expect(place.clone(), seen.as_ref().map(|seen| seen.revision))
                .put(place.clone(), to_bytes(&after))
                .expect(keys::webhook_settings(), settings)
                .put(keys::webhook_settings(), after.name.as_bytes());
            let detail = Some(told(&after, &endpoint, seen.is_some() && is_new_secret));
            let row = self.audit_row(&caller.arn(), "PutWebhook", &arn, None, detail);
            if self.commit(Change::of(batch).audit(&row)).await? {
                return Ok(answer);
            }
        }
        Err(contended())
    }

    /// A webhook that is told what comes after this moment.
    async fn new_webhook(&self, caller: &Caller, name: &str) -> Result<Webhook, ApiError> {
        let (from, to) = keys::webhooks_of_account(&caller.account);
        if self.scan(&from, &to, WEBHOOKS_MAX).await?.len() >= WEBHOOKS_MAX {
            let told = format!("An account can have at most {WEBHOOKS_MAX} webhooks.");
            return Err(ApiError::new(ErrorCode::LimitExceeded, told));
        }
        Ok(Webhook {
            scope: caller.scope(),
            name: name.to_owned(),
            id: entropy::uuid(&*self.entropy),
            url: String::new(),
            events: None,
            enabled: true,
            sealed_secret: String::new(),
            created: self.clock.now(),
            cursor: self.last_event_id().await?,
            last_try: None,
            failures: 0,
            next_try: None,
        })
    }

    /// Gives a webhook a new signing secret.
    async fn sign_anew(&self, webhook: &mut Webhook) -> Result<Sensitive<String>, ApiError> {
        let random = Sensitive::new(entropy::alphanumeric(&*self.entropy, SECRET_RANDOM_CHARS));
        let secret = Sensitive::new([SECRET_PREFIX, random.expose()].concat());
        let (scope, arn, id) = (&webhook.scope, webhook.arn(), &webhook.id);
        let sealed = self.vault.seal_webhook_secret(scope, &arn, id, &secret).await.map_err(|error| {
            tracing::error!(error = &error as &dyn std::error::Error, "a signing secret cannot be sealed");
            ApiError::internal()
        })?;
        webhook.sealed_secret = hex::encode(sealed);
        Ok(secret)
    }
}

/// The endpoint of a URL that a webhook may have. What a name leads to is checked at each delivery.
fn checked(url: &str) -> Result<Endpoint, ApiError> {
    let refused = |why: String| ApiError::new(ErrorCode::InvalidParameter, format!("Invalid Url: {why}."));
    let endpoint: Endpoint =
        url.parse().map_err(|error: webhook::EndpointError| refused(error.to_string()))?;
    if let Host::Address(ip) = endpoint.host {
        check_webhook_address(&endpoint, ip).map_err(|error| refused(error.to_string()))?;
    }
    Ok(endpoint)
}

/// What the audit row says: not the path, which may be confidential.
fn told(webhook: &Webhook, endpoint: &Endpoint, is_new_secret: bool) -> String {
    let events = match &webhook.events {
        None => "all events".to_owned(),
        Some(events) => events.join(", "),
    };
    let enabled = if webhook.enabled { "" } else { ", disabled" };
    let secret = if is_new_secret { ", with a new signing secret" } else { "" };
    format!("{events} to {endpoint}{enabled}{secret}")
}
