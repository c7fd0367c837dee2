//! Rotation over the wire: what RotateSecret stores, and what is told afterwards.

pub(super) const SCRIPTS: &[(&str, &str)] = &[
    (
        "rotate_secret",
        r##"
        CreateSecret {"Name":"app","ClientRequestToken":"$1","SecretString":"one"}
        RotateSecret {"SecretId":"app","ClientRequestToken":"$2","RotationLambdaARN":"arn:aws:lambda:us-east-1:123456789012:function:obedient","RotationRules":{"ScheduleExpression":"cron(0 3 1 * ? *)","Duration":"2h"}}
        # An answer means that the rotation is durable; AWSPENDING is on a version without a value.
        DescribeSecret {"SecretId":"app"}
        ListSecretVersionIds {"SecretId":"app"}
        GetSecretValue {"SecretId":"app","VersionStage":"AWSPENDING"}
        Keywheel.DescribeRotation {"SecretId":"app"}
        # The same request again changes nothing.
        RotateSecret {"SecretId":"app","ClientRequestToken":"$2"}
        work
        # Afterwards the rules tell the days as well.
        DescribeSecret {"SecretId":"app"}
        GetSecretValue {"SecretId":"app"}
        Keywheel.DescribeRotation {"SecretId":"app","ClientRequestToken":"$2"}
        # Late, but the same: it has succeeded.
        RotateSecret {"SecretId":"app","ClientRequestToken":"$2"}
        "##,
    ),
    (
        "rotate_secret_by_days",
        r##"
        CreateSecret {"Name":"app","ClientRequestToken":"$1","SecretString":"one"}
        RotateSecret {"SecretId":"app","ClientRequestToken":"$2","RotationLambdaARN":"arn:aws:lambda:us-east-1:123456789012:function:obedient","RotationRules":{"AutomaticallyAfterDays":30}}
        work
        DescribeSecret {"SecretId":"app"}
        # A value put by hand counts as a rotation.
        + 10 days
        PutSecretValue {"SecretId":"app","ClientRequestToken":"$3","SecretString":"three"}
        DescribeSecret {"SecretId":"app"}
        # The schedule rotates by itself.
        + 31 days
        work
        DescribeSecret {"SecretId":"app"}
        "##,
    ),
    (
        "rotate_secret_later",
        r##"
        CreateSecret {"Name":"app","ClientRequestToken":"$1","SecretString":"one"}
        # Only testSecret runs, on a copy of the current value, which is gone afterwards.
        RotateSecret {"SecretId":"app","ClientRequestToken":"$2","RotationLambdaARN":"arn:aws:lambda:us-east-1:123456789012:function:obedient","RotationRules":{"ScheduleExpression":"rate(10 days)"},"RotateImmediately":false}
        GetSecretValue {"SecretId":"app","VersionStage":"AWSPENDING"}
        work
        DescribeSecret {"SecretId":"app"}
        ListSecretVersionIds {"SecretId":"app","IncludeDeprecated":true}
        Keywheel.DescribeRotation {"SecretId":"app"}
        "##,
    ),
    (
        "cancel_rotate_secret",
        r##"
        CreateSecret {"Name":"app","ClientRequestToken":"$1","SecretString":"one"}
        # Of a secret that does not rotate nothing changes.
        CancelRotateSecret {"SecretId":"app"}
        DescribeSecret {"SecretId":"app"}
        RotateSecret {"SecretId":"app","ClientRequestToken":"$2","RotationLambdaARN":"arn:aws:lambda:us-east-1:123456789012:function:obedient","RotationRules":{"AutomaticallyAfterDays":30}}
        # Function and rules stay; before createSecret nothing is left of the rotation.
        CancelRotateSecret {"SecretId":"app"}
        DescribeSecret {"SecretId":"app"}
        Keywheel.DescribeRotation {"SecretId":"app"}
        # RotateSecret turns it on again.
        RotateSecret {"SecretId":"app","ClientRequestToken":"$3"}
        work
        DescribeSecret {"SecretId":"app"}
        "##,
    ),
    (
        "cancel_test_of_rotation",
        r##"
        CreateSecret {"Name":"app","ClientRequestToken":"$1","SecretString":"one"}
        RotateSecret {"SecretId":"app","ClientRequestToken":"$2","RotationLambdaARN":"arn:aws:lambda:us-east-1:123456789012:function:obedient","RotateImmediately":false}
        # Somebody labels the version of the test: it stays with that label, but is not pending.
        UpdateSecretVersionStage {"SecretId":"app","VersionStage":"blue","MoveToVersionId":"$2"}
        CancelRotateSecret {"SecretId":"app"}
        DescribeSecret {"SecretId":"app"}
        RotateSecret {"SecretId":"app","ClientRequestToken":"$3"}
        work
        DescribeSecret {"SecretId":"app"}
        "##,
    ),
    (
        "rotation_abandoned",
        r##"
        CreateSecret {"Name":"app","ClientRequestToken":"$1","SecretString":"one"}
        RotateSecret {"SecretId":"app","ClientRequestToken":"$2","RotationLambdaARN":"arn:aws:lambda:us-east-1:123456789012:function:obedient"}
        # A version that is made by hand meanwhile ends the rotation.
        PutSecretValue {"SecretId":"app","ClientRequestToken":"$3","SecretString":"three"}
        DescribeSecret {"SecretId":"app"}
        Keywheel.DescribeRotation {"SecretId":"app"}
        "##,
    ),
];
