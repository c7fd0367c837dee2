//! Stories about users, groups, roles and policies. Each becomes `tests/golden/iam/NAME.txt`.

pub(super) const SCRIPTS: [(&str, &str); 10] = [
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
    (
        "simulation",
        r#"
        # What given policies let happen, and where the statements stand that decide.
        SimulateCustomPolicy PolicyInputList.member.1={"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"dynamodb:*","Resource":"*","Condition":{"DateGreaterThan":{"aws:CurrentTime":"2018-08-16T12:00:00Z"}}}} ActionNames.member.1=dynamodb:CreateBackup ContextEntries.member.1.ContextKeyName=aws:CurrentTime ContextEntries.member.1.ContextKeyValues.member.1=2019-04-25T11:00:00Z ContextEntries.member.1.ContextKeyType=date
        SimulateCustomPolicy PolicyInputList.member.1={"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"dynamodb:*","Resource":"*","Condition":{"DateGreaterThan":{"aws:CurrentTime":"2018-08-16T12:00:00Z"}}}} ActionNames.member.1=dynamodb:CreateBackup ContextEntries.member.1.ContextKeyName=AWS:currenttime ContextEntries.member.1.ContextKeyValues.member.1=2014-04-25T11:00:00Z ContextEntries.member.1.ContextKeyType=date
        # A Deny is told alone, and a key that nobody gave is told.
        SimulateCustomPolicy PolicyInputList.member.1={"Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"s3:Get*","Resource":"arn:aws:s3:::b/*"},{"Effect":"Deny","Action":"s3:Put*","Resource":"*","Condition":{"StringNotLike":{"s3:prefix":"x"},"Null":{"aws:TagKeys":"true"}}}]} PolicyInputList.member.2={"Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}} ActionNames.member.1=s3:GetObject ActionNames.member.2=s3:PutObject ResourceArns.member.1=arn:aws:s3:::b/k
        # By the page.
        SimulateCustomPolicy PolicyInputList.member.1={"Statement":{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::a"}} ActionNames.member.1=s3:ListBucket ActionNames.member.2=s3:PutObject ResourceArns.member.1=arn:aws:s3:::a ResourceArns.member.2=* MaxItems=3
        SimulateCustomPolicy PolicyInputList.member.1={"Statement":{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::a"}} ActionNames.member.1=s3:ListBucket ActionNames.member.2=s3:PutObject ResourceArns.member.1=arn:aws:s3:::a ResourceArns.member.2=* MaxItems=3 Marker=$MARKER
        # A boundary, and a policy of the resource of another account.
        SimulateCustomPolicy PolicyInputList.member.1={"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}} PermissionsBoundaryPolicyInputList.member.1={"Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}} ActionNames.member.1=s3:GetObject ActionNames.member.2=kms:Encrypt
        SimulateCustomPolicy PolicyInputList.member.1={"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}} ActionNames.member.1=s3:GetObject ResourceArns.member.1=arn:aws:s3:::b/k CallerArn=arn:aws:iam::999999999999:user/x/bob ResourceOwner=arn:aws:iam::123456789012:root ResourcePolicy={"Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*","Principal":{"AWS":"arn:aws:iam::999999999999:user/x/bob"},"Condition":{"StringEquals":{"aws:PrincipalArn":"arn:aws:iam::999999999999:user/x/bob","aws:ResourceAccount":"123456789012"}}}}
        SimulateCustomPolicy PolicyInputList.member.1={"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}} ActionNames.member.1=s3:GetObject ResourceArns.member.1=arn:aws:s3:::b/k CallerArn=arn:aws:iam::999999999999:user/bob ResourceOwner=123456789012
        # What the policies of somebody let happen: their own, attached ones and those of groups.
        CreateUser UserName=ann Path=/people/ Tags.member.1.Key=team Tags.member.1.Value=blue
        PutUserPolicy UserName=ann PolicyName=own PolicyDocument={"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"secretsmanager:GetSecretValue","Resource":"arn:aws:secretsmanager:*:*:secret:${aws:PrincipalTag/team}/*"}}
        CreateGroup GroupName=keys
        PutGroupPolicy GroupName=keys PolicyName=use PolicyDocument={"Version":"2012-10-17","Statement":[{"Sid":"a","Effect":"Deny","Action":"kms:Encrypt","Resource":"*","Condition":{"StringEquals":{"aws:username":"ann"}}},{"Effect":"Allow","Action":"kms:*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"true"}}}]}
        AddUserToGroup GroupName=keys UserName=ann
        AttachUserPolicy UserName=ann PolicyArn=arn:aws:iam::aws:policy/KeywheelApprover
        SimulatePrincipalPolicy PolicySourceArn=arn:aws:iam::123456789012:user/people/ann ActionNames.member.1=secretsmanager:GetSecretValue ActionNames.member.2=kms:Encrypt ActionNames.member.3=kms:Decrypt ActionNames.member.4=keywheel:ApproveRotation ResourceArns.member.1=arn:aws:secretsmanager:us-east-1:123456789012:secret:blue/x-AbCdEf
        SimulatePrincipalPolicy PolicySourceArn=arn:aws:iam::123456789012:group/keys ActionNames.member.1=kms:Decrypt ContextEntries.member.1.ContextKeyName=aws:SecureTransport ContextEntries.member.1.ContextKeyValues.member.1=true
        SimulatePrincipalPolicy PolicySourceArn=arn:aws:iam::123456789012:user/people/ann ActionNames.member.1=s3:GetObject PolicyInputList.member.1={"Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}
        CreatePolicy PolicyName=most PolicyDocument={"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"kms:*","Resource":"*"}}
        PutUserPermissionsBoundary UserName=ann PermissionsBoundary=arn:aws:iam::123456789012:policy/most
        SimulatePrincipalPolicy PolicySourceArn=arn:aws:iam::123456789012:user/people/ann ActionNames.member.1=keywheel:ApproveRotation
        # What they would let happen without some of them.
        SimulatePrincipalPolicy PolicySourceArn=arn:aws:iam::123456789012:user/people/ann ActionNames.member.1=keywheel:ApproveRotation ActionNames.member.2=kms:Encrypt ActionNames.member.3=secretsmanager:GetSecretValue ResourceArns.member.1=arn:aws:secretsmanager:us-east-1:123456789012:secret:blue/x-AbCdEf MaxItems=2 PolicyExclusionList.member.1.PolicyType=permission-boundary PolicyExclusionList.member.2.PolicyType=scp
        SimulatePrincipalPolicy PolicySourceArn=arn:aws:iam::123456789012:user/people/ann ActionNames.member.1=keywheel:ApproveRotation ActionNames.member.2=kms:Encrypt ActionNames.member.3=secretsmanager:GetSecretValue ResourceArns.member.1=arn:aws:secretsmanager:us-east-1:123456789012:secret:blue/x-AbCdEf MaxItems=2 PolicyExclusionList.member.1.PolicyType=permission-boundary PolicyExclusionList.member.2.PolicyArn=arn:aws:iam::aws:policy/Keywheel* PolicyExclusionList.member.3.InlinePolicyIdentifier.PolicyName=use PolicyExclusionList.member.3.InlinePolicyIdentifier.AttachmentType=group PolicyExclusionList.member.3.InlinePolicyIdentifier.AttachmentName=k?y*
        # Which condition keys policies need.
        GetContextKeysForCustomPolicy PolicyInputList.member.1={"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"dynamodb:*","Resource":"arn:aws:dynamodb:us-west-2:123456789012:table/${aws:username}","Condition":{"DateGreaterThan":{"aws:CurrentTime":"2015-08-16T12:00:00Z"}}}}
        GetContextKeysForPrincipalPolicy PolicySourceArn=arn:aws:iam::123456789012:user/people/ann PolicyInputList.member.1={"Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"Bool":{"AWS:securetransport":"true","aws:MultiFactorAuthPresent":"true"}}}}
        # What cannot be simulated.
        SimulateCustomPolicy
        SimulateCustomPolicy PolicyInputList.member.1= ActionNames.member.1=a ResourceArns.member.1= ContextEntries.member.1.ContextKeyName=aws: ContextEntries.member.1.ContextKeyType=text MaxItems=0
        SimulateCustomPolicy PolicyInputList.member.1={} ActionNames.member.1=s3:GetObject
        SimulateCustomPolicy PolicyInputList.member.1={"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}} ActionNames.member.1=s3:Get*
        SimulateCustomPolicy PolicyInputList.member.1={"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}} ActionNames.member.1=s3:GetObject ResourcePolicy={"Statement":{"Effect":"Allow","Action":"*","Resource":"*","Principal":"*"}}
        SimulateCustomPolicy PolicyInputList.member.1={"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}} ActionNames.member.1=s3:GetObject CallerArn=arn:aws:sts::123456789012:assumed-role/r/s
        SimulateCustomPolicy PolicyInputList.member.1={"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}} ActionNames.member.1=s3:GetObject ResourceOwner=me
        SimulateCustomPolicy PolicyInputList.member.1={"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}} ActionNames.member.1=s3:GetObject OrderedOrganizationPolicyInputList.member.1.ServiceControlPolicyInputList.member.1={}
        SimulatePrincipalPolicy PolicySourceArn=arn:aws:iam::123456789012:root ActionNames.member.1=s3:GetObject
        SimulatePrincipalPolicy PolicySourceArn=arn:aws:iam::123456789012:user/ann ActionNames.member.1=s3:GetObject
        SimulatePrincipalPolicy PolicySourceArn=arn:aws:iam::999999999999:user/ann ActionNames.member.1=s3:GetObject
        SimulatePrincipalPolicy PolicySourceArn=arn:aws:iam::123456789012:user/people/ann ActionNames.member.1=s3:GetObject PolicyExclusionList.member.1.PolicyArn=arn:aws:iam::*:policy/a
        SimulatePrincipalPolicy PolicySourceArn=arn:aws:iam::123456789012:user/people/ann ActionNames.member.1=s3:GetObject PolicyExclusionList.member.1.PolicyArn=arn:aws:iam::aws:policy/*a*
        SimulatePrincipalPolicy PolicySourceArn=arn:aws:iam::123456789012:user/people/ann ActionNames.member.1=s3:GetObject PolicyExclusionList.member.1.PolicyType=inline PolicyExclusionList.member.1.PolicyArn=arn:aws:iam::aws:policy/a
        SimulatePrincipalPolicy PolicySourceArn=arn:aws:iam::123456789012:user/people/ann ActionNames.member.1=s3:GetObject PolicyExclusionList.member.1.InlinePolicyIdentifier.PolicyName=own
        GetContextKeysForCustomPolicy PolicyInputList.member.1=x
        "#,
    ),
];
