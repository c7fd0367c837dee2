//! Which secrets use a function.
//!
//! A secret that comes to name a deployed function writes the function's mark in the same commit, which also
//! expects the function to be there; who deletes a function expects the mark as it was before all secrets
//! were looked through. So neither can miss the other.

use keywheel_domain::api::ApiError;
use keywheel_domain::api::lambda::LambdaError;
use keywheel_domain::function::FunctionId;
use keywheel_domain::rotation::Job;
use keywheel_domain::secret::{Scope, Secret, SecretId};
use serde::de::DeserializeOwned;

use crate::ops::{Caller, Operations, keys};
use crate::store::{Key, Revision, SCAN_ENTRIES_MAX};

/// Secrets that a refusal names.
const NAMED_MAX: usize = 10;

impl Operations {
    /// Refuses the deletion of what secrets use, unless the caller insists. What a commit of the deletion
    /// expects.
    pub(super) async fn unused(
        &self,
        caller: &Caller,
        id: &FunctionId,
        force: bool,
    ) -> Result<Vec<(Key, Option<Revision>)>, LambdaError> {
        let scope = caller.scope();
        let mark = keys::function_uses(&scope, &id.name);
        let seen = self.load_entry(&mark).await?.map(|entry| entry.revision);
        if !force {
            let users = self.users_of(&scope, id).await?;
            if !users.is_empty() {
                return Err(in_use(id, &users));
            }
        }
        Ok(vec![(mark, seen)])
    }

    /// Names of secrets whose settings or unfinished rotations name the function: any version of it, or the
    /// one of the qualifier.
    async fn users_of(&self, scope: &Scope, id: &FunctionId) -> Result<Vec<String>, ApiError> {
        let names = |arn: &str| {
            FunctionId::of_arn(arn, scope).is_some_and(|named| {
                named.name == id.name && (id.qualifier.is_none() || named.qualifier == id.qualifier)
            })
        };
        let mut users = std::collections::BTreeSet::new();
        self.look_through(keys::secrets(scope), |secret: Secret| {
            if secret.rotation.as_ref().is_some_and(|rotation| names(&rotation.function_arn)) {
                users.insert(secret.name);
            }
        })
        .await?;
        self.look_through(keys::jobs(scope), |job: Job| {
            if names(&job.function_arn)
                && let Ok(SecretId::FullArn { name, .. }) = SecretId::parse(&job.secret_arn)
            {
                users.insert(name);
            }
        })
        .await?;
        Ok(users.into_iter().collect())
    }

    async fn look_through<T: DeserializeOwned>(
        &self,
        (mut from, to): (Key, Key),
        mut see: impl FnMut(T),
    ) -> Result<(), ApiError> {
        loop {
            let entries = self.scan(&from, &to, SCAN_ENTRIES_MAX).await?;
            let Some((last, _)) = entries.last() else { return Ok(()) };
            from = last.successor();
            for (key, entry) in entries {
                see(crate::ops::load::from_entry(key, &entry)?.record);
            }
            tokio::task::yield_now().await;
        }
    }
}

fn in_use(id: &FunctionId, users: &[String]) -> LambdaError {
    let named: Vec<&str> = users.iter().take(NAMED_MAX).map(String::as_str).collect();
    let more = match users.len().saturating_sub(NAMED_MAX) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let what = id.qualifier.as_ref().map(|qualifier| format!(":{qualifier}")).unwrap_or_default();
    LambdaError::conflict(format!(
        "The function {}{what} rotates {}{more}. Give them another function first, or insist by X-Keywheel-Force: \
         true; their rotations fail then.",
        id.name,
        named.join(", ")
    ))
}
