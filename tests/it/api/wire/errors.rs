//! Each text of a refusal, in the smallest story that brings it about.

pub(super) const SCRIPTS: &[(&str, &str)] = &[
    (
        "error_unknown_secret",
        r##"
        GetSecretValue {"SecretId":"nobody"}
        PutSecretValue {"SecretId":"nobody","ClientRequestToken":"$1","SecretString":"one"}
        UpdateSecret {"SecretId":"nobody","ClientRequestToken":"$1"}
        DescribeSecret {"SecretId":"nobody"}
        ListSecretVersionIds {"SecretId":"nobody"}
        UpdateSecretVersionStage {"SecretId":"nobody","VersionStage":"blue","MoveToVersionId":"$1"}
        DeleteSecret {"SecretId":"nobody"}
        RestoreSecret {"SecretId":"nobody"}
        TagResource {"SecretId":"nobody","Tags":[]}
        UntagResource {"SecretId":"nobody","TagKeys":[]}
        RotateSecret {"SecretId":"nobody","ClientRequestToken":"$1"}
        CancelRotateSecret {"SecretId":"nobody"}
        Keywheel.DescribeRotation {"SecretId":"nobody"}
        # Another region's or account's secrets are not there, and neither is a secret that has the name now.
        CreateSecret {"Name":"app-a1b2c3","ClientRequestToken":"$1"}
        DescribeSecret {"SecretId":"arn:aws:secretsmanager:eu-west-1:123456789012:secret:app-a1b2c3-abcdef"}
        DescribeSecret {"SecretId":"arn:aws:secretsmanager:us-east-1:210987654321:secret:app-a1b2c3-abcdef"}
        DescribeSecret {"SecretId":"arn:aws:secretsmanager:us-east-1:123456789012:secret:app-a1b2c3-abcdef"}
        # A hyphen and six characters at the end are read as those of a full ARN.
        DescribeSecret {"SecretId":"arn:aws:secretsmanager:us-east-1:123456789012:secret:app-a1b2c3"}
        "##,
    ),
    (
        "error_unknown_version",
        r##"
        CreateSecret {"Name":"app","ClientRequestToken":"$1"}
        GetSecretValue {"SecretId":"app"}
        PutSecretValue {"SecretId":"app","ClientRequestToken":"$2","SecretString":"two"}
        GetSecretValue {"SecretId":"app","VersionStage":"blue"}
        GetSecretValue {"SecretId":"app","VersionId":"$3"}
        GetSecretValue {"SecretId":"app","VersionId":"$2","VersionStage":"AWSPREVIOUS"}
        "##,
    ),
    (
        "error_name_taken",
        r##"
        CreateSecret {"Name":"app","ClientRequestToken":"$1","SecretString":"one"}
        CreateSecret {"Name":"app","ClientRequestToken":"$2","SecretString":"one"}
        CreateSecret {"Name":"app","ClientRequestToken":"$1","SecretString":"two"}
        CreateSecret {"Name":"app","ClientRequestToken":"$1"}
        "##,
    ),
    (
        "error_token_reused",
        r##"
        CreateSecret {"Name":"app","ClientRequestToken":"$1","SecretString":"one"}
        PutSecretValue {"SecretId":"app","ClientRequestToken":"$1","SecretString":"two"}
        UpdateSecret {"SecretId":"app","ClientRequestToken":"$1","SecretString":"two"}
        # Text and bytes are never the same.
        PutSecretValue {"SecretId":"app","ClientRequestToken":"$1","SecretBinary":"b25l"}
        "##,
    ),
    (
        "error_scheduled_for_deletion",
        r##"
        CreateSecret {"Name":"app","ClientRequestToken":"$1","SecretString":"one"}
        DeleteSecret {"SecretId":"app"}
        CreateSecret {"Name":"app","ClientRequestToken":"$1","SecretString":"one"}
        GetSecretValue {"SecretId":"app"}
        PutSecretValue {"SecretId":"app","ClientRequestToken":"$2","SecretString":"two"}
        UpdateSecret {"SecretId":"app","ClientRequestToken":"$2","Description":"new"}
        UpdateSecretVersionStage {"SecretId":"app","VersionStage":"blue","MoveToVersionId":"$1"}
        ListSecretVersionIds {"SecretId":"app"}
        TagResource {"SecretId":"app","Tags":[{"Key":"team","Value":"blue"}]}
        UntagResource {"SecretId":"app","TagKeys":["team"]}
        RotateSecret {"SecretId":"app","ClientRequestToken":"$2","RotationLambdaARN":"arn:aws:lambda:us-east-1:123456789012:function:obedient"}
        CancelRotateSecret {"SecretId":"app"}
        DeleteSecret {"SecretId":"app"}
        "##,
    ),
    (
        "error_invalid_name",
        r##"
        CreateSecret {"Name":"a b","ClientRequestToken":"$1"}
        GetSecretValue {"SecretId":"a:b"}
        DescribeSecret {"SecretId":"ä"}
        DeleteSecret {"SecretId":"a b","ForceDeleteWithoutRecovery":true}
        RotateSecret {"SecretId":"arn:aws:s3:::bucket","ClientRequestToken":"$1"}
        "##,
    ),
    (
        "error_no_client_request_token",
        r##"
        CreateSecret {"Name":"app","SecretString":"one"}
        CreateSecret {"Name":"app","ClientRequestToken":"$1","SecretString":"one"}
        PutSecretValue {"SecretId":"app","SecretString":"two"}
        UpdateSecret {"SecretId":"app","Description":"new"}
        # RotateSecret has the same sentence under another code.
        RotateSecret {"SecretId":"app","RotationLambdaARN":"arn:aws:lambda:us-east-1:123456789012:function:obedient"}
        "##,
    ),
    (
        "error_value",
        r##"
        CreateSecret {"Name":"app","ClientRequestToken":"$1","SecretString":"one","SecretBinary":"b25l"}
        CreateSecret {"Name":"app","ClientRequestToken":"$1","SecretString":""}
        CreateSecret {"Name":"app","ClientRequestToken":"$1","SecretBinary":""}
        CreateSecret {"Name":"app","ClientRequestToken":"$1","SecretBinary":"not base64"}
        CreateSecret {"Name":"app","ClientRequestToken":"$1"}
        PutSecretValue {"SecretId":"app","ClientRequestToken":"$2"}
        PutSecretValue {"SecretId":"app","ClientRequestToken":"$2","SecretString":"two","VersionStages":[]}
        PutSecretValue {"SecretId":"app","ClientRequestToken":"$2","SecretString":"two","VersionStages":["1","2","3","4","5","6","7","8","9","10","11","12","13","14","15","16","17","18","19","20"]}
        PutSecretValue {"SecretId":"app","ClientRequestToken":"$2","SecretString":"two","RotationToken":"no_rotation_of_this_secret_is_running"}
        PutSecretValue {"SecretId":"app","ClientRequestToken":"$2","SecretString":"two","RotationToken":"no-rotation-of-this-secret-is-running"}
        "##,
    ),
    (
        "error_unknown_key",
        r##"
        CreateSecret {"Name":"app","ClientRequestToken":"$1","KmsKeyId":"alias/mine","SecretString":"one"}
        CreateSecret {"Name":"app","ClientRequestToken":"$1","SecretString":"one"}
        UpdateSecret {"SecretId":"app","ClientRequestToken":"$2","KmsKeyId":"alias/mine"}
        "##,
    ),
    (
        "error_version_stage",
        r##"
        CreateSecret {"Name":"app","ClientRequestToken":"$1","SecretString":"one"}
        PutSecretValue {"SecretId":"app","ClientRequestToken":"$2","SecretString":"two","VersionStages":["blue"]}
        UpdateSecretVersionStage {"SecretId":"app","VersionStage":"AWSCURRENT","MoveToVersionId":"$2"}
        UpdateSecretVersionStage {"SecretId":"app","VersionStage":"AWSCURRENT","MoveToVersionId":"$2","RemoveFromVersionId":"$3"}
        UpdateSecretVersionStage {"SecretId":"app","VersionStage":"AWSCURRENT","MoveToVersionId":"$3","RemoveFromVersionId":"$1"}
        UpdateSecretVersionStage {"SecretId":"app","VersionStage":"AWSCURRENT","RemoveFromVersionId":"$1"}
        UpdateSecretVersionStage {"SecretId":"app","VersionStage":"green","RemoveFromVersionId":"$2"}
        UpdateSecretVersionStage {"SecretId":"app","VersionStage":"blue"}
        UpdateSecretVersionStage {"SecretId":"app","MoveToVersionId":"$1"}
        "##,
    ),
    (
        "error_recovery_window",
        r##"
        CreateSecret {"Name":"app","ClientRequestToken":"$1"}
        DeleteSecret {"SecretId":"app","RecoveryWindowInDays":6}
        DeleteSecret {"SecretId":"app","RecoveryWindowInDays":31}
        DeleteSecret {"SecretId":"app","RecoveryWindowInDays":-9223372036854775808}
        DeleteSecret {"SecretId":"app","RecoveryWindowInDays":7,"ForceDeleteWithoutRecovery":true}
        DeleteSecret {"SecretId":"app","RecoveryWindowInDays":7.5}
        "##,
    ),
    (
        "error_rotate_secret",
        r##"
        CreateSecret {"Name":"app","ClientRequestToken":"$1","SecretString":"one"}
        RotateSecret {"SecretId":"app","ClientRequestToken":"$2"}
        RotateSecret {"SecretId":"app","ClientRequestToken":"$2","RotationLambdaARN":""}
        RotateSecret {"SecretId":"app","ClientRequestToken":"$2","RotationLambdaARN":"arn:aws:lambda:us-east-1:123456789012:function:nobody","RotationRules":{"AutomaticallyAfterDays":30}}
        RotateSecret {"SecretId":"app","ClientRequestToken":"$2","RotationLambdaARN":"arn:aws:lambda:eu-west-1:123456789012:function:obedient"}
        RotateSecret {"SecretId":"app","ClientRequestToken":"$2","RotationLambdaARN":"arn:aws:lambda:us-east-1:123456789012:function:obedient","RotationRules":{"AutomaticallyAfterDays":30,"ScheduleExpression":"rate(30 days)"}}
        RotateSecret {"SecretId":"app","ClientRequestToken":"$2","RotationLambdaARN":"arn:aws:lambda:us-east-1:123456789012:function:obedient","RotationRules":{"AutomaticallyAfterDays":1001}}
        RotateSecret {"SecretId":"app","ClientRequestToken":"$2","RotationLambdaARN":"arn:aws:lambda:us-east-1:123456789012:function:obedient","RotationRules":{"Duration":"3h"}}
        RotateSecret {"SecretId":"app","ClientRequestToken":"$2","RotationLambdaARN":"arn:aws:lambda:us-east-1:123456789012:function:obedient","RotationRules":{"ScheduleExpression":"rate(3 hours)"}}
        RotateSecret {"SecretId":"app","ClientRequestToken":"$2","RotationLambdaARN":"arn:aws:lambda:us-east-1:123456789012:function:obedient","RotationRules":{"ScheduleExpression":"cron(0 8 * * ? *)","Duration":"17h"}}
        RotateSecret {"SecretId":"app","ClientRequestToken":"$2","RotationLambdaARN":"arn:aws:lambda:us-east-1:123456789012:function:obedient","RotationRules":{"ScheduleExpression":"at(noon.)","Duration":"day"}}
        RotateSecret {"SecretId":"app","ClientRequestToken":"$2","RotationLambdaARN":"arn:aws:lambda:us-east-1:123456789012:function:obedient","RotationRules":30}
        # Nothing of all this was stored.
        DescribeSecret {"SecretId":"app"}
        # A token that has been a version's.
        PutSecretValue {"SecretId":"app","ClientRequestToken":"$3","SecretString":"three"}
        RotateSecret {"SecretId":"app","ClientRequestToken":"$1","RotationLambdaARN":"arn:aws:lambda:us-east-1:123456789012:function:obedient"}
        DescribeSecret {"SecretId":"app"}
        Keywheel.DescribeRotation {"SecretId":"app"}
        # Also a test makes a version, and must not find a value under its id.
        PutSecretValue {"SecretId":"app","ClientRequestToken":"$4","SecretString":"four","VersionStages":["AWSPENDING"]}
        RotateSecret {"SecretId":"app","ClientRequestToken":"$4","RotationLambdaARN":"arn:aws:lambda:us-east-1:123456789012:function:obedient","RotateImmediately":false}
        "##,
    ),
    (
        "error_previous_rotation",
        r##"
        CreateSecret {"Name":"app","ClientRequestToken":"$1","SecretString":"one"}
        # AWSPENDING that somebody set by hand stands in the way, also of the settings.
        PutSecretValue {"SecretId":"app","ClientRequestToken":"$2","SecretString":"two","VersionStages":["AWSPENDING"]}
        RotateSecret {"SecretId":"app","ClientRequestToken":"$3","RotationLambdaARN":"arn:aws:lambda:us-east-1:123456789012:function:obedient"}
        DescribeSecret {"SecretId":"app"}
        UpdateSecretVersionStage {"SecretId":"app","VersionStage":"AWSPENDING","RemoveFromVersionId":"$2"}
        RotateSecret {"SecretId":"app","ClientRequestToken":"$3","RotationLambdaARN":"arn:aws:lambda:us-east-1:123456789012:function:obedient"}
        RotateSecret {"SecretId":"app","ClientRequestToken":"$4","RotationRules":{"AutomaticallyAfterDays":30}}
        # The first of the two goes on.
        work
        DescribeSecret {"SecretId":"app"}
        "##,
    ),
    (
        "error_list",
        r##"
        ListSecrets {"MaxResults":0}
        ListSecrets {"MaxResults":101}
        ListSecrets {"NextToken":"made-up"}
        ListSecrets {"SortBy":"colour","SortOrder":"up"}
        ListSecrets {"Filters":[{"Values":["a"]}]}
        ListSecrets {"Filters":[{"Key":"name"}]}
        ListSecrets {"Filters":[{"Key":"colour","Values":["a"]},{"Key":"name","Values":["a?"]},{"Key":"name","Values":[]}]}
        ListSecrets {"Filters":"name"}
        # A token belongs to the listing that gave it.
        CreateSecret {"Name":"one","ClientRequestToken":"$1"}
        CreateSecret {"Name":"two","ClientRequestToken":"$2"}
        ListSecrets {"MaxResults":1}
        ListSecrets {"MaxResults":1,"SortBy":"name","NextToken":"$NEXT"}
        ListSecretVersionIds {"SecretId":"one","NextToken":"$NEXT"}
        "##,
    ),
    (
        "error_random_password",
        r##"
        GetRandomPassword {"PasswordLength":0}
        GetRandomPassword {"PasswordLength":4097}
        GetRandomPassword {"PasswordLength":3}
        GetRandomPassword {"ExcludeNumbers":true,"ExcludePunctuation":true,"ExcludeUppercase":true,"ExcludeLowercase":true}
        GetRandomPassword {"PasswordLength":"32"}
        GetRandomPassword {"IncludeSpace":1}
        "##,
    ),
    (
        "error_members",
        r##"
        # Several broken constraints are told at once.
        GetSecretValue {"VersionId":"short"}
        TagResource {"SecretId":"app","Tags":[{"Value":"blue"},{"Key":""}]}
        TagResource {"SecretId":"app"}
        UntagResource {"SecretId":"app","TagKeys":[7]}
        CreateSecret {"Name":["app"]}
        CreateSecret {"Name":"app","Tags":{"team":"blue"}}
        "##,
    ),
    (
        "error_protocol",
        r##"
        CreateSecret not JSON
        CreateSecret ["a","list"]
        CreateSecret {"Name":"app"
        CreateSecret {"Name":"app","Name":"other"}
        FlyToTheMoon {}
        keywheel.DescribeRotation {}
        secretsmanager.DescribeRotation {}
        "##,
    ),
];
