//! How much an account has: written in one commit with what it counts.

use std::collections::BTreeMap;

use keywheel_domain::api::ApiError;
use keywheel_domain::api::iam::{IamErrorCode, iam_error};
use keywheel_domain::iam::{
    EntityKind, GROUPS_MAX, POLICIES_MAX, PolicyUses, ROLES_MAX, USERS_MAX, User, builtin_policy,
};
use serde::{Deserialize, Serialize};

use crate::ops::change::Change;
use crate::ops::{Operations, keys};
use crate::store::{Key, Revision};

/// The counts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::ops) struct Counts {
    pub(in crate::ops) users: usize,
    pub(in crate::ops) groups: usize,
    pub(in crate::ops) roles: usize,
    pub(in crate::ops) policies: usize,
    /// Uses of built-in policies, by their ARNs.
    pub(in crate::ops) builtin: BTreeMap<String, PolicyUses>,
}

/// The counts as they were seen, and as they shall be.
pub(in crate::ops) struct Census {
    place: Key,
    revision: Option<Revision>,
    before: Counts,
    pub(in crate::ops) counts: Counts,
}

impl Census {
    /// Counts one more of a kind, within its quota.
    pub(in crate::ops) fn add(&mut self, kind: EntityKind) -> Result<(), ApiError> {
        let (count, quota, max) = match kind {
            EntityKind::User => (&mut self.counts.users, "UsersPerAccount", USERS_MAX),
            EntityKind::Group => (&mut self.counts.groups, "GroupsPerAccount", GROUPS_MAX),
            EntityKind::Role => (&mut self.counts.roles, "RolesPerAccount", ROLES_MAX),
        };
        add(count, quota, max)
    }

    /// Counts one less of a kind.
    pub(in crate::ops) const fn remove(&mut self, kind: EntityKind) {
        let count = match kind {
            EntityKind::User => &mut self.counts.users,
            EntityKind::Group => &mut self.counts.groups,
            EntityKind::Role => &mut self.counts.roles,
        };
        *count = count.saturating_sub(1);
    }

    /// Counts one more managed policy, within the quota.
    pub(in crate::ops) fn add_policy(&mut self) -> Result<(), ApiError> {
        add(&mut self.counts.policies, "PoliciesPerAccount", POLICIES_MAX)
    }

    /// Counts one managed policy less.
    pub(in crate::ops) const fn remove_policy(&mut self) {
        self.counts.policies = self.counts.policies.saturating_sub(1);
    }

    /// What has to be written; nothing when nothing was counted.
    pub(in crate::ops) fn change(&self) -> Change {
        if self.counts == self.before {
            return Change::new();
        }
        Change::over(&self.place, self.revision, &self.counts)
    }
}

fn add(count: &mut usize, quota: &str, max: usize) -> Result<(), ApiError> {
    if *count >= max {
        return Err(quota_exceeded(quota, max));
    }
    *count += 1;
    Ok(())
}

/// What is refused when there is as much as there may be.
pub(super) fn quota_exceeded(quota: &str, max: usize) -> ApiError {
    iam_error(IamErrorCode::LimitExceeded, format!("Cannot exceed quota for {quota}: {max}"))
}

impl Operations {
    /// The census of an account. One that was never taken counts what older versions left: users.
    pub(in crate::ops) async fn iam_census(&self, account: &str) -> Result<Census, ApiError> {
        let place = keys::iam_census(account);
        if let Some(seen) = self.load::<Counts>(place.clone()).await? {
            let (revision, before) = (Some(seen.revision), seen.record);
            return Ok(Census { place, revision, counts: before.clone(), before });
        }
        let mut counts = Counts::default();
        for user in self.iam_all::<User>(keys::users(account)).await? {
            counts.users += 1;
            let attached = user.record.permissions.attached;
            for arn in attached.into_iter().filter(|arn| builtin_policy(arn).is_some()) {
                counts.builtin.entry(arn).or_default().attached += 1;
            }
        }
        Ok(Census { place, revision: None, before: Counts::default(), counts })
    }
}
