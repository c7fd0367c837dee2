//! Managed policies that every account has.

use crate::time::Timestamp;

/// What approvers have.
pub const APPROVER_POLICY_ARN: &str = "arn:aws:iam::aws:policy/KeywheelApprover";

/// A policy of the service: nobody changes it.
#[derive(Debug, PartialEq, Eq)]
pub struct BuiltinPolicy {
    /// Behind the path `/`.
    pub name: &'static str,
    /// As in requests.
    pub arn: &'static str,
    /// `ANPA…`.
    pub id: &'static str,
    /// For people.
    pub description: &'static str,
    /// The document of its only version.
    pub document: &'static str,
}

impl BuiltinPolicy {
    /// When they came to be: the beginning of 2026.
    pub const CREATED: Timestamp = Timestamp::from_millis(1_767_225_600_000);
}

/// All of them, in the order of their names.
pub static BUILTIN_POLICIES: [BuiltinPolicy; 5] = [
    BuiltinPolicy {
        name: "AWSKeyManagementServicePowerUser",
        arn: "arn:aws:iam::aws:policy/AWSKeyManagementServicePowerUser",
        id: "ANPAKEYWHEELKMSPOWERU",
        description: "Makes keys, aliases and tags, and looks at all of them; the policies of keys say who uses them.",
        document: r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["kms:CreateAlias","kms:CreateKey","kms:DeleteAlias","kms:Describe*","kms:GenerateRandom","kms:Get*","kms:List*","kms:TagResource","kms:UntagResource","iam:ListGroups","iam:ListRoles","iam:ListUsers"],"Resource":"*"}]}"#,
    },
    BuiltinPolicy {
        name: "AdministratorAccess",
        arn: "arn:aws:iam::aws:policy/AdministratorAccess",
        id: "ANPAKEYWHEELADMINACCE",
        description: "Allows everything.",
        document: r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#,
    },
    BuiltinPolicy {
        name: "IAMFullAccess",
        arn: "arn:aws:iam::aws:policy/IAMFullAccess",
        id: "ANPAKEYWHEELIAMFULLAC",
        description: "Allows everything about users, groups, roles and policies.",
        document: r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iam:*","Resource":"*"}]}"#,
    },
    BuiltinPolicy {
        name: "KeywheelApprover",
        arn: APPROVER_POLICY_ARN,
        id: "ANPAKEYWHEELAPPROVERS",
        description: "Looks at rotations and answers requests for approval; tells and changes no value.",
        document: r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["keywheel:ApproveRotation","keywheel:ListApprovals","keywheel:DescribeApproval","keywheel:DescribeRotation","keywheel:ListRotations","keywheel:PreviewSchedule","keywheel:GetRotationPolicy","keywheel:ListEvents"],"Resource":"*"}]}"#,
    },
    BuiltinPolicy {
        name: "SecretsManagerReadWrite",
        arn: "arn:aws:iam::aws:policy/SecretsManagerReadWrite",
        id: "ANPAKEYWHEELSECRETSRW",
        description: "Allows everything about secrets, and what that needs of keys, functions and roles.",
        document: r#"{"Version":"2012-10-17","Statement":[{"Sid":"Secrets","Effect":"Allow","Action":["secretsmanager:*","kms:DescribeKey","kms:ListAliases","kms:ListKeys","lambda:ListFunctions","iam:GetRole","iam:ListRoles"],"Resource":"*"},{"Sid":"RotationFunctions","Effect":"Allow","Action":["lambda:AddPermission","lambda:CreateFunction","lambda:GetFunction","lambda:InvokeFunction","lambda:UpdateFunctionConfiguration"],"Resource":"arn:aws:lambda:*:*:function:SecretsManager*"}]}"#,
    },
];

/// The built-in policy of this ARN.
pub fn builtin_policy(arn: &str) -> Option<&'static BuiltinPolicy> {
    BUILTIN_POLICIES.iter().find(|policy| policy.arn == arn)
}
