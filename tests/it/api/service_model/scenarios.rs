//! Small stories that together show every member of every answer. `$1` to `$9` stand for version ids, `$ARN` for the
//! ARN of the last answer, `$OTHER` for that of the last answer to another account, `$NEXT` for the last token.

pub(super) const SCENARIOS: &[&str] = &[
    // Values.
    r##"
    CreateSecret {"Name":"app","ClientRequestToken":"$1","Description":"for tests","KmsKeyId":"alias/aws/secretsmanager","SecretString":"one","Type":"Partner","Tags":[{"Key":"team","Value":"blue"}]}
    GetSecretValue {"SecretId":"app"}
    PutSecretValue {"SecretId":"app","ClientRequestToken":"$2","SecretBinary":"Zm9v"}
    GetSecretValue {"SecretId":"app"}
    UpdateSecret {"SecretId":"app","ClientRequestToken":"$3","SecretString":"three"}
    UpdateSecretVersionStage {"SecretId":"app","VersionStage":"blue","MoveToVersionId":"$3"}
    ListSecretVersionIds {"SecretId":"app","MaxResults":1}
    ListSecretVersionIds {"SecretId":"app","MaxResults":1,"NextToken":"$NEXT"}
    GetRandomPassword {}
    TagResource {"SecretId":"app","Tags":[{"Key":"size","Value":"s"}]}
    UntagResource {"SecretId":"app","TagKeys":["size"]}
    "##,
    // Rotation.
    r##"
    CreateSecret {"Name":"app","ClientRequestToken":"$1","SecretString":"one","Type":"Partner","Description":"for tests","KmsKeyId":"alias/aws/secretsmanager","Tags":[{"Key":"team","Value":"blue"}]}
    RotateSecret {"SecretId":"app","ClientRequestToken":"$2","RotationLambdaARN":"arn:aws:lambda:us-east-1:123456789012:function:obedient","RotationRules":{"ScheduleExpression":"rate(10 days)","Duration":"3h"},"ExternalSecretRotationMetadata":[{"Key":"admin","Value":"x"}],"ExternalSecretRotationRoleArn":"arn:aws:iam::123456789012:role/partner"}
    work
    GetSecretValue {"SecretId":"app"}
    DescribeSecret {"SecretId":"app"}
    ListSecrets {}
    RotateSecret {"SecretId":"app","ClientRequestToken":"$3"}
    CancelRotateSecret {"SecretId":"app"}
    PutSecretValue {"SecretId":"app","ClientRequestToken":"$4","SecretString":"four","VersionStages":["AWSPENDING"]}
    CancelRotateSecret {"SecretId":"app"}
    DeleteSecret {"SecretId":"app"}
    DescribeSecret {"SecretId":"app"}
    ListSecrets {"IncludePlannedDeletion":true}
    RestoreSecret {"SecretId":"app"}
    "##,
    // Pages.
    r##"
    CreateSecret {"Name":"one","ClientRequestToken":"$1","SecretString":"one"}
    CreateSecret {"Name":"two","ClientRequestToken":"$2","SecretBinary":"Zm9v"}
    CreateSecret {"Name":"none","ClientRequestToken":"$3"}
    ListSecrets {"MaxResults":1}
    BatchGetSecretValue {"Filters":[{"Key":"name","Values":["o","t","n"]}],"MaxResults":1}
    BatchGetSecretValue {"SecretIdList":["one","two","none","gone"]}
    "##,
    // Policies.
    r##"
    CreateSecret {"Name":"app","ClientRequestToken":"$1","SecretString":"one"}
    PutResourcePolicy {"SecretId":"app","ResourcePolicy":"{\"Statement\":{\"Effect\":\"Deny\",\"Principal\":\"*\",\"Action\":\"secretsmanager:DeleteSecret\",\"Resource\":\"*\"}}"}
    GetResourcePolicy {"SecretId":"app"}
    ListResourcePolicies {"SecretId":"app"}
    ValidateResourcePolicy {"ResourcePolicy":"{\"Statement\":{\"Effect\":\"Allow\",\"Principal\":\"*\",\"Action\":\"secretsmanager:GetSecretValue\",\"Resource\":\"*\"}}"}
    DeleteResourcePolicy {"SecretId":"app"}
    "##,
    // Replicas.
    r##"
    @eu-west-2 CreateSecret {"Name":"app","ClientRequestToken":"$1","SecretString":"mine"}
    CreateSecret {"Name":"app","ClientRequestToken":"$1","SecretString":"one","AddReplicaRegions":[{"Region":"eu-west-1","KmsKeyId":"alias/aws/secretsmanager"},{"Region":"eu-west-2"}]}
    @eu-west-1 GetSecretValue {"SecretId":"app"}
    DescribeSecret {"SecretId":"app"}
    ListSecrets {"Filters":[{"Key":"primary-region","Values":["us-east-1"]}]}
    CreateSecret {"Name":"app","ClientRequestToken":"$1","SecretString":"one"}
    ReplicateSecretToRegions {"SecretId":"app","AddReplicaRegions":[{"Region":"eu-west-3","KmsKeyId":"alias/aws/secretsmanager"}]}
    RemoveRegionsFromReplication {"SecretId":"app","RemoveReplicaRegions":["eu-west-3"]}
    @eu-west-1 StopReplicationToReplica {"SecretId":"app"}
    "##,
    // Other accounts.
    r##"
    CreateSecret {"Name":"app","ClientRequestToken":"$1","SecretString":"one"}
    @999999999999 CreateSecret {"Name":"theirs","ClientRequestToken":"$2","CrossAccountPrimaryARN":"$ARN"}
    @999999999999 DescribeSecret {"SecretId":"theirs"}
    AssociateCrossAccountReplica {"SecretId":"app","CrossAccountReplicaARN":"$OTHER","ReplicationRoleARN":"arn:aws:iam::123456789012:role/replicate"}
    @999999999999 GetSecretValue {"SecretId":"theirs"}
    DescribeSecret {"SecretId":"app"}
    @999999999999 StopReplicationToReplica {"SecretId":"theirs"}
    DescribeSecret {"SecretId":"app"}
    DisassociateCrossAccountReplica {"SecretId":"app","CrossAccountReplicaARN":"$OTHER"}
    "##,
];
