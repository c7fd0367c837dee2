//! What Secrets Manager does not have: `Keywheel.*`, and the trail of calls.

pub(super) const SCRIPTS: &[(&str, &str)] = &[
    (
        "rotation_policy",
        r##"
        CreateSecret {"Name":"app","ClientRequestToken":"$1","SecretString":"one"}
        RotateSecret {"SecretId":"app","ClientRequestToken":"$2","RotationLambdaARN":"arn:aws:lambda:us-east-1:123456789012:function:obedient","RotationRules":{"ScheduleExpression":"cron(0 8 * * ? *)","Duration":"4h"},"RotateImmediately":false}
        work
        Keywheel.GetRotationPolicy {"SecretId":"app"}
        Keywheel.PutRotationPolicy {"SecretId":"app","TimeZone":"Europe/Berlin","SpreadMinutes":0,"CatchUp":false,"Blackouts":[{"Days":["TUE"],"From":"00:00","Until":"12:00"}]}
        Keywheel.GetRotationPolicy {"SecretId":"app"}
        Keywheel.PutRotationPolicy {"SecretId":"app","TimeZone":"Nowhere"}
        Keywheel.PutRotationPolicy {"SecretId":"app","SpreadMinutes":-1,"Group":{"Name":"databases"}}
        # The next five, as it is and as it might be.
        Keywheel.PreviewSchedule {"SecretId":"app"}
        Keywheel.PreviewSchedule {"SecretId":"app","RotationRules":{"AutomaticallyAfterDays":30},"TimeZone":"UTC","Blackouts":[]}
        Keywheel.PreviewSchedule {"SecretId":"app"}
        Keywheel.SkipRotation {"SecretId":"app","Opens":$OPENS}
        # Sent once more, it skips no other one.
        Keywheel.SkipRotation {"SecretId":"app","Opens":$OPENS}
        Keywheel.DeleteRotationPolicy {"SecretId":"app"}
        Keywheel.GetRotationPolicy {"SecretId":"app"}
        "##,
    ),
    (
        "rotation_verbs",
        r##"
        CreateSecret {"Name":"app","ClientRequestToken":"$1","SecretString":"one"}
        Keywheel.VerifySecret {"SecretId":"app","ClientRequestToken":"$2"}
        RotateSecret {"SecretId":"app","ClientRequestToken":"$2","RotationLambdaARN":"arn:aws:lambda:us-east-1:123456789012:function:obedient"}
        work
        Keywheel.VerifySecret {"SecretId":"app","ClientRequestToken":"$3"}
        work
        Keywheel.DryRunRotation {"SecretId":"app","ClientRequestToken":"$4"}
        work
        Keywheel.ReconcileSecret {"SecretId":"app","ClientRequestToken":"$5"}
        work
        # The previous value comes back.
        Keywheel.RollBackRotation {"SecretId":"app","ClientRequestToken":"$6"}
        work
        GetSecretValue {"SecretId":"app"}
        Keywheel.ListRotations {"SecretId":"app","States":["Succeeded","RolledBack"]}
        Keywheel.ListRotations {"States":["Ready"]}
        Keywheel.ListRotations {"States":["Asleep"]}
        # There is nothing that waits.
        Keywheel.RetryRotation {"SecretId":"app"}
        "##,
    ),
    (
        "approvals",
        r##"
        CreateSecret {"Name":"app","ClientRequestToken":"$1","SecretString":"one"}
        RotateSecret {"SecretId":"app","ClientRequestToken":"$2","RotationLambdaARN":"arn:aws:lambda:us-east-1:123456789012:function:obedient","RotationRules":{"ScheduleExpression":"rate(10 days)"},"RotateImmediately":false}
        work
        Keywheel.PutRotationPolicy {"SecretId":"app","SpreadMinutes":0,"Approvals":{"Before":["setSecret"],"Count":1}}
        # The schedule starts it, and it waits for a person.
        + 11 days
        work
        Keywheel.ListApprovals {}
        Keywheel.DescribeApproval {"ApprovalId":"$APPROVAL"}
        # Nobody has answered in time: somebody has to ask again.
        + 25 hours
        work
        Keywheel.ListApprovals {}
        Keywheel.RetryRotation {"SecretId":"app"}
        work
        Keywheel.ListApprovals {}
        Keywheel.Approve {"ApprovalId":"$APPROVAL","Comment":"go on"}
        work
        Keywheel.Approve {"ApprovalId":"$APPROVAL"}
        + 11 days
        work
        Keywheel.ListApprovals {}
        Keywheel.Reject {"ApprovalId":"$APPROVAL","Reason":"not today"}
        Keywheel.DescribeRotation {"SecretId":"app"}
        # Who asks for a rotation has no say in it.
        RotateSecret {"SecretId":"app","ClientRequestToken":"$3"}
        work
        Keywheel.ListApprovals {}
        Keywheel.Approve {"ApprovalId":"$APPROVAL"}
        Keywheel.Reject {"ApprovalId":"$APPROVAL"}
        "##,
    ),
    (
        "approvers",
        r##"
        Keywheel.CreateApprover {"UserName":"ann"}
        Keywheel.CreateApprover {"UserName":"ann"}
        Keywheel.CreateApprover {"UserName":"a n n"}
        Keywheel.ListApprovers {}
        # What an approver may do, and which statement says so.
        Keywheel.SimulatePolicy {"Principal":"arn:aws:iam::123456789012:user/ann","Action":"keywheel:ApproveRotation","Resource":"arn:aws:secretsmanager:us-east-1:123456789012:secret:app-AbCdEf"}
        Keywheel.SimulatePolicy {"Principal":"arn:aws:iam::123456789012:user/ann","Action":"secretsmanager:GetSecretValue"}
        Keywheel.SimulatePolicy {"Principal":"arn:aws:iam::123456789012:user/bob","Action":"secretsmanager:GetSecretValue"}
        Keywheel.DeleteApprover {"UserName":"ann"}
        Keywheel.DeleteApprover {"UserName":"ann"}
        "##,
    ),
    (
        "webhooks",
        r##"
        Keywheel.PutWebhook {"Name":"pager","Url":"https://pager.example/keywheel","Events":["RotationFailed"]}
        # The signing secret is told once.
        Keywheel.PutWebhook {"Name":"pager","Url":"https://pager.example/keywheel","Enabled":false}
        Keywheel.PutWebhook {"Name":"pager","Url":"https://pager.example/keywheel","RotateSigningSecret":true}
        Keywheel.PutWebhook {"Name":"plain","Url":"ftp://pager.example"}
        Keywheel.PutWebhook {"Name":"a b","Url":"https://pager.example","Events":[]}
        Keywheel.ListWebhooks {}
        Keywheel.DeleteWebhook {"Name":"pager"}
        Keywheel.DeleteWebhook {"Name":"pager"}
        "##,
    ),
    (
        "list_events",
        r##"
        CreateSecret {"Name":"app","ClientRequestToken":"$1","SecretString":"one"}
        UpdateSecret {"SecretId":"app","ClientRequestToken":"$2","Description":"new"}
        Keywheel.ListEvents {}
        Keywheel.ListEvents {"From":1,"MaxResults":1}
        Keywheel.ListEvents {"SecretId":"app","Events":["DeleteSecret"]}
        Keywheel.ListEvents {"From":0}
        "##,
    ),
    (
        "lookup_events",
        r##"
        CreateSecret {"Name":"app","ClientRequestToken":"$1","SecretString":"one"}
        + 1 hour
        GetSecretValue {"SecretId":"other"}
        # The latest first; of the request what it names, and no value.
        com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.LookupEvents {"MaxResults":1}
        com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.LookupEvents {"LookupAttributes":[{"AttributeKey":"EventName","AttributeValue":"CreateSecret"}]}
        com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.LookupEvents {"LookupAttributes":[{"AttributeKey":"EventName","AttributeValue":"CreateSecret"},{"AttributeKey":"ReadOnly","AttributeValue":"true"}]}
        com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.LookupEvents {"StartTime":1764000000,"EndTime":1763000000}
        com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.LookupEvents {"LookupAttributes":[{"AttributeKey":"Colour","AttributeValue":"blue"}]}
        com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.LookupEvents {"NextToken":"made-up"}
        misdirected com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.LookupEvents {}
        "##,
    ),
];
