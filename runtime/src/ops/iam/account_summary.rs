//! GetAccountSummary.

use keywheel_domain::api::ApiError;
use keywheel_domain::api::iam::{GetAccountSummaryRequest, GetAccountSummaryResponse};
use keywheel_domain::iam::{
    ACCESS_KEYS_MAX, ATTACHED_MAX, EntityKind, GROUPS_MAX, GROUPS_PER_USER_MAX, POLICIES_MAX,
    POLICY_CHARS_MAX, POLICY_VERSIONS_MAX, ROLES_MAX, TRUST_POLICY_CHARS_MAX, USERS_MAX,
};

use crate::ops::{Caller, Operations};

impl Operations {
    /// Tells how much of everything an account has and may have.
    pub(super) async fn get_account_summary(
        &self,
        caller: &Caller,
        _: GetAccountSummaryRequest,
    ) -> Result<GetAccountSummaryResponse, ApiError> {
        self.authorize(caller, "iam:GetAccountSummary", None)?;
        let counts = self.iam_census(&caller.account).await?.counts;
        let summary_map = vec![
            ("Users", counts.users),
            ("UsersQuota", USERS_MAX),
            ("Groups", counts.groups),
            ("GroupsQuota", GROUPS_MAX),
            ("Roles", counts.roles),
            ("RolesQuota", ROLES_MAX),
            ("Policies", counts.policies),
            ("PoliciesQuota", POLICIES_MAX),
            ("PolicySizeQuota", POLICY_CHARS_MAX),
            ("VersionsPerPolicyQuota", POLICY_VERSIONS_MAX),
            ("AccessKeysPerUserQuota", ACCESS_KEYS_MAX),
            ("GroupsPerUserQuota", GROUPS_PER_USER_MAX),
            ("AttachedPoliciesPerUserQuota", ATTACHED_MAX),
            ("AttachedPoliciesPerGroupQuota", ATTACHED_MAX),
            ("AttachedPoliciesPerRoleQuota", ATTACHED_MAX),
            ("UserPolicySizeQuota", EntityKind::User.inline_chars_max()),
            ("GroupPolicySizeQuota", EntityKind::Group.inline_chars_max()),
            ("RolePolicySizeQuota", EntityKind::Role.inline_chars_max()),
            ("AssumeRolePolicySizeQuota", TRUST_POLICY_CHARS_MAX),
        ];
        Ok(GetAccountSummaryResponse { summary_map })
    }
}
