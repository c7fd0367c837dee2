//! Identity and Access Management: the records that say who may do what.
//!
//! One file for what belongs together. Who asks what a user or a role may do knows only `identity`. A census of the
//! account changes in one commit with each record that it counts, so that quotas hold for those who ask at once.

mod access_keys;
mod boundaries;
mod census;
mod change;
mod dispatch;
mod identity;
mod records;
mod tags;
mod users;

pub use self::identity::{Identity, NamedPolicy, RoleIdentity};
pub(super) use self::identity::IdentityCache;
