//! Identity and Access Management: the records that say who may do what.
//!
//! One file for what belongs together. Who asks what a user or a role may do knows only `identity`. A census of the
//! account changes in one commit with each record that it counts, so that quotas hold for those who ask at once.

mod absent;
mod access_keys;
mod account_summary;
mod attachments;
mod boundaries;
mod census;
mod change;
mod dispatch;
mod documents;
mod groups;
mod identity;
mod inline_policies;
mod key_uses;
mod policies;
mod policy_versions;
mod records;
mod roles;
mod simulated_policies;
mod simulation;
mod tags;
mod users;

pub(super) use self::access_keys::without_key;
pub(super) use self::identity::Identities;
pub use self::identity::{Identity, NamedPolicy, RoleIdentity};
pub(super) use self::key_uses::KeyUses;
