//! Users, groups, roles and policies: what their records hold and which rules they keep.
//!
//! An entity is found by its name, capitals or not. Only users and groups can be renamed: users are members of groups by
//! the ids of these, and policies are attached by their ARNs.

mod builtin;
mod entity;
mod group;
mod name;
mod policy;
mod quota;
mod role;
mod tag;
mod user;

pub use builtin::{APPROVER_POLICY_ARN, BUILTIN_POLICIES, BuiltinPolicy, builtin_policy};
pub use entity::{EntityKind, Permissions};
pub use group::Group;
pub use name::{
    ID_ALPHABET, ID_RANDOM_CHARS, PATH_PATTERN, POLICY_PATH_PATTERN, PolicyArn, ROOT_PATH, arn, is_name,
    is_path, is_policy_path, lookup_name, policy_arn,
};
pub use policy::{POLICY_ID_PREFIX, Policy, PolicyUses, PolicyVersion};
pub use quota::*;
pub use role::Role;
pub use tag::{Tag, merged, without};
pub use user::{User, UserKey};

#[cfg(test)]
mod tests;
