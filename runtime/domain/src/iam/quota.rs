//! How much there may be: AWS's numbers.

/// Users of an account.
pub const USERS_MAX: usize = 5_000;
/// Groups of an account.
pub const GROUPS_MAX: usize = 300;
/// Roles of an account.
pub const ROLES_MAX: usize = 1_000;
/// Managed policies of an account, without the built-in ones.
pub const POLICIES_MAX: usize = 1_500;
/// Access keys of a user.
pub const ACCESS_KEYS_MAX: usize = 2;
/// Groups of a user.
pub const GROUPS_PER_USER_MAX: usize = 10;
/// Managed policies attached to one user, group or role.
pub const ATTACHED_MAX: usize = 10;
/// Versions of a managed policy.
pub const POLICY_VERSIONS_MAX: usize = 5;
/// Tags of one user, role or policy.
pub const TAGS_MAX: usize = 50;
/// Characters of a managed policy, white space between its elements not counted.
pub const POLICY_CHARS_MAX: usize = 6_144;
/// The same of who may assume a role.
pub const TRUST_POLICY_CHARS_MAX: usize = 2_048;
/// Seconds of a session of a role that says nothing about it, and the least that it can say.
pub const SESSION_SECONDS_DEFAULT: u32 = 3_600;
/// The most seconds that a role can say.
pub const SESSION_SECONDS_MAX: u32 = 43_200;
