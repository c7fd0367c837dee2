//! Resource policies, and many values at once.

pub(super) const SCRIPTS: &[(&str, &str)] = &[
    (
        "resource_policy",
        r##"
        CreateSecret {"Name":"app","ClientRequestToken":"$1","SecretString":"one"}
        GetResourcePolicy {"SecretId":"app"}
        ListResourcePolicies {"SecretId":"app"}
        # The text comes back as it was written.
        + 1 hour
        PutResourcePolicy {"SecretId":"app","ResourcePolicy":"{ \"Version\":\"2012-10-17\", \"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"arn:aws:iam::123456789012:role/app\"},\"Action\":\"secretsmanager:GetSecretValue\",\"Resource\":\"*\"}] }","BlockPublicPolicy":true}
        GetResourcePolicy {"SecretId":"$ARN","PolicyName":"default"}
        ListResourcePolicies {"SecretId":"app","MaxResults":1}
        DescribeSecret {"SecretId":"app"}
        DeleteResourcePolicy {"SecretId":"app"}
        # That there is none is no error.
        DeleteResourcePolicy {"SecretId":"app","PolicyName":"default"}
        GetResourcePolicy {"SecretId":"app"}
        "##,
    ),
    (
        "validate_resource_policy",
        r##"
        CreateSecret {"Name":"app","ClientRequestToken":"$1"}
        ValidateResourcePolicy {"SecretId":"app","ResourcePolicy":"{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"123456789012\"},\"Action\":\"secretsmanager:*\",\"Resource\":\"*\"}]}"}
        ValidateResourcePolicy {"ResourcePolicy":"{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":\"*\",\"Action\":\"secretsmanager:*\",\"Resource\":\"*\"}]}"}
        ValidateResourcePolicy {"SecretId":"none","ResourcePolicy":"{}"}
        "##,
    ),
    (
        "error_resource_policy",
        r##"
        CreateSecret {"Name":"app","ClientRequestToken":"$1"}
        PutResourcePolicy {"SecretId":"app","ResourcePolicy":"not JSON"}
        PutResourcePolicy {"SecretId":"app","ResourcePolicy":"{\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"secretsmanager:*\",\"Resource\":\"*\"}]}"}
        ValidateResourcePolicy {"ResourcePolicy":"{\"Statement\":[]}"}
        PutResourcePolicy {"SecretId":"app","BlockPublicPolicy":true,"ResourcePolicy":"{\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"*\"},\"Action\":\"secretsmanager:*\",\"Resource\":\"*\"}]}"}
        # There is one policy, and it is called default.
        PutResourcePolicy {"SecretId":"app","PolicyName":"other","ResourcePolicy":"{}"}
        DeleteResourcePolicy {"SecretId":"app","PolicyName":"other"}
        GetResourcePolicy {"SecretId":"app","PolicyName":"other"}
        GetResourcePolicy {"SecretId":"app","PolicyName":"a b"}
        ListResourcePolicies {"SecretId":"app","NextToken":"made-up"}
        GetResourcePolicy {"SecretId":"none"}
        # None of these looks at a secret that waits for its end.
        DeleteSecret {"SecretId":"app"}
        GetResourcePolicy {"SecretId":"app"}
        DeleteResourcePolicy {"SecretId":"app"}
        ListResourcePolicies {"SecretId":"app"}
        "##,
    ),
    (
        "batch_get_secret_value",
        r##"
        CreateSecret {"Name":"one","ClientRequestToken":"$1","SecretString":"first","Tags":[{"Key":"team","Value":"blue"}]}
        + 1 hour
        CreateSecret {"Name":"two","ClientRequestToken":"$2","SecretBinary":"Zm9v","Tags":[{"Key":"team","Value":"blue"}]}
        + 1 hour
        CreateSecret {"Name":"empty","ClientRequestToken":"$3","Tags":[{"Key":"team","Value":"blue"}]}
        # What cannot be read is told, and keeps nothing else from being read.
        BatchGetSecretValue {"SecretIdList":["one","none","empty","bad name","two"]}
        # A page at a time, newest first.
        BatchGetSecretValue {"Filters":[{"Key":"tag-value","Values":["blue"]}],"MaxResults":2}
        BatchGetSecretValue {"Filters":[{"Key":"tag-value","Values":["blue"]}],"MaxResults":2,"NextToken":"$NEXT"}
        BatchGetSecretValue {"Filters":[{"Key":"name","Values":["nothing"]}]}
        "##,
    ),
    (
        "error_batch",
        r##"
        BatchGetSecretValue {}
        BatchGetSecretValue {"SecretIdList":["one"],"Filters":[{"Key":"name","Values":["one"]}]}
        BatchGetSecretValue {"SecretIdList":["one"],"MaxResults":1}
        BatchGetSecretValue {"SecretIdList":["one"],"NextToken":"made-up"}
        BatchGetSecretValue {"Filters":[{"Key":"name","Values":["one"]}],"NextToken":"made-up"}
        BatchGetSecretValue {"SecretIdList":[]}
        "##,
    ),
    (
        "managed_external_secret",
        r##"
        CreateSecret {"Name":"app","ClientRequestToken":"$1","SecretString":"one","Type":"PartnerClientSecret"}
        RotateSecret {"SecretId":"app","ClientRequestToken":"$2","RotationLambdaARN":"arn:aws:lambda:us-east-1:123456789012:function:obedient","RotateImmediately":false,"ExternalSecretRotationMetadata":[{"Key":"adminId","Value":"x"}],"ExternalSecretRotationRoleArn":"arn:aws:iam::123456789012:role/partner"}
        work
        DescribeSecret {"SecretId":"app"}
        UpdateSecret {"SecretId":"app","ClientRequestToken":"$3","Type":""}
        DescribeSecret {"SecretId":"app"}
        "##,
    ),
];
