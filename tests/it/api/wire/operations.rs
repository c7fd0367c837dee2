//! What each action answers when all is well.

pub(super) const SCRIPTS: &[(&str, &str)] = &[
    (
        "create_secret",
        r##"
        # A value makes a first version, which is current.
        CreateSecret {"Name":"prod/TwitterApp/Database","ClientRequestToken":"$1","Description":"The app's database","KmsKeyId":"alias/aws/secretsmanager","SecretString":"{\"username\":\"app\"}","Tags":[{"Key":"team","Value":"blue"},{"Key":"empty"}]}
        DescribeSecret {"SecretId":"prod/TwitterApp/Database"}
        # The same request again, as after a lost answer, changes nothing.
        + 1 hour
        CreateSecret {"Name":"prod/TwitterApp/Database","ClientRequestToken":"$1","Description":"The app's database","SecretString":"{\"username\":\"app\"}"}
        # Without a value there is no version.
        CreateSecret {"Name":"empty","ClientRequestToken":"$2"}
        DescribeSecret {"SecretId":"empty"}
        ListSecretVersionIds {"SecretId":"empty"}
        # Members that this service does not know are of no meaning.
        CreateSecret {"Name":"odd","ClientRequestToken":"$3","Colour":"blue","Description":null}
        "##,
    ),
    (
        "get_secret_value",
        r##"
        CreateSecret {"Name":"text","ClientRequestToken":"$1","SecretString":"one \"quoted\" ä"}
        PutSecretValue {"SecretId":"text","ClientRequestToken":"$2","SecretString":"two"}
        PutSecretValue {"SecretId":"text","ClientRequestToken":"$3","SecretString":"three"}
        GetSecretValue {"SecretId":"text"}
        GetSecretValue {"SecretId":"$ARN","VersionStage":"AWSPREVIOUS"}
        GetSecretValue {"SecretId":"text","VersionId":"$3","VersionStage":"AWSCURRENT"}
        # A version without a label is still there for a while.
        GetSecretValue {"SecretId":"text","VersionId":"$1"}
        # An ARN without its last seven characters will do.
        GetSecretValue {"SecretId":"arn:aws:secretsmanager:us-east-1:123456789012:secret:text"}
        # The day of the read is noted.
        DescribeSecret {"SecretId":"text"}
        # Bytes.
        CreateSecret {"Name":"binary","ClientRequestToken":"$4","SecretBinary":"Zm9vdGVzdA=="}
        GetSecretValue {"SecretId":"binary"}
        "##,
    ),
    (
        "put_secret_value",
        r##"
        CreateSecret {"Name":"app","ClientRequestToken":"$1"}
        # The first value is current, whatever its labels.
        PutSecretValue {"SecretId":"app","ClientRequestToken":"$2","SecretString":"two","VersionStages":["blue"]}
        # A later one only if it says so, or says nothing.
        PutSecretValue {"SecretId":"app","ClientRequestToken":"$3","SecretString":"three","VersionStages":["blue","green"]}
        GetSecretValue {"SecretId":"app"}
        PutSecretValue {"SecretId":"app","ClientRequestToken":"$4","SecretString":"four"}
        DescribeSecret {"SecretId":"app"}
        # The same token with the same value changes nothing.
        + 1 hour
        PutSecretValue {"SecretId":"app","ClientRequestToken":"$2","SecretString":"two"}
        DescribeSecret {"SecretId":"app"}
        "##,
    ),
    (
        "update_secret",
        r##"
        CreateSecret {"Name":"app","ClientRequestToken":"$1","SecretString":"one","Description":"first"}
        + 1 hour
        UpdateSecret {"SecretId":"app","ClientRequestToken":"$2","SecretString":"two","Description":"second"}
        # Again, as after a lost answer.
        UpdateSecret {"SecretId":"app","ClientRequestToken":"$2","SecretString":"two","Description":"second"}
        GetSecretValue {"SecretId":"app"}
        # Details alone make no version; the empty key is the managed one.
        + 1 hour
        UpdateSecret {"SecretId":"app","ClientRequestToken":"$3","Description":"","KmsKeyId":""}
        DescribeSecret {"SecretId":"app"}
        # What changes nothing leaves the date.
        + 1 hour
        UpdateSecret {"SecretId":"app","ClientRequestToken":"$4"}
        DescribeSecret {"SecretId":"app"}
        "##,
    ),
    (
        "update_secret_version_stage",
        r##"
        CreateSecret {"Name":"app","ClientRequestToken":"$1","SecretString":"one"}
        PutSecretValue {"SecretId":"app","ClientRequestToken":"$2","SecretString":"two","VersionStages":["AWSPENDING"]}
        # AWSPREVIOUS follows AWSCURRENT, and AWSPENDING stays.
        UpdateSecretVersionStage {"SecretId":"app","VersionStage":"AWSCURRENT","MoveToVersionId":"$2","RemoveFromVersionId":"$1"}
        DescribeSecret {"SecretId":"app"}
        # Once more: it is there already.
        UpdateSecretVersionStage {"SecretId":"app","VersionStage":"AWSCURRENT","MoveToVersionId":"$2","RemoveFromVersionId":"$1"}
        # A label of one's own, put on and taken off.
        UpdateSecretVersionStage {"SecretId":"app","VersionStage":"blue","MoveToVersionId":"$1"}
        UpdateSecretVersionStage {"SecretId":"app","VersionStage":"blue","RemoveFromVersionId":"$1"}
        UpdateSecretVersionStage {"SecretId":"app","VersionStage":"AWSPENDING","RemoveFromVersionId":"$2"}
        DescribeSecret {"SecretId":"app"}
        "##,
    ),
    (
        "list_secrets",
        r##"
        ListSecrets {}
        CreateSecret {"Name":"prod/MyDatabase","ClientRequestToken":"$1","SecretString":"one","Description":"The main store","Tags":[{"Key":"Team","Value":"Blue"}]}
        + 1 hour
        CreateSecret {"Name":"prod/queue","ClientRequestToken":"$2"}
        + 1 hour
        CreateSecret {"Name":"test/queue","ClientRequestToken":"$3"}
        # Newest first, and what waits for deletion only when asked for.
        DeleteSecret {"SecretId":"test/queue"}
        ListSecrets {}
        ListSecrets {"IncludePlannedDeletion":true,"SortBy":"name","SortOrder":"asc","MaxResults":1}
        ListSecrets {"IncludePlannedDeletion":true,"SortBy":"name","SortOrder":"asc","MaxResults":1,"NextToken":"$NEXT"}
        ListSecrets {"IncludePlannedDeletion":true,"SortBy":"name","SortOrder":"asc","MaxResults":1,"NextToken":"$NEXT"}
        # Prefixes, without regard to case in descriptions only; `!` negates.
        ListSecrets {"Filters":[{"Key":"name","Values":["prod/q","other"]}]}
        ListSecrets {"Filters":[{"Key":"name","Values":["PROD"]}]}
        ListSecrets {"Filters":[{"Key":"description","Values":["the MAIN"]},{"Key":"tag-key","Values":["Team"]},{"Key":"tag-value","Values":["Bl"]}]}
        ListSecrets {"Filters":[{"Key":"name","Values":["!prod/My"]}]}
        # Words of anything.
        ListSecrets {"Filters":[{"Key":"all","Values":["database blue"]}]}
        "##,
    ),
    (
        "list_secret_version_ids",
        r##"
        CreateSecret {"Name":"app","ClientRequestToken":"$1","SecretString":"one"}
        + 1 hour
        PutSecretValue {"SecretId":"app","ClientRequestToken":"$2","SecretString":"two"}
        + 1 hour
        PutSecretValue {"SecretId":"app","ClientRequestToken":"$3","SecretString":"three"}
        GetSecretValue {"SecretId":"app"}
        # Versions without a label are shown only when asked for, and then without the member.
        ListSecretVersionIds {"SecretId":"app"}
        ListSecretVersionIds {"SecretId":"app","IncludeDeprecated":true,"MaxResults":2}
        ListSecretVersionIds {"SecretId":"app","IncludeDeprecated":true,"MaxResults":2,"NextToken":"$NEXT"}
        "##,
    ),
    (
        "delete_and_restore_secret",
        r##"
        CreateSecret {"Name":"app","ClientRequestToken":"$1","SecretString":"one"}
        DeleteSecret {"SecretId":"app"}
        # A description tells when it was deleted; the value is out of reach.
        DescribeSecret {"SecretId":"app"}
        GetSecretValue {"SecretId":"app"}
        + 29 days
        RestoreSecret {"SecretId":"app"}
        GetSecretValue {"SecretId":"app"}
        # Restoring what is not deleted is no error.
        RestoreSecret {"SecretId":"app"}
        DeleteSecret {"SecretId":"app","RecoveryWindowInDays":7,"ForceDeleteWithoutRecovery":false}
        # When the window is over, the secret is gone and its name is free.
        + 7 days
        work
        DescribeSecret {"SecretId":"app"}
        CreateSecret {"Name":"app","ClientRequestToken":"$1","SecretString":"another"}
        "##,
    ),
    (
        "force_delete_secret",
        r##"
        CreateSecret {"Name":"app","ClientRequestToken":"$1","SecretString":"one"}
        DeleteSecret {"SecretId":"app","ForceDeleteWithoutRecovery":true}
        DescribeSecret {"SecretId":"app"}
        # What is not there is deleted all the same.
        DeleteSecret {"SecretId":"app","ForceDeleteWithoutRecovery":true}
        # The name is free at once, under another ARN.
        CreateSecret {"Name":"app","ClientRequestToken":"$2","SecretString":"two"}
        # So is what was only scheduled.
        DeleteSecret {"SecretId":"app"}
        DeleteSecret {"SecretId":"app","ForceDeleteWithoutRecovery":true}
        DescribeSecret {"SecretId":"app"}
        "##,
    ),
    (
        "tag_and_untag_resource",
        r##"
        CreateSecret {"Name":"app","ClientRequestToken":"$1","Tags":[{"Key":"team","Value":"blue"}]}
        + 1 hour
        TagResource {"SecretId":"app","Tags":[{"Key":"team","Value":"green"},{"Key":"tier","Value":"1"}]}
        DescribeSecret {"SecretId":"app"}
        + 1 hour
        TagResource {"SecretId":"app","Tags":[{"Key":"tier","Value":"1"}]}
        UntagResource {"SecretId":"app","TagKeys":["other"]}
        DescribeSecret {"SecretId":"app"}
        UntagResource {"SecretId":"app","TagKeys":["team","tier"]}
        DescribeSecret {"SecretId":"app"}
        "##,
    ),
    (
        "get_random_password",
        r##"
        GetRandomPassword {}
        GetRandomPassword {"PasswordLength":12,"ExcludePunctuation":true,"ExcludeCharacters":"0Oo1lI"}
        GetRandomPassword {"PasswordLength":8,"ExcludeUppercase":true,"ExcludeLowercase":true,"ExcludePunctuation":true,"IncludeSpace":true}
        GetRandomPassword {"PasswordLength":1,"RequireEachIncludedType":false}
        "##,
    ),
];
