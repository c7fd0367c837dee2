//! Writes the record of a function with all that depends on it: references to code, sealed environments,
//! the audit row.
//!
//! One change is one commit. Code that loses its last reference goes with it, as far as a batch has room;
//! what has no room is without a reference from then on, and [`Operations::collect_code`] takes it.

use keywheel_domain::api::ApiError;
use keywheel_domain::api::lambda::{FunctionConfiguration, LambdaError};
use keywheel_domain::function::{Environment, Function, FunctionId, Version};
use keywheel_domain::secret::Scope;

use super::code::CodeHead;
use crate::audit::AuditRow;
use crate::ops::change::{Change, to_bytes};
use crate::ops::load::from_entry;
use crate::ops::{Caller, Operations, Seen, keys};
use crate::store::{Batch, Key, Revision, SCAN_ENTRIES_MAX};

/// Entries of a batch that the removal of code may take.
const REMOVALS_MAX: usize = 512;

/// One change of a function.
pub(super) struct Write<'a> {
    /// As it was; `None` for a new one.
    pub(super) before: Option<&'a Seen<Function>>,
    /// As it is to be; `None` to delete it.
    pub(super) after: Option<&'a Function>,
    /// Code that is new to the function, all of which is stored.
    pub(super) code: Option<Seen<CodeHead>>,
    /// An environment that is new to the function, with its id.
    pub(super) environment: Option<(String, Vec<u8>)>,
    /// What else must be as it was seen.
    pub(super) expect: Vec<(Key, Option<Revision>)>,
    /// What goes with it.
    pub(super) deletes: Vec<Key>,
    /// Who did what.
    pub(super) row: AuditRow,
}

impl<'a> Write<'a> {
    /// A change of the record alone.
    pub(super) const fn of(before: &'a Seen<Function>, after: &'a Function, row: AuditRow) -> Self {
        Self {
            before: Some(before),
            after: Some(after),
            code: None,
            environment: None,
            expect: Vec::new(),
            deletes: Vec::new(),
            row,
        }
    }
}

impl Operations {
    /// Commits a change; `false` when something is not as it was seen: load and decide again.
    pub(super) async fn write_function(&self, write: Write<'_>) -> Result<bool, ApiError> {
        let Write { before, after, code, environment, expect, deletes, row } = write;
        let Some(any) = after.or(before.map(|seen| &seen.record)) else { return Ok(true) };
        let (place, arn) = (keys::function(&any.scope, &any.name), any.arn());
        let mut batch = Batch::new().expect(place.clone(), before.map(|seen| seen.revision));
        batch = match after {
            Some(after) => batch.put(place, to_bytes(after)),
            None => batch.delete(place),
        };
        for (key, revision) in expect {
            batch = batch.expect(key, revision);
        }
        for key in deletes {
            batch = batch.delete(key);
        }
        if let Some((id, sealed)) = environment {
            batch = batch.put(keys::function_environment(&arn, &id), sealed);
        }
        let (had, has) =
            (before.map(|seen| seen.record.environment_ids()), after.map(Function::environment_ids));
        for id in had.unwrap_or_default().difference(&has.unwrap_or_default()) {
            batch = batch.delete(keys::function_environment(&arn, id));
        }
        let (had, has) = (before.map(|seen| seen.record.digests()), after.map(Function::digests));
        let (had, has) = (had.unwrap_or_default(), has.unwrap_or_default());
        for digest in has.difference(&had) {
            let Some(head) = code.as_ref().filter(|head| head.record.digest == **digest) else {
                return Ok(false);
            };
            batch = referred_to(batch, head);
        }
        for digest in had.difference(&has) {
            let Some(head) = self.code_head(digest).await? else { continue };
            batch = let_go(batch, &head);
        }
        self.commit(Change::of(batch).audit(&row)).await
    }

    /// The function that a caller names, with its revision; one that comes with the program cannot be
    /// changed.
    pub(super) async fn function_to_change(
        &self,
        caller: &Caller,
        id: &FunctionId,
    ) -> Result<Seen<Function>, LambdaError> {
        let scope = caller.scope();
        if self.functions.has(&id.name) {
            return Err(LambdaError::conflict(format!(
                "The function {} comes with Keywheel and cannot be changed.",
                id.name
            )));
        }
        let seen = self.load(keys::function(&scope, &id.name)).await?;
        seen.ok_or_else(|| LambdaError::function_not_found(&id.arn(&scope)))
    }

    /// The function that is named, to be looked at: one that comes with the program too.
    pub(super) async fn find_function(
        &self,
        scope: &Scope,
        name: &str,
    ) -> Result<Option<Function>, ApiError> {
        if let Some(builtin) = self.functions.find(scope, name) {
            return Ok(Some(builtin));
        }
        let seen: Option<Seen<Function>> = self.load(keys::function(scope, name)).await?;
        Ok(seen.map(|seen| seen.record))
    }

