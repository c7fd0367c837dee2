//! Shapes of IAM (Query protocol, service model 2010-05-08).
//!
//! What users, groups and roles have in common is one request for the three, told apart by the kind of the entity.

mod absent;
mod access_keys;
mod account;
mod attachments;
mod error;
mod groups;
mod inline_policies;
mod policies;
mod policy_exclusions;
mod read;
mod roles;
mod simulation;
mod tags;
mod users;

pub use self::absent::{
    AbsentOfAccountRequest, AbsentOfUserRequest, GetInstanceProfileRequest, NoneResponse,
};
pub use self::access_keys::{
    AccessKeyEntry, AccessKeyLastUsed, CreateAccessKeyRequest, CreateAccessKeyResponse,
    DeleteAccessKeyRequest, GetAccessKeyLastUsedRequest, GetAccessKeyLastUsedResponse, ListAccessKeysRequest,
    ListAccessKeysResponse, NewAccessKeyEntry, UpdateAccessKeyRequest,
};
pub use self::account::{GetAccountSummaryRequest, GetAccountSummaryResponse};
pub use self::attachments::{
    AttachedPolicyEntry, AttachmentRequest, DeleteBoundaryRequest, ListAttachedPoliciesRequest,
    ListAttachedPoliciesResponse, ListEntitiesForPolicyRequest, ListEntitiesForPolicyResponse, PolicyGroup,
    PolicyRole, PolicyUsage, PolicyUser, PutBoundaryRequest,
};
pub use self::error::{IamErrorCode, iam_error};
pub use self::groups::{
    CreateGroupRequest, DeleteGroupRequest, GetGroupRequest, GetGroupResponse, GroupEntry, GroupResponse,
    ListGroupsForUserRequest, ListGroupsRequest, ListGroupsResponse, MembershipRequest, UpdateGroupRequest,
};
pub use self::inline_policies::{
    InlinePolicyRequest, InlinePolicyResponse, ListInlinePoliciesRequest, ListInlinePoliciesResponse,
    PutInlinePolicyRequest,
};
pub use self::policies::{
    CreatePolicyRequest, CreatePolicyVersionRequest, ListPoliciesRequest, ListPoliciesResponse,
    ListPolicyVersionsRequest, ListPolicyVersionsResponse, PolicyEntry, PolicyRequest, PolicyResponse,
    PolicyScope, PolicyVersionEntry, PolicyVersionRequest, PolicyVersionResponse,
};
pub use self::policy_exclusions::{ExcludedType, NamePattern, PolicyExclusion};
pub use self::read::{AttachedBoundary, PageEnd, PageRequest};
pub(in crate::api) use self::read::{moment, tags};
pub use self::roles::{
    CreateRoleRequest, DeleteRoleRequest, GetRoleRequest, ListInstanceProfilesForRoleRequest,
    ListInstanceProfilesForRoleResponse, ListRolesRequest, ListRolesResponse, RoleEntry, RoleResponse,
    UpdateAssumeRolePolicyRequest, UpdateRoleDescriptionRequest, UpdateRoleRequest,
};
pub use self::simulation::{
    BoundaryDetail, ContextEntry, ContextKeysOfPoliciesRequest, ContextKeysOfPrincipalRequest,
    ContextKeysResponse, EvaluationResult, MatchedStatement, PolicySimulation, ResourceResult,
    SimulateCustomPolicyRequest, SimulatePolicyResponse, SimulatePrincipalPolicyRequest,
};
pub use self::tags::{ListTagsRequest, ListTagsResponse, TagRequest, Tagged, UntagRequest};
pub use self::users::{
    CreateUserRequest, DeleteUserRequest, GetUserRequest, ListUsersRequest, ListUsersResponse,
    UpdateUserRequest, UserEntry, UserResponse,
};

use super::ApiError;
use super::members::Members;
use crate::iam::EntityKind;

/// A request that can be read from the members of a form.
pub trait IamRequest: Sized {
    /// Reads and checks the members.
    fn read(members: &mut Members) -> Result<Self, ApiError>;
}

/// A request that is the same for users, groups and roles but for the names of its members.
pub trait EntityRequest: Sized {
    /// Reads and checks the members.
    fn read(kind: EntityKind, members: &mut Members) -> Result<Self, ApiError>;
}
