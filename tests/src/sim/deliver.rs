//! The endpoint of the simulated world's webhook: what it is told, and the rules about that.

use std::sync::Arc;

use async_trait::async_trait;
use hmac::{Hmac, KeyInit as _, Mac as _};
use keywheel::audit::{self, AuditRow};
use keywheel::store::Link;
use keywheel::webhooks::{Deliver, DeliverError, Delivery, EVENT_ID, SIGNATURE, TIMESTAMP};
use keywheel_domain::secret::Scope;
use sha2::Sha256;

use super::ports::{Port, State, World};
use super::watch::Rule;
use super::{ACCOUNT, HOOK, REGION, records};

/// What an endpoint answers that has taken an event.
pub(super) const TAKEN: u16 = 200;

/// Who gets the requests. It is outside of every process, and outlives them.
pub(super) struct Endpoint {
    /// What it answers.
    pub(super) status: u16,
    /// What requests are signed with, as far as somebody was told it.
    secret: Option<String>,
    /// What they were signed with before: one may be on its way.
    secret_before: Option<String>,
    /// The row before the first that it is to get, as far as somebody was told it.
    from: Option<u64>,
    /// The last row that it has taken.
    taken: u64,
    /// Somebody was told that nothing is delivered any more.
    is_over: bool,
}

impl Endpoint {
    pub(super) const fn new() -> Self {
        Self { status: TAKEN, secret: None, secret_before: None, from: None, taken: 0, is_over: false }
    }

    /// Somebody asks for another signing secret: until the answer is there, nobody knows which one counts.
    pub(super) fn asked(&mut self) {
        (self.secret_before, self.is_over) = (self.secret.take(), false);
    }

    /// Somebody was told the signing secret, and the first event.
    pub(super) fn was_set(&mut self, secret: Option<String>, first: u64) {
        self.secret = secret;
        if self.taken + 1 < first {
            (self.from, self.taken) = (Some(first - 1), 0);
        }
    }

    /// Somebody was told that it is taken away.
    pub(super) const fn was_deleted(&mut self) {
        self.is_over = true;
    }
}

/// See the module's documentation.
pub(super) struct SimDeliver(pub(super) Arc<World>);

#[async_trait]
impl Deliver for SimDeliver {
    async fn post(&self, delivery: Delivery) -> Result<u16, DeliverError> {
        Ok(self.0.call_async(Port::Deliver, || self.0.state().told(&delivery)).await)
    }
}

impl State {
    /// The endpoint gets a request; what it answers.
    fn told(&mut self, delivery: &Delivery) -> u16 {
        let wrong = self.wrong_request(delivery);
        if let Some(what) = wrong {
            self.violation(Rule::Told, what);
        }
        if self.watch.leaked(&delivery.body) {
            self.violation(Rule::Plain, "an event holds a password".to_owned());
        }
        let endpoint = &mut self.endpoint;
        if endpoint.secret.is_some() {
            endpoint.secret_before = None;
        }
        if endpoint.status == TAKEN {
            endpoint.taken = header(delivery, EVENT_ID).parse().unwrap_or(endpoint.taken);
        }
        endpoint.status
    }

    fn wrong_request(&self, delivery: &Delivery) -> Option<String> {
        let endpoint = &self.endpoint;
        if endpoint.is_over {
            return Some("a webhook that was taken away is told an event".to_owned());
        }
        let mut secrets = endpoint.secret.iter().chain(&endpoint.secret_before);
        if endpoint.secret.is_some() && !secrets.any(|secret| is_signed(delivery, secret)) {
            return Some("a request is not signed with the secret that was told".to_owned());
        }
        let number = header(delivery, EVENT_ID).parse::<u64>().unwrap_or_default();
        let rows = self.rows();
        let Some((_, row)) = rows.iter().find(|(known, _)| *known == number) else {
            return Some(format!("event {number} is no row of the log"));
        };
        let body = serde_json::to_vec(&row.clone().into_event(number)).unwrap_or_default();
        if body != delivery.body {
            return Some(format!("event {number} does not say what its row says"));
        }
        // One whose number could not be stored comes again; none is left out, and none comes too late.
        let before = endpoint.taken.max(endpoint.from.unwrap_or_default());
        let is_known_start = endpoint.from.is_some() || endpoint.taken > 0;
        let next = self.wanted().into_iter().find(|wanted| *wanted > before);
        let is_next = next == Some(number) || number == endpoint.taken;
        (is_known_start && !is_next)
            .then(|| format!("event {number} is told after {before}, and {next:?} is next"))
    }

    /// Once the endpoint takes everything again, and there was time: it has all.
    pub(super) fn check_told(&mut self) {
        let is_set =
            self.watch.records().webhooks.iter().any(|webhook| webhook.name == HOOK && webhook.enabled);
        let missing = self
            .wanted()
            .into_iter()
            .find(|wanted| *wanted > self.endpoint.taken.max(self.endpoint.from.unwrap_or_default()));
        if let Some(missing) = missing.filter(|_| is_set && self.endpoint.from.is_some()) {
            self.violation(Rule::Told, format!("event {missing} is never told"));
        }
    }

    /// The rows that the webhook is to get, by number.
    fn wanted(&self) -> Vec<u64> {
        let scope = Scope { account: ACCOUNT.to_owned(), region: REGION.to_owned() };
        let rows = self.rows().into_iter();
        rows.filter(|(_, row)| row.is_about(&scope, None)).map(|(number, _)| number).collect()
    }

    fn rows(&self) -> Vec<(u64, AuditRow)> {
        let entries = self.watch.image().entries().iter().filter(|(key, _)| records::is(key, "audit"));
        let read = entries.filter_map(|(key, entry)| {
            let (_, row) = Link::split(&entry.value)?;
            Some((audit::log().number(key)?, records::read(row)))
        });
        read.collect()
    }
}

fn header<'a>(delivery: &'a Delivery, name: &str) -> &'a str {
    let found = delivery.headers.iter().find(|(known, _)| *known == name);
    found.map(|(_, value)| value.as_str()).unwrap_or_default()
}

fn is_signed(delivery: &Delivery, secret: &str) -> bool {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return false };
    for part in [header(delivery, TIMESTAMP).as_bytes(), b".", &delivery.body] {
        mac.update(part);
    }
    let expected = hex::encode(mac.finalize().into_bytes());
    header(delivery, SIGNATURE) == format!("v1={expected}")
}
