//! Replicas in other regions.

pub(super) const SCRIPTS: &[(&str, &str)] = &[
    (
        "replicate_secret",
        r##"
        CreateSecret {"Name":"app","ClientRequestToken":"$1","SecretString":"one","Description":"The app","Tags":[{"Key":"team","Value":"blue"}]}
        + 1 hour
        ReplicateSecretToRegions {"SecretId":"app","AddReplicaRegions":[{"Region":"eu-west-1"},{"Region":"eu-west-2"}]}
        # The replica has the name and the suffix of its primary, and its value.
        @eu-west-1 GetSecretValue {"SecretId":"app"}
        @eu-west-1 DescribeSecret {"SecretId":"app"}
        # It follows what the primary does.
        + 1 hour
        PutSecretValue {"SecretId":"app","ClientRequestToken":"$2","SecretString":"two"}
        UntagResource {"SecretId":"app","TagKeys":["team"]}
        PutResourcePolicy {"SecretId":"app","ResourcePolicy":"{\"Statement\":{\"Effect\":\"Deny\",\"Principal\":\"*\",\"Action\":\"secretsmanager:DeleteSecret\",\"Resource\":\"*\"}}"}
        @eu-west-1 GetSecretValue {"SecretId":"app"}
        @eu-west-1 GetSecretValue {"SecretId":"app","VersionStage":"AWSPREVIOUS"}
        @eu-west-1 GetResourcePolicy {"SecretId":"app"}
        @eu-west-1 DescribeSecret {"SecretId":"app"}
        @eu-west-1 ListSecretVersionIds {"SecretId":"app"}
        DescribeSecret {"SecretId":"app"}
        @eu-west-1 ListSecrets {"Filters":[{"Key":"primary-region","Values":["us-"]}]}
        ListSecrets {"Filters":[{"Key":"primary-region","Values":["!us-"]}]}
        # Asked for again, nothing changes.
        ReplicateSecretToRegions {"SecretId":"app","AddReplicaRegions":[{"Region":"eu-west-1"}]}
        RemoveRegionsFromReplication {"SecretId":"app","RemoveReplicaRegions":["eu-west-2"]}
        @eu-west-2 DescribeSecret {"SecretId":"app"}
        RemoveRegionsFromReplication {"SecretId":"app","RemoveReplicaRegions":["eu-west-1","eu-west-2"]}
        DescribeSecret {"SecretId":"app"}
        "##,
    ),
    (
        "replicate_rotation",
        r##"
        CreateSecret {"Name":"app","ClientRequestToken":"$1","SecretString":"one","AddReplicaRegions":[{"Region":"eu-west-1"}]}
        RotateSecret {"SecretId":"app","ClientRequestToken":"$2","RotationLambdaARN":"arn:aws:lambda:us-east-1:123456789012:function:obedient"}
        # The primary rotates, and the replica has each label and each value at once.
        @eu-west-1 DescribeSecret {"SecretId":"app"}
        work
        @eu-west-1 GetSecretValue {"SecretId":"app"}
        @eu-west-1 DescribeSecret {"SecretId":"app"}
        "##,
    ),
    (
        "stop_replication",
        r##"
        CreateSecret {"Name":"app","ClientRequestToken":"$1","SecretString":"one","AddReplicaRegions":[{"Region":"eu-west-1"}]}
        @eu-west-1 StopReplicationToReplica {"SecretId":"app"}
        # Both are secrets of their own now.
        PutSecretValue {"SecretId":"app","ClientRequestToken":"$2","SecretString":"two"}
        @eu-west-1 GetSecretValue {"SecretId":"app"}
        @eu-west-1 PutSecretValue {"SecretId":"app","ClientRequestToken":"$3","SecretString":"three"}
        @eu-west-1 DescribeSecret {"SecretId":"app"}
        DescribeSecret {"SecretId":"app"}
        DeleteSecret {"SecretId":"app"}
        # Only a replica can be stopped.
        @eu-west-1 StopReplicationToReplica {"SecretId":"app"}
        "##,
    ),
    (
        "replicate_over_a_secret",
        r##"
        @eu-west-1 CreateSecret {"Name":"app","ClientRequestToken":"$1","SecretString":"mine"}
        CreateSecret {"Name":"app","ClientRequestToken":"$2","SecretString":"one","AddReplicaRegions":[{"Region":"eu-west-1"}]}
        DescribeSecret {"SecretId":"app"}
        @eu-west-1 GetSecretValue {"SecretId":"app"}
        ReplicateSecretToRegions {"SecretId":"app","AddReplicaRegions":[{"Region":"eu-west-1"}],"ForceOverwriteReplicaSecret":true}
        @eu-west-1 GetSecretValue {"SecretId":"app"}
        # What is itself a replica is not overwritten.
        @us-west-2 CreateSecret {"Name":"app","ClientRequestToken":"$3","AddReplicaRegions":[{"Region":"eu-west-1"}],"ForceOverwriteReplicaSecret":true}
        # A replica that failed can be taken off.
        @us-west-2 RemoveRegionsFromReplication {"SecretId":"app","RemoveReplicaRegions":["eu-west-1"]}
        @eu-west-1 GetSecretValue {"SecretId":"app"}
        "##,
    ),
    (
        "error_replication",
        r##"
        CreateSecret {"Name":"app","ClientRequestToken":"$1","SecretString":"one"}
        ReplicateSecretToRegions {"SecretId":"app","AddReplicaRegions":[{"Region":"us-east-1"}]}
        ReplicateSecretToRegions {"SecretId":"app","AddReplicaRegions":[{"Region":"Europe"}]}
        ReplicateSecretToRegions {"SecretId":"app","AddReplicaRegions":[{"Region":"eu-west-1","KmsKeyId":"alias/other"}]}
        ReplicateSecretToRegions {"SecretId":"none","AddReplicaRegions":[{"Region":"eu-west-1"}]}
        CreateSecret {"Name":"other","ClientRequestToken":"$2","AddReplicaRegions":[{"Region":"us-east-1"}]}
        StopReplicationToReplica {"SecretId":"app"}
        RemoveRegionsFromReplication {"SecretId":"app","RemoveReplicaRegions":["eu-west-1"]}
        ReplicateSecretToRegions {"SecretId":"app","AddReplicaRegions":[{"Region":"eu-west-1"}]}
        DeleteSecret {"SecretId":"app"}
        DeleteSecret {"SecretId":"app","ForceDeleteWithoutRecovery":true}
        # A replica is read, and changes with its primary only.
        @eu-west-1 PutSecretValue {"SecretId":"app","ClientRequestToken":"$2","SecretString":"two"}
        @eu-west-1 UpdateSecret {"SecretId":"app","ClientRequestToken":"$2","Description":"mine"}
        @eu-west-1 UpdateSecretVersionStage {"SecretId":"app","VersionStage":"blue","MoveToVersionId":"$1"}
        @eu-west-1 TagResource {"SecretId":"app","Tags":[{"Key":"team","Value":"blue"}]}
        @eu-west-1 UntagResource {"SecretId":"app","TagKeys":["team"]}
        @eu-west-1 RotateSecret {"SecretId":"app","ClientRequestToken":"$2","RotationLambdaARN":"arn:aws:lambda:eu-west-1:123456789012:function:obedient"}
        @eu-west-1 CancelRotateSecret {"SecretId":"app"}
        @eu-west-1 DeleteSecret {"SecretId":"app"}
        @eu-west-1 DeleteSecret {"SecretId":"app","ForceDeleteWithoutRecovery":true}
        @eu-west-1 RestoreSecret {"SecretId":"app"}
        @eu-west-1 PutResourcePolicy {"SecretId":"app","ResourcePolicy":"{\"Statement\":{\"Effect\":\"Deny\",\"Principal\":\"*\",\"Action\":\"secretsmanager:DeleteSecret\",\"Resource\":\"*\"}}"}
        @eu-west-1 DeleteResourcePolicy {"SecretId":"app"}
        @eu-west-1 ReplicateSecretToRegions {"SecretId":"app","AddReplicaRegions":[{"Region":"us-west-2"}]}
        @eu-west-1 RemoveRegionsFromReplication {"SecretId":"app","RemoveReplicaRegions":["eu-west-1"]}
        @eu-west-1 CreateSecret {"Name":"app","ClientRequestToken":"$2","SecretString":"two"}
        "##,
    ),
    (
        "cross_account_replica",
        r##"
        CreateSecret {"Name":"app","ClientRequestToken":"$1","SecretString":"one"}
        @999999999999 CreateSecret {"Name":"theirs","ClientRequestToken":"$2","CrossAccountPrimaryARN":"$ARN"}
        AssociateCrossAccountReplica {"SecretId":"app","CrossAccountReplicaARN":"$OTHER","ReplicationRoleARN":"arn:aws:iam::123456789012:role/replicate"}
        @999999999999 GetSecretValue {"SecretId":"theirs"}
        DescribeSecret {"SecretId":"app"}
        PutSecretValue {"SecretId":"app","ClientRequestToken":"$3","SecretString":"two"}
        @999999999999 GetSecretValue {"SecretId":"theirs"}
        # What follows keeps what it has when it is let go.
        DisassociateCrossAccountReplica {"SecretId":"app","CrossAccountReplicaARN":"$OTHER"}
        PutSecretValue {"SecretId":"app","ClientRequestToken":"$4","SecretString":"three"}
        @999999999999 GetSecretValue {"SecretId":"theirs"}
        @999999999999 DescribeSecret {"SecretId":"theirs"}
        "##,
    ),
    (
        "error_cross_account_replica",
        r##"
        CreateSecret {"Name":"app","ClientRequestToken":"$1","SecretString":"one"}
        AssociateCrossAccountReplica {"SecretId":"app","CrossAccountReplicaARN":"$ARN"}
        AssociateCrossAccountReplica {"SecretId":"app","CrossAccountReplicaARN":"arn:aws:secretsmanager:eu-west-1:999999999999:secret:app-AbCdEf"}
        AssociateCrossAccountReplica {"SecretId":"app","CrossAccountReplicaARN":"arn:aws:secretsmanager:us-east-1:999999999999:secret:app-AbCdEf"}
        AssociateCrossAccountReplica {"SecretId":"app","CrossAccountReplicaARN":"arn:aws:secretsmanager:us-east-1:999999999999:secret:app-AbCdEf","ReplicaRestriction":"Nobody"}
        DisassociateCrossAccountReplica {"SecretId":"app","CrossAccountReplicaARN":"arn:aws:secretsmanager:us-east-1:999999999999:secret:app-AbCdEf"}
        CreateSecret {"Name":"own","ClientRequestToken":"$2","CrossAccountPrimaryARN":"$ARN"}
        CreateSecret {"Name":"full","ClientRequestToken":"$2","SecretString":"x","CrossAccountPrimaryARN":"arn:aws:secretsmanager:us-east-1:999999999999:secret:app-AbCdEf"}
        CreateSecret {"Name":"far","ClientRequestToken":"$2","AddReplicaRegions":[{"Region":"eu-west-1"}],"CrossAccountPrimaryARN":"arn:aws:secretsmanager:us-east-1:999999999999:secret:app-AbCdEf"}
        # A secret that is to follow waits for its primary, and has no value of its own.
        CreateSecret {"Name":"waits","ClientRequestToken":"$2","CrossAccountPrimaryARN":"arn:aws:secretsmanager:us-east-1:999999999999:secret:app-AbCdEf"}
        DescribeSecret {"SecretId":"waits"}
        GetSecretValue {"SecretId":"waits"}
        PutSecretValue {"SecretId":"waits","ClientRequestToken":"$3","SecretString":"mine"}
        UpdateSecretVersionStage {"SecretId":"waits","VersionStage":"blue","MoveToVersionId":"$3"}
        ReplicateSecretToRegions {"SecretId":"waits","AddReplicaRegions":[{"Region":"eu-west-1"}]}
        DeleteSecret {"SecretId":"waits"}
        StopReplicationToReplica {"SecretId":"waits"}
        PutSecretValue {"SecretId":"waits","ClientRequestToken":"$3","SecretString":"mine"}
        "##,
    ),
];
