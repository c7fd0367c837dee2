//! What bears on what a user or a role may do: all that evaluation knows of the records of IAM.

use std::collections::BTreeMap;
use std::sync::Arc;

use keywheel_domain::api::ApiError;
use keywheel_domain::iam::{Group, Permissions, Role, Tag, User, builtin_policy};
use keywheel_domain::policy::{Document, Kind};
use serde::de::DeserializeOwned;

use super::records::Managed;
use crate::ops::load::{from_entry, store_failed};
use crate::ops::{COMMIT_ATTEMPTS_MAX, Operations, contended, keys};
use crate::store::{Cache, Key, Lookup, Revision, Store};

/// Users and roles kept in memory, each. When there are more, all are forgotten and read again as needed.
const IDENTITIES_CACHED_MAX: usize = 1024;

/// What bears on what a user or a role may do, as the store has it now.
#[derive(Debug)]
pub struct Identity {
    /// Of the user or the role.
    pub arn: String,
    /// `AIDA…` or `AROA…`: what `aws:userid` begins with.
    pub id: String,
    /// Inline, attached, and for a user those of its groups.
    pub policies: Vec<NamedPolicy>,
    /// The most that it may do.
    pub boundary: Option<NamedPolicy>,
    /// `aws:PrincipalTag/…`.
    pub tags: BTreeMap<String, String>,
}

/// A role, with who may assume it.
#[derive(Debug)]
pub struct RoleIdentity {
    /// What its sessions may do.
    pub identity: Identity,
    /// Who may assume it.
    pub trust: NamedPolicy,
    /// The longest session.
    pub session_seconds_max: u32,
}

/// A document, and what to call it.
#[derive(Debug)]
pub struct NamedPolicy {
    /// Name of an inline policy, ARN of a managed one.
    pub name: String,
    /// As it is evaluated.
    pub document: Document,
}

/// Identities that were read, by account and name.
pub(in crate::ops) struct Identities {
    users: Cache<String, Identity>,
    roles: Cache<String, RoleIdentity>,
}

impl Identities {
    /// None yet, of this store.
    pub(in crate::ops) fn new(store: &Arc<dyn Store>) -> Self {
        Self {
            users: Cache::new(Arc::clone(store), IDENTITIES_CACHED_MAX),
            roles: Cache::new(Arc::clone(store), IDENTITIES_CACHED_MAX),
        }
    }
}

/// The records that an identity is read from, so far.
#[derive(Default)]
struct Reading {
    sources: Vec<(Key, Revision)>,
    policies: Vec<NamedPolicy>,
}

/// A record that another one names is not there: it went while both were read.
struct Moved;

type Attempt<T> = Result<Result<T, Moved>, ApiError>;
/// An identity and the records that it was read from, if it is there.
type Found<T> = Option<(T, Vec<(Key, Revision)>)>;

impl Operations {
    /// What bears on what a user may do; `None` when there is no such user.
    pub async fn identity_of_user(
        &self,
        account: &str,
        name: &str,
    ) -> Result<Option<Arc<Identity>>, ApiError> {
        let users = &self.identities.users;
        let cached = cached_name(account, name);
        for _ in 0..COMMIT_ATTEMPTS_MAX {
            let missed = match users.find(&cached).await.map_err(|error| store_failed(&error))? {
                Lookup::Hit(known) => return Ok(Some(known)),
                Lookup::Miss(missed) => missed,
            };
            if let Ok(found) = Box::pin(self.read_user(account, name)).await? {
                return Ok(found.map(|(identity, sources)| users.keep(cached, missed, sources, identity)));
            }
        }
        Err(contended())
    }

    /// What bears on what the sessions of a role may do; `None` when there is no such role.
    pub async fn identity_of_role(
        &self,
        account: &str,
        name: &str,
    ) -> Result<Option<Arc<RoleIdentity>>, ApiError> {
        let roles = &self.identities.roles;
        let cached = cached_name(account, name);
        for _ in 0..COMMIT_ATTEMPTS_MAX {
            let missed = match roles.find(&cached).await.map_err(|error| store_failed(&error))? {
                Lookup::Hit(known) => return Ok(Some(known)),
                Lookup::Miss(missed) => missed,
            };
            if let Ok(found) = Box::pin(self.read_role(account, name)).await? {
                return Ok(found.map(|(role, sources)| roles.keep(cached, missed, sources, role)));
            }
        }
        Err(contended())
    }

