//! The rules about users and their access keys, and about webhooks as records, checked after every commit.

use keywheel::audit::AuditRow;
use keywheel::vault::access_key_place;
use keywheel_domain::kms::KmsKey;
use keywheel_domain::user;
use keywheel_domain::webhook::Webhook;

use super::ACCOUNT;
use super::ports::State;
use super::records::{self, Records};
use super::watch::Rule;

/// An approver that somebody was told of.
#[derive(Clone, Debug)]
pub(super) struct KnownKey {
    /// The id of the key.
    pub(super) id: String,
    /// What requests are signed with.
    pub(super) secret: String,
    /// Whether it is no more; absent while that was asked for and not answered.
    pub(super) is_deleted: Option<bool>,
}

impl State {
    /// Each user has one key and each key one user; what was answered stays so.
    pub(super) fn check_keys(&mut self) {
        let records = self.watch.records();
        let image = self.watch.image().entries();
        let keys = image.keys().filter(|key| records::is(key, "access-key")).count();
        let mut wrong = Vec::new();
        if keys != records.users.len() {
            wrong.push((Rule::Index, format!("{keys} access keys of {} users", records.users.len())));
        }
        for user in &records.users {
            if !image.contains_key(&access_key_place(&user.key_ids())) {
                wrong.push((Rule::Index, format!("the user {} has no access key", user.name)));
            }
        }
        for (name, known) in self.watch.keys() {
            let is_there = image.contains_key(&access_key_place(&known.id));
            if Some(is_there) == known.is_deleted {
                let is = if is_there { "there" } else { "gone" };
                wrong.push((Rule::Lost, format!("the access key of {name} is {is}")));
            }
        }
        for (rule, what) in wrong {
            self.violation(rule, what);
        }
    }

    /// How many users, webhooks and keys of the key management service somebody has changed; each needs a row.
    pub(super) fn check_rows_of_settings(
        &mut self,
        old: &Records,
        new: &Records,
        rows: &[AuditRow],
    ) -> usize {
        let users = |records: &Records| -> Vec<String> {
            let arn = |user: &records::User| format!("{} {}", user::arn(ACCOUNT, &user.name), user.key_ids());
            records.users.iter().map(arn).collect()
        };
        let webhooks = |records: &Records| -> Vec<String> {
            let told = |webhook: &Webhook| {
                let Webhook { id, url, events, enabled, sealed_secret, .. } = webhook;
                format!("{} {id} {url} {events:?} {enabled} {sealed_secret}", webhook.arn())
            };
            records.webhooks.iter().map(told).collect()
        };
        let kms_keys = |records: &Records| -> Vec<String> {
            let told = |key: &KmsKey| {
                let materials = key.materials.len();
                format!("{} {:?} {materials}", key.arn(), key.state)
            };
            records.kms_keys.iter().map(told).collect()
        };
        let all = |records: &Records| [users(records), webhooks(records), kms_keys(records)].concat();
        let (was, is) = (all(old), all(new));
        let changed: Vec<&String> = was
            .iter()
            .filter(|one| !is.contains(one))
            .chain(is.iter().filter(|one| !was.contains(one)))
            .collect();
        for one in &changed {
            let arn = one.split(' ').next().unwrap_or_default();
            if !rows.iter().any(|row| row.secret_arn == arn) {
                self.violation(Rule::Audit, format!("no row says: {arn} was changed"));
            }
        }
        changed.len()
    }
}
