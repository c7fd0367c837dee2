//! From the name of an action to it: every operation of IAM, in one list.

use keywheel_domain::api::iam::{
    AbsentOfAccountRequest, AbsentOfUserRequest, EntityRequest, IamRequest, ListTagsRequest, TagRequest,
    UntagRequest,
};
use keywheel_domain::api::{ApiError, ErrorCode, Members};
use keywheel_domain::iam::EntityKind::{Group, Role, User};
use serde_json::Value;

use crate::ops::query::answered;
use crate::ops::{Caller, Operations};

macro_rules! actions {
    ($($name:literal: $read:expr => $action:ident),+ $(,)?) => {
        impl Operations {
            /// The names of the operations of IAM.
            pub(in crate::ops) const IAM_OPERATIONS: &[&'static str] = &[$($name),+];

            /// Runs an action of IAM and returns the JSON of its answer, if it has one.
            pub(in crate::ops) async fn dispatch_iam(
                &self,
                caller: &Caller,
                action: &str,
                members: Members,
            ) -> Result<Option<Value>, ApiError> {
                match action {
                    $($name => {
                        let request = read(members, $read)?;
                        // On the heap: of so many actions, the future of each would be as large as all.
                        answered(&Box::pin(self.$action(caller, request)).await?)
                    })+
                    _ => Err(ApiError::new(ErrorCode::UnknownOperation, "")),
                }
            }
        }
    };
}

actions! {
    "CreateUser": IamRequest::read => create_iam_user,
    "GetUser": IamRequest::read => get_iam_user,
    "UpdateUser": IamRequest::read => update_iam_user,
    "DeleteUser": IamRequest::read => delete_iam_user,
    "ListUsers": IamRequest::read => list_iam_users,
    "CreateAccessKey": IamRequest::read => create_access_key,
    "UpdateAccessKey": IamRequest::read => update_access_key,
    "DeleteAccessKey": IamRequest::read => delete_access_key,
    "ListAccessKeys": IamRequest::read => list_access_keys,
    "GetAccessKeyLastUsed": IamRequest::read => get_access_key_last_used,
    "CreateGroup": IamRequest::read => create_iam_group,
    "GetGroup": IamRequest::read => get_iam_group,
    "UpdateGroup": IamRequest::read => update_iam_group,
    "DeleteGroup": IamRequest::read => delete_iam_group,
    "ListGroups": IamRequest::read => list_iam_groups,
    "AddUserToGroup": IamRequest::read => add_user_to_group,
    "RemoveUserFromGroup": IamRequest::read => remove_user_from_group,
    "ListGroupsForUser": IamRequest::read => list_iam_groups_for_user,
    "CreateRole": IamRequest::read => create_iam_role,
    "GetRole": IamRequest::read => get_iam_role,
    "UpdateRole": IamRequest::read => update_iam_role,
    "UpdateRoleDescription": IamRequest::read => update_role_description,
    "ListInstanceProfilesForRole": IamRequest::read => list_instance_profiles_for_role,
    "UpdateAssumeRolePolicy": IamRequest::read => update_assume_role_policy,
    "DeleteRole": IamRequest::read => delete_iam_role,
    "ListRoles": IamRequest::read => list_iam_roles,
    "CreatePolicy": IamRequest::read => create_iam_policy,
    "GetPolicy": IamRequest::read => get_iam_policy,
    "DeletePolicy": IamRequest::read => delete_iam_policy,
    "ListPolicies": IamRequest::read => list_iam_policies,
    "CreatePolicyVersion": IamRequest::read => create_policy_version,
    "GetPolicyVersion": IamRequest::read => get_policy_version,
    "ListPolicyVersions": IamRequest::read => list_policy_versions,
    "SetDefaultPolicyVersion": IamRequest::read => set_default_policy_version,
    "DeletePolicyVersion": IamRequest::read => delete_policy_version,
    "ListEntitiesForPolicy": IamRequest::read => list_entities_for_policy,
    "GetAccountSummary": IamRequest::read => get_account_summary,
    "GetAccountPasswordPolicy": |members: &mut Members| AbsentOfAccountRequest::read(("GetAccountPasswordPolicy", "PasswordPolicy"), members) => get_account_password_policy,
    "ListAccountAliases": |members: &mut Members| AbsentOfAccountRequest::read(("ListAccountAliases", "AccountAliases"), members) => list_none_of_account,
    "ListInstanceProfiles": |members: &mut Members| AbsentOfAccountRequest::read(("ListInstanceProfiles", "InstanceProfiles"), members) => list_none_of_account,
    "GetInstanceProfile": IamRequest::read => get_instance_profile,
    "ListVirtualMFADevices": |members: &mut Members| AbsentOfAccountRequest::read(("ListVirtualMFADevices", "VirtualMFADevices"), members) => list_none_of_account,
    "ListMFADevices": |members: &mut Members| AbsentOfUserRequest::read(("ListMFADevices", "MFADevices"), members) => list_none_of_user,
    "ListSSHPublicKeys": |members: &mut Members| AbsentOfUserRequest::read(("ListSSHPublicKeys", "SSHPublicKeys"), members) => list_none_of_user,
    "ListServiceSpecificCredentials": |members: &mut Members| AbsentOfUserRequest::read(("ListServiceSpecificCredentials", "ServiceSpecificCredentials"), members) => list_none_of_user,
    "ListSigningCertificates": |members: &mut Members| AbsentOfUserRequest::read(("ListSigningCertificates", "Certificates"), members) => list_none_of_user,
    "GetLoginProfile": |members: &mut Members| AbsentOfUserRequest::read(("GetLoginProfile", "LoginProfile"), members) => find_login_profile,
    "DeleteLoginProfile": |members: &mut Members| AbsentOfUserRequest::read(("DeleteLoginProfile", "LoginProfile"), members) => find_login_profile,
    "SimulateCustomPolicy": IamRequest::read => simulate_custom_policy,
    "SimulatePrincipalPolicy": IamRequest::read => simulate_principal_policy,
    "GetContextKeysForCustomPolicy": IamRequest::read => context_keys_of_policies,
    "GetContextKeysForPrincipalPolicy": IamRequest::read => context_keys_of_principal,
    "PutUserPolicy": |members: &mut Members| EntityRequest::read(User, members) => put_inline_policy,
    "GetUserPolicy": |members: &mut Members| EntityRequest::read(User, members) => get_inline_policy,
    "DeleteUserPolicy": |members: &mut Members| EntityRequest::read(User, members) => delete_inline_policy,
    "ListUserPolicies": |members: &mut Members| EntityRequest::read(User, members) => list_inline_policies,
    "AttachUserPolicy": |members: &mut Members| EntityRequest::read(User, members) => attach_policy,
    "DetachUserPolicy": |members: &mut Members| EntityRequest::read(User, members) => detach_policy,
    "ListAttachedUserPolicies": |members: &mut Members| EntityRequest::read(User, members) => list_attached_policies,
    "PutGroupPolicy": |members: &mut Members| EntityRequest::read(Group, members) => put_inline_policy,
    "GetGroupPolicy": |members: &mut Members| EntityRequest::read(Group, members) => get_inline_policy,
    "DeleteGroupPolicy": |members: &mut Members| EntityRequest::read(Group, members) => delete_inline_policy,
    "ListGroupPolicies": |members: &mut Members| EntityRequest::read(Group, members) => list_inline_policies,
    "AttachGroupPolicy": |members: &mut Members| EntityRequest::read(Group, members) => attach_policy,
    "DetachGroupPolicy": |members: &mut Members| EntityRequest::read(Group, members) => detach_policy,
    "ListAttachedGroupPolicies": |members: &mut Members| EntityRequest::read(Group, members) => list_attached_policies,
    "PutRolePolicy": |members: &mut Members| EntityRequest::read(Role, members) => put_inline_policy,
    "GetRolePolicy": |members: &mut Members| EntityRequest::read(Role, members) => get_inline_policy,
    "DeleteRolePolicy": |members: &mut Members| EntityRequest::read(Role, members) => delete_inline_policy,
    "ListRolePolicies": |members: &mut Members| EntityRequest::read(Role, members) => list_inline_policies,
    "AttachRolePolicy": |members: &mut Members| EntityRequest::read(Role, members) => attach_policy,
    "DetachRolePolicy": |members: &mut Members| EntityRequest::read(Role, members) => detach_policy,
    "ListAttachedRolePolicies": |members: &mut Members| EntityRequest::read(Role, members) => list_attached_policies,
    "PutUserPermissionsBoundary": |members: &mut Members| EntityRequest::read(User, members) => put_permissions_boundary,
    "DeleteUserPermissionsBoundary": |members: &mut Members| EntityRequest::read(User, members) => delete_permissions_boundary,
    "PutRolePermissionsBoundary": |members: &mut Members| EntityRequest::read(Role, members) => put_permissions_boundary,
    "DeleteRolePermissionsBoundary": |members: &mut Members| EntityRequest::read(Role, members) => delete_permissions_boundary,
    "TagUser": |members: &mut Members| TagRequest::read(Some(User), members) => tag_iam,
    "UntagUser": |members: &mut Members| UntagRequest::read(Some(User), members) => untag_iam,
    "ListUserTags": |members: &mut Members| ListTagsRequest::read(Some(User), members) => list_iam_tags,
    "TagRole": |members: &mut Members| TagRequest::read(Some(Role), members) => tag_iam,
    "UntagRole": |members: &mut Members| UntagRequest::read(Some(Role), members) => untag_iam,
    "ListRoleTags": |members: &mut Members| ListTagsRequest::read(Some(Role), members) => list_iam_tags,
    "TagPolicy": |members: &mut Members| TagRequest::read(None, members) => tag_iam,
    "UntagPolicy": |members: &mut Members| UntagRequest::read(None, members) => untag_iam,
    "ListPolicyTags": |members: &mut Members| ListTagsRequest::read(None, members) => list_iam_tags,
}

fn read<R>(mut members: Members, read: impl Fn(&mut Members) -> Result<R, ApiError>) -> Result<R, ApiError> {
    let request = read(&mut members)?;
    members.finish()?;
    Ok(request)
}