    /// The same, where it must be there.
    pub(super) async fn function_to_read(
        &self,
        caller: &Caller,
        id: &FunctionId,
    ) -> Result<Function, LambdaError> {
        let scope = caller.scope();
        let found = self.find_function(&scope, &id.name).await?;
        found.ok_or_else(|| LambdaError::function_not_found(&id.arn(&scope)))
    }

    /// Digests of the code that a function refers to; none when there is no such function.
    pub async fn digests_of(&self, scope: &Scope, name: &str) -> Result<Vec<String>, ApiError> {
        let seen: Option<Seen<Function>> = self.load(keys::function(scope, name)).await?;
        Ok(seen
            .map(|seen| seen.record.digests().into_iter().map(str::to_owned).collect())
            .unwrap_or_default())
    }

    /// All deployed functions of a scope, in the order of their names.
    pub(super) async fn functions_of(&self, scope: &Scope) -> Result<Vec<Function>, ApiError> {
        self.functions_between(keys::functions(scope)).await
    }

    /// All deployed functions there are.
    pub async fn all_functions(&self) -> Result<Vec<Function>, ApiError> {
        self.functions_between(keys::all_functions()).await
    }

    async fn functions_between(&self, (mut from, to): (Key, Key)) -> Result<Vec<Function>, ApiError> {
        let mut functions = Vec::new();
        loop {
            let entries = self.scan(&from, &to, SCAN_ENTRIES_MAX).await?;
            let Some((last, _)) = entries.last() else { return Ok(functions) };
            from = last.successor();
            for (key, entry) in entries {
                functions.push(from_entry::<Function>(key, &entry)?.record);
            }
        }
    }

    /// Seals an environment under an id of its own; nothing for an empty one.
    pub(super) async fn seal_environment(
        &self,
        scope: &Scope,
        arn: &str,
        environment: &Environment,
    ) -> Result<Option<(String, Vec<u8>)>, ApiError> {
        if environment.is_empty() {
            return Ok(None);
        }
        let id = crate::entropy::uuid(self.entropy.as_ref());
        let sealed = self.vault.seal_function_environment(scope, arn, &id, &environment.to_sealing()).await;
        let sealed = sealed.map_err(|error| {
            let error = &error as &dyn std::error::Error;
            tracing::error!(error, arn, "the environment of a function cannot be sealed");
            ApiError::internal()
        })?;
        Ok(Some((id, sealed)))
    }

    /// The environment of a version.
    pub async fn open_environment(
        &self,
        function: &Function,
        version: &Version,
    ) -> Result<Environment, ApiError> {
        let Some(id) = &version.environment_id else { return Ok(Environment::default()) };
        let arn = function.arn();
        let refused = |cause: &dyn std::fmt::Display| {
            tracing::error!(%cause, arn, "the environment of a function cannot be opened");
            ApiError::internal()
        };
        let sealed = self.load_entry(&keys::function_environment(&arn, id)).await?;
        let sealed = sealed.ok_or_else(|| refused(&"it is not there"))?;
        let opened = self.vault.open_function_environment(&function.scope, &arn, id, &sealed.value).await;
        let opened = opened.map_err(|error| refused(&error))?;
        Environment::from_sealing(&opened).ok_or_else(|| refused(&"the opened bytes are not variables"))
    }

    /// A version as answers tell it, with its environment.
    pub(super) async fn configuration(
        &self,
        function: &Function,
        version: &Version,
        qualifier: Option<String>,
    ) -> Result<FunctionConfiguration, ApiError> {
        let environment = self.open_environment(function, version).await?;
        Ok(FunctionConfiguration::new(function, version, qualifier, environment))
    }

    /// A revision that no other change of a function has.
    pub(super) fn new_revision_id(&self) -> String {
        crate::entropy::uuid(self.entropy.as_ref())
    }

    /// An audit row about a function.
    pub(super) fn function_row(
        &self,
        caller: &Caller,
        event: &str,
        arn: &str,
        version: Option<&str>,
        detail: Option<String>,
    ) -> AuditRow {
        self.audit_row(&caller.arn(), event, arn, version, detail)
    }
}

fn referred_to(batch: Batch, head: &Seen<CodeHead>) -> Batch {
    let after = CodeHead { users: head.record.users + 1, ..head.record.clone() };
    batch.expect(head.key.clone(), Some(head.revision)).put(head.key.clone(), to_bytes(&after))
}

/// One reference less; with the last one, the code goes too.
fn let_go(batch: Batch, head: &Seen<CodeHead>) -> Batch {
    let batch = batch.expect(head.key.clone(), Some(head.revision));
    let after = CodeHead { users: head.record.users.saturating_sub(1), ..head.record.clone() };
    let parts = after.part_keys();
    if after.users > 0 || batch.deletes.len() + parts.len() > REMOVALS_MAX {
        return batch.put(head.key.clone(), to_bytes(&after));
    }
    parts.into_iter().fold(batch.delete(head.key.clone()), Batch::delete)
}