    async fn read_user(&self, account: &str, name: &str) -> Attempt<Found<Identity>> {
        let mut reading = Reading::default();
        let found: Option<User> = self.source(&mut reading, keys::user(account, name)).await?;
        let Some(user) = found.filter(|user| user.name == name) else { return Ok(Ok(None)) };
        let Ok(()) = self.read_policies(&mut reading, account, &user.permissions, "").await? else {
            return Ok(Err(Moved));
        };
        for id in &user.groups {
            let group: Option<Group> = self.source(&mut reading, keys::iam_group(account, id)).await?;
            let Some(group) = group else { return Ok(Err(Moved)) };
            let prefix = format!("{}/", group.name);
            let Ok(()) = self.read_policies(&mut reading, account, &group.permissions, &prefix).await? else {
                return Ok(Err(Moved));
            };
        }
        let arn = user.arn(account);
        let tags = &user.tags;
        self.finished(reading, account, (arn, user.id.clone()), user.boundary.as_deref(), tags).await
    }

    async fn read_role(&self, account: &str, name: &str) -> Attempt<Found<RoleIdentity>> {
        let mut reading = Reading::default();
        let found: Option<Role> = self.source(&mut reading, keys::iam_role(account, name)).await?;
        let Some(role) = found.filter(|role| role.name == name) else { return Ok(Ok(None)) };
        let Ok(()) = self.read_policies(&mut reading, account, &role.permissions, "").await? else {
            return Ok(Err(Moved));
        };
        let trust = named("AssumeRolePolicyDocument", &role.trust, Kind::Trust)?;
        let arn = role.arn(account);
        let named = (arn, role.id.clone());
        let read = self.finished(reading, account, named, role.boundary.as_deref(), &role.tags).await?;
        let with_trust = |(identity, sources)| {
            (RoleIdentity { identity, trust, session_seconds_max: role.session_seconds_max }, sources)
        };
        Ok(read.map(|read| read.map(with_trust)))
    }

    /// Loads a record and notes it.
    async fn source<T: DeserializeOwned>(
        &self,
        reading: &mut Reading,
        place: Key,
    ) -> Result<Option<T>, ApiError> {
        let Some(entry) = self.load_entry(&place).await? else { return Ok(None) };
        reading.sources.push((place.clone(), entry.revision));
        Ok(Some(from_entry(place, &entry)?.record))
    }

    /// Reads the policies of one user, group or role. `prefix` tells those of a group apart.
    async fn read_policies(
        &self,
        reading: &mut Reading,
        account: &str,
        permissions: &Permissions,
        prefix: &str,
    ) -> Attempt<()> {
        for (name, document) in &permissions.inline {
            reading.policies.push(named(&format!("{prefix}{name}"), document, Kind::Identity)?);
        }
        for arn in &permissions.attached {
            let Ok(policy) = self.read_managed(reading, account, arn, Kind::Identity).await? else {
                return Ok(Err(Moved));
            };
            reading.policies.push(policy);
        }
        Ok(Ok(()))
    }

    async fn read_managed(
        &self,
        reading: &mut Reading,
        account: &str,
        arn: &str,
        kind: Kind,
    ) -> Attempt<NamedPolicy> {
        if let Some(policy) = builtin_policy(arn) {
            return named(arn, policy.document, kind).map(Ok);
        }
        match self.iam_managed_policy(account, arn).await? {
            Some(Managed::Own(seen)) => {
                let policy = named(arn, seen.record.document(), kind)?;
                reading.sources.push((seen.key, seen.revision));
                Ok(Ok(policy))
            }
            Some(Managed::Builtin(_)) | None => Ok(Err(Moved)),
        }
    }

    async fn finished(
        &self,
        mut reading: Reading,
        account: &str,
        (arn, id): (String, String),
        boundary: Option<&str>,
        tags: &[Tag],
    ) -> Attempt<Found<Identity>> {
        let boundary = match boundary {
            None => None,
            Some(arn) => match self.read_managed(&mut reading, account, arn, Kind::Boundary).await? {
                Ok(policy) => Some(policy),
                Err(moved) => return Ok(Err(moved)),
            },
        };
        let tags = tags.iter().map(|tag| (tag.key.clone(), tag.value.clone())).collect();
        let identity = Identity { arn, id, policies: reading.policies, boundary, tags };
        Ok(Ok(Some((identity, reading.sources))))
    }
}

/// No account has a colon in its number.
fn cached_name(account: &str, name: &str) -> String {
    [account, ":", name].concat()
}

/// A stored document. One that cannot be read any more must not be passed over: it may deny something.
fn named(name: &str, document: &str, kind: Kind) -> Result<NamedPolicy, ApiError> {
    match Document::parse(document, kind) {
        Ok(document) => Ok(NamedPolicy { name: name.to_owned(), document }),
        Err(error) => {
            tracing::error!(policy = name, %error, "a stored policy cannot be read");
            Err(ApiError::internal())
        }
    }
}
