//! Stories about users, groups, roles and policies. Each becomes `tests/golden/iam/NAME.txt`.

pub(super) const SCRIPTS: [(&str, &str); 9] = [
    (
        "users",
        "
        # A user is found by its name, capitals or not.
        CreateUser UserName=Ann Path=/people/ Tags.member.1.Key=team Tags.member.1.Value=blue+green
        GetUser UserName=ann
        CreateUser UserName=ANN
        GetUser
        CreateUser UserName=bob
        CreateUser UserName=carl
        ListUsers
        ListUsers PathPrefix=/people/
        ListUsers MaxItems=2
        ListUsers MaxItems=2 Marker=$MARKER
        ListUsers MaxItems=1 Marker=$MARKER
        # Another name is one with the same id.
        UpdateUser UserName=bob NewUserName=Robert NewPath=/people/
        GetUser UserName=bob
        GetUser UserName=robert
        UpdateUser UserName=Robert NewUserName=CARL
        DeleteUser UserName=carl
        DeleteUser UserName=carl
        TagUser UserName=ann Tags.member.1.Key=team Tags.member.1.Value=red
        ListUserTags UserName=ann
        UntagUser UserName=ann TagKeys.member.1=team
        ListUserTags UserName=ann
        ",
    ),
    (
        "absent",
        "
        # What tools ask for before they delete a user or a role: nothing is in the way.
        CreateUser UserName=ann
        GetLoginProfile UserName=ann
        DeleteLoginProfile UserName=ann
        ListMFADevices UserName=Ann
        ListSSHPublicKeys UserName=ann
        ListServiceSpecificCredentials UserName=ann
        ListSigningCertificates UserName=ann
        ListMFADevices UserName=bob
        GetLoginProfile UserName=bob
        ListMFADevices
        ListVirtualMFADevices AssignmentStatus=Any
        ListInstanceProfiles
        GetInstanceProfile InstanceProfileName=app
        ListAccountAliases
        GetAccountPasswordPolicy
        ",
    ),
    (
        "refusals",
        "
        # Who asks is known before anything is told.
        forged ListUsers
        unknown ListUsers
        misdirected ListUsers
        # What is asked is no operation.
        ListUsersAndMore
        raw Action=ListUsers&Version=2010-05-09
        raw Version=2010-05-08
        # The form is none.
        raw Action=ListUsers&Version=2010-05-08&MaxItems=%zz
        raw Action=ListUsers&Version=2010-05-08&MaxItems=1&MaxItems=2
        ListUsers MaxItems=many
        # Members break constraints: all of them are told.
        ListUsers MaxItems=0
        ListUsers MaxItems=1001 PathPrefix=people
        CreateUser
        CreateUser UserName=a/b Path=nowhere Tags.member.1.Key=a
        CreateUser UserName=ann Tags.member.1.Key=a Tags.member.1.Value=1 Tags.member.2.Key=A Tags.member.2.Value=2
        CreateUser UserName=ann Tags.member.1.Key=aws:x Tags.member.1.Value=1
        CreateUser UserName=ann PermissionsBoundary=arn:aws:iam::123456789012:policy/none
        ListUsers Marker=none
        ",
    ),
    (
        "access_keys",
        "
        CreateAccessKey
        CreateUser UserName=ann
        CreateAccessKey UserName=ann
        GetAccessKeyLastUsed AccessKeyId=$KEY
        UpdateAccessKey UserName=ann AccessKeyId=$KEY Status=Inactive
        UpdateAccessKey UserName=ann AccessKeyId=$KEY Status=Expired
        ListAccessKeys UserName=ann
        CreateAccessKey UserName=ann
        CreateAccessKey UserName=ann
        DeleteUser UserName=ann
        DeleteAccessKey UserName=ann AccessKeyId=$KEY
        DeleteAccessKey UserName=ann AccessKeyId=$KEY
        UpdateAccessKey UserName=ann AccessKeyId=AKIAUNKNOWNUNKNOWN12 Status=Active
        GetAccessKeyLastUsed AccessKeyId=AKIAUNKNOWNUNKNOWN12
        ",
    ),
    (
        "groups",
        "
        CreateUser UserName=ann
        CreateUser UserName=bob
        CreateGroup GroupName=Readers Path=/teams/
        CreateGroup GroupName=readers
        AddUserToGroup GroupName=readers UserName=ann
        AddUserToGroup GroupName=readers UserName=ann
        AddUserToGroup GroupName=readers UserName=bob
        AddUserToGroup GroupName=readers UserName=carl
        AddUserToGroup GroupName=writers UserName=ann
        GetGroup GroupName=READERS MaxItems=1
        GetGroup GroupName=READERS MaxItems=1 Marker=$MARKER
        # A renamed group keeps its users.
        UpdateGroup GroupName=readers NewGroupName=auditors NewPath=/
        ListGroupsForUser UserName=ann
        GetGroup GroupName=readers
        CreateGroup GroupName=writers
        UpdateGroup GroupName=auditors NewGroupName=Writers
        ListGroups
        DeleteUser UserName=ann
        DeleteGroup GroupName=auditors
        RemoveUserFromGroup GroupName=auditors UserName=ann
        RemoveUserFromGroup GroupName=auditors UserName=ann
        RemoveUserFromGroup GroupName=auditors UserName=bob
        DeleteGroup GroupName=auditors
        DeleteUser UserName=ann
        ",
    ),
    (
        "inline_policies",
        r#"
        CreateUser UserName=ann
        PutUserPolicy UserName=ann PolicyName=Read PolicyDocument={"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"secretsmanager:GetSecretValue","Resource":"*"}]}
        GetUserPolicy UserName=ann PolicyName=read
        # Capitals or not, it is the same policy.
        PutUserPolicy UserName=ann PolicyName=READ PolicyDocument={"Statement":[{"Effect":"Deny","Action":"kms:*","Resource":"*"}]}
        GetUserPolicy UserName=ann PolicyName=Read
        PutUserPolicy UserName=ann PolicyName=another PolicyDocument={"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"secretsmanager:GetSecretValue","Resource":"*"}]}
        ListUserPolicies UserName=ann MaxItems=1
        ListUserPolicies UserName=ann Marker=$MARKER
        PutUserPolicy UserName=ann PolicyName=bad PolicyDocument=nothing
        PutUserPolicy UserName=ann PolicyName=bad PolicyDocument={"Statement":[{"Effect":"Allow","Action":"read","Resource":"*"}]}
        PutUserPolicy UserName=bob PolicyName=read PolicyDocument={"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"secretsmanager:GetSecretValue","Resource":"*"}]}
        DeleteUser UserName=ann
        DeleteUserPolicy UserName=ann PolicyName=read
        DeleteUserPolicy UserName=ann PolicyName=read
        GetUserPolicy UserName=ann PolicyName=read
        CreateGroup GroupName=readers
        PutGroupPolicy GroupName=readers PolicyName=read PolicyDocument={"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"secretsmanager:GetSecretValue","Resource":"*"}]}
        ListGroupPolicies GroupName=readers
        GetGroupPolicy GroupName=readers PolicyName=read
        DeleteGroup GroupName=readers
        GetGroupPolicy GroupName=readers PolicyName=none
        DeleteGroupPolicy GroupName=readers PolicyName=read
        DeleteGroup GroupName=readers
        "#,
    ),
    (
        "roles",
        r#"
        CreateRole RoleName=Rotator Path=/service/ Description=Rotates. MaxSessionDuration=7200 AssumeRolePolicyDocument={"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"arn:aws:iam::123456789012:root"}}]}
        CreateRole RoleName=rotator AssumeRolePolicyDocument={"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"arn:aws:iam::123456789012:root"}}]}
        CreateRole RoleName=other AssumeRolePolicyDocument={"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"secretsmanager:GetSecretValue","Resource":"*"}]}
        CreateRole RoleName=other AssumeRolePolicyDocument={"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"arn:aws:iam::123456789012:root"}}]} MaxSessionDuration=60
        GetRole RoleName=rotator
        UpdateRole RoleName=rotator MaxSessionDuration=3600
        TagRole RoleName=rotator Tags.member.1.Key=team Tags.member.1.Value=blue
        TagRole RoleName=rotator Tags.member.1.Key=TEAM Tags.member.1.Value=green
        ListRoleTags RoleName=rotator
        UpdateAssumeRolePolicy RoleName=rotator PolicyDocument={"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"arn:aws:iam::123456789012:user/ann"}}]}
        GetRole RoleName=rotator
        UntagRole RoleName=rotator TagKeys.member.1=team
        ListRoles PathPrefix=/service/
        PutRolePolicy RoleName=rotator PolicyName=read PolicyDocument={"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"secretsmanager:GetSecretValue","Resource":"*"}]}
        GetRolePolicy RoleName=rotator PolicyName=read
        ListRolePolicies RoleName=rotator
        UpdateRoleDescription RoleName=rotator Description=Turns.
        ListInstanceProfilesForRole RoleName=rotator
        DeleteRole RoleName=rotator
        DeleteRolePolicy RoleName=rotator PolicyName=read
        DeleteRole RoleName=rotator
        GetRole RoleName=rotator
        "#,
    ),
    (
        "policies",
        r#"
        CreatePolicy PolicyName=Read Path=/team/ Description=Reads. PolicyDocument={"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"secretsmanager:GetSecretValue","Resource":"*"}]} Tags.member.1.Key=team Tags.member.1.Value=blue
        CreatePolicy PolicyName=read PolicyDocument={"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"secretsmanager:GetSecretValue","Resource":"*"}]}
        CreatePolicy PolicyName=bad PolicyDocument={"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"arn:aws:iam::123456789012:root"}}]}
        GetPolicy PolicyArn=arn:aws:iam::123456789012:policy/team/Read
        GetPolicy PolicyArn=arn:aws:iam::123456789012:policy/Read
        # Five versions at most, and no number twice.
        CreatePolicyVersion PolicyArn=arn:aws:iam::123456789012:policy/team/Read PolicyDocument={"Statement":[{"Effect":"Deny","Action":"kms:*","Resource":"*"}]}
        CreatePolicyVersion PolicyArn=arn:aws:iam::123456789012:policy/team/Read PolicyDocument={"Statement":[{"Effect":"Deny","Action":"kms:*","Resource":"*"}]} SetAsDefault=true
        CreatePolicyVersion PolicyArn=arn:aws:iam::123456789012:policy/team/Read PolicyDocument={"Statement":[{"Effect":"Deny","Action":"kms:*","Resource":"*"}]}
        CreatePolicyVersion PolicyArn=arn:aws:iam::123456789012:policy/team/Read PolicyDocument={"Statement":[{"Effect":"Deny","Action":"kms:*","Resource":"*"}]}
        CreatePolicyVersion PolicyArn=arn:aws:iam::123456789012:policy/team/Read PolicyDocument={"Statement":[{"Effect":"Deny","Action":"kms:*","Resource":"*"}]}
        ListPolicyVersions PolicyArn=arn:aws:iam::123456789012:policy/team/Read
        GetPolicyVersion PolicyArn=arn:aws:iam::123456789012:policy/team/Read VersionId=v1
        DeletePolicyVersion PolicyArn=arn:aws:iam::123456789012:policy/team/Read VersionId=v3
        SetDefaultPolicyVersion PolicyArn=arn:aws:iam::123456789012:policy/team/Read VersionId=v1
        DeletePolicyVersion PolicyArn=arn:aws:iam::123456789012:policy/team/Read VersionId=v3
        DeletePolicyVersion PolicyArn=arn:aws:iam::123456789012:policy/team/Read VersionId=v3
        DeletePolicyVersion PolicyArn=arn:aws:iam::123456789012:policy/team/Read VersionId=3
        DeletePolicy PolicyArn=arn:aws:iam::123456789012:policy/team/Read
        # Built-in policies are everybody's, and nobody's to change.
        ListPolicies
        ListPolicies Scope=Local
        ListPolicies OnlyAttached=true
        GetPolicyVersion PolicyArn=arn:aws:iam::aws:policy/IAMFullAccess VersionId=v1
        DeletePolicy PolicyArn=arn:aws:iam::aws:policy/IAMFullAccess
        ListPolicyTags PolicyArn=arn:aws:iam::123456789012:policy/team/Read
        TagPolicy PolicyArn=arn:aws:iam::123456789012:policy/team/Read Tags.member.1.Key=tier Tags.member.1.Value=1
        UntagPolicy PolicyArn=arn:aws:iam::123456789012:policy/team/Read TagKeys.member.1=team
        ListPolicyTags PolicyArn=arn:aws:iam::123456789012:policy/team/Read
        "#,
    ),
    (
        "attachments",
        r#"
        CreateUser UserName=ann
        CreateGroup GroupName=readers
        CreateRole RoleName=rotator AssumeRolePolicyDocument={"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"arn:aws:iam::123456789012:root"}}]}
        CreatePolicy PolicyName=read PolicyDocument={"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"secretsmanager:GetSecretValue","Resource":"*"}]}
        AttachUserPolicy UserName=ann PolicyArn=arn:aws:iam::123456789012:policy/read
        AttachUserPolicy UserName=ann PolicyArn=arn:aws:iam::123456789012:policy/read
        AttachUserPolicy UserName=ann PolicyArn=arn:aws:iam::aws:policy/AdministratorAccess
        AttachGroupPolicy GroupName=readers PolicyArn=arn:aws:iam::123456789012:policy/read
        PutRolePermissionsBoundary RoleName=rotator PermissionsBoundary=arn:aws:iam::123456789012:policy/read
        AttachUserPolicy UserName=ann PolicyArn=arn:aws:iam::123456789012:policy/none
        AttachUserPolicy UserName=ann PolicyArn=arn:aws:iam::123456789012:role/x
        GetPolicy PolicyArn=arn:aws:iam::123456789012:policy/read
        GetPolicy PolicyArn=arn:aws:iam::aws:policy/AdministratorAccess
        ListAttachedUserPolicies UserName=ann
        ListAttachedGroupPolicies GroupName=readers
        PutUserPermissionsBoundary UserName=ann PermissionsBoundary=arn:aws:iam::aws:policy/AdministratorAccess
        GetUser UserName=ann
        DeleteUserPermissionsBoundary UserName=ann
        DeleteUserPermissionsBoundary UserName=ann
        AttachRolePolicy RoleName=rotator PolicyArn=arn:aws:iam::aws:policy/AdministratorAccess
        ListAttachedRolePolicies RoleName=rotator
        DetachRolePolicy RoleName=rotator PolicyArn=arn:aws:iam::aws:policy/AdministratorAccess
        ListEntitiesForPolicy PolicyArn=arn:aws:iam::123456789012:policy/read
        ListEntitiesForPolicy PolicyArn=arn:aws:iam::123456789012:policy/read PolicyUsageFilter=PermissionsBoundary
        ListEntitiesForPolicy PolicyArn=arn:aws:iam::123456789012:policy/read EntityFilter=User
        GetRole RoleName=rotator
        DeletePolicy PolicyArn=arn:aws:iam::123456789012:policy/read
        DeleteUser UserName=ann
        DetachUserPolicy UserName=ann PolicyArn=arn:aws:iam::123456789012:policy/read
        DetachUserPolicy UserName=ann PolicyArn=arn:aws:iam::123456789012:policy/read
        DetachGroupPolicy GroupName=readers PolicyArn=arn:aws:iam::123456789012:policy/read
        DeleteRolePermissionsBoundary RoleName=rotator
        PutRolePermissionsBoundary RoleName=rotator PermissionsBoundary=arn:aws:iam::123456789012:policy/read
        # A role that goes is bounded no more.
        DeleteRole RoleName=rotator
        DeletePolicy PolicyArn=arn:aws:iam::123456789012:policy/read
        GetAccountSummary
        "#,
    ),
];
