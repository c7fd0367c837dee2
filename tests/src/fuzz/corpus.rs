//! Good inputs of each target: the fuzzer begins with them, and the normal run mutates them.

use keywheel_domain::next_token;
use keywheel_domain::sensitive::Sensitive;
use keywheel_domain::sigv4::{Credentials, Request, sign};
use keywheel_domain::time::Timestamp;

/// Who signs the requests.
pub(super) const SIGNER: &str = "AKIATESTKEYWHEEL0000";
/// With what: it protects nothing.
pub(super) const SIGNER_SECRET: &str = "tests-only/not-a-secret";
/// When, in milliseconds: a noon.
pub(super) const SIGNED_AT: i64 = 1_440_936_000_000;

/// Inputs as text.
fn texts(inputs: &[&str]) -> Vec<Vec<u8>> {
    inputs.iter().map(|text| text.as_bytes().to_vec()).collect()
}

pub(super) fn filters() -> Vec<Vec<u8>> {
    texts(&[
        r#"{"Filters":[{"Key":"name","Values":["prod/","!prod/db"]}]}"#,
        r#"{"Filters":[{"Key":"all","Values":["twitter App"]},{"Key":"tag-value","Values":["Blue","!Red"]}]}"#,
        r#"{"Filters":[{"Key":"description","Values":["the prod"]},{"Key":"primary-region","Values":["eu"]}]}"#,
        r#"{"Filters":[{"Key":"tag-key","Values":["prod"]},{"Key":"owning-service","Values":["x"]}],"SortBy":"name"}"#,
        r#"{"Filters":[{"Key":"owning-service","Values":["x"]},{"Key":"name","Values":["!x"]},{"Key":"tag-value","Values":["B"]}]}"#,
        r#"{"Filters":[{"Key":"name","Values":["!x"]},{"Key":"name","Values":["p","P"]},{"Key":"all","Values":["!db"]},{"Key":"tag-value","Values":["B"]}]}"#,
        r#"{"MaxResults":1,"SortOrder":"asc","Filters":[{"Key":"all","Values":["!"]},{"Key":"name","Values":[""]}]}"#,
    ])
}

pub(super) fn forms() -> Vec<Vec<u8>> {
    texts(&[
        "Action=ListUsers&Version=2010-05-08",
        "Action=CreateUser&Version=2010-05-08&UserName=ann&Path=%2Fpeople%2F&Tags.member.1.Key=team&Tags.member.1.Value=blue+green&Tags.member.2.Key=%C3%BC&Tags.member.2.Value=",
        "Action=CreateRole&Version=2010-05-08&RoleName=r&MaxSessionDuration=7200&AssumeRolePolicyDocument=%7B%22Statement%22%3A%5B%5D%7D",
        "Version=2011-06-15&Action=AssumeRole&RoleArn=arn:aws:iam::123456789012:role/app/reader&RoleSessionName=one&PolicyArns.member.1.arn=arn:aws:iam::aws:policy/IAMFullAccess&TransitiveTagKeys.member.1=team&Tags.member.1.Key=team&Tags.member.1.Value=%3C%26%3E",
        "A.B.C=1&A.B.D=2&&A.member.member=3&L.member.2.member.1=x&L.member.1.member.1=y",
        "a&b=&c==",
    ])
}

pub(super) fn paths() -> Vec<Vec<u8>> {
    texts(&[
        "GET /2015-03-31/functions/",
        "POST /2015-03-31/functions",
        "GET /2015-03-31/functions/my-function",
        "PUT /2015-03-31/functions/my-function/code",
        "POST /2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-east-1%3A123456789012%3Afunction%3Af%3Alive/invocations",
        "POST /2015-03-31/functions/123456789012:function:f:7/invocations",
        "GET /2015-03-31/functions/f:$LATEST/configuration",
        "PUT /2015-03-31/functions/f/aliases/live",
        "DELETE /2015-03-31/functions/f/policy/a%2Fb",
        "PUT /2017-10-31/functions/f/concurrency",
        "GET /2019-09-30/functions/us-east-1:f/concurrency",
        "DELETE /2017-03-31/tags/arn:aws:lambda:us-east-1:123456789012:function:f",
    ])
}

pub(super) fn policies() -> Vec<Vec<u8>> {
    texts(&[
        r#"0{"Version":"2012-10-17","Statement":[{"Sid":"Read","Effect":"Allow","Action":["secretsmanager:Get*","kms:Decrypt"],"Resource":"arn:aws:secretsmanager:*:111111111111:secret:db-??????"},{"Effect":"Deny","NotAction":"secretsmanager:GetSecretValue","Resource":"*"}]}"#,
        r#"0{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","NotResource":"arn:aws:secretsmanager:*:*:secret:${aws:username, 'x'}-*","Condition":{"StringLike":{"aws:username":["a*","b?"]},"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}}}"#,
        r#"1{"Statement":{"Effect":"Allow","NotAction":"iam:*","Resource":"*","Condition":{"DateLessThan":{"aws:CurrentTime":"2027-05-01T11:59Z"}}}}"#,
        r#"2{"Statement":[{"Effect":"Allow","Action":"secretsmanager:GetSecretValue","Resource":"*","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"}}}]}"#,
        r#"3{"Version":"2012-10-17","Id":"key","Statement":[{"Effect":"Allow","Principal":{"AWS":["111111111111","arn:aws:iam::111111111111:user/ann"],"Service":"secretsmanager.amazonaws.com"},"Action":"secretsmanager:*","Resource":"*"},{"Effect":"Deny","NotPrincipal":{"AWS":"arn:aws:iam::111111111111:role/reader"},"Action":"*","Resource":"*","Condition":{"ForAnyValue:StringEqualsIfExists":{"aws:TagKeys":["team"]},"Null":{"aws:SourceIp":"false"}}}]}"#,
        r#"3{"Statement":{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}}"#,
        r#"4{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111111111111:user/ann"},"Action":"sts:AssumeRole","Condition":{"NumericLessThan":{"aws:MultiFactorAuthAge":"3600"}}}}"#,
    ])
}

pub(super) fn tokens() -> Vec<Vec<u8>> {
    let key = Sensitive::new(std::array::from_fn(|index| b"key1"[index % 4]));
    let given_out = next_token::issue(&key, "ListSecrets", "prod/db");
    texts(&[
        "key1ListSecrets\nprod/db",
        "key2ListSecrets asc 10\n0001764000000000 prod/TwitterApp",
        "abcdListSecretVersionIds Ümlaut\n",
        "\0\0\0\0\n\0",
        &format!("key1ListSecrets\n{given_out}"),
    ])
}

pub(super) fn signatures() -> Vec<Vec<u8>> {
    let target = ("x-amz-target", "secretsmanager.GetSecretValue");
    let json = ("content-type", "application/x-amz-json-1.1");
    let host = ("host", "localhost:4584");
    let hash = ("x-amz-content-sha256", "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a");
    vec![
        signed("POST", "/", "", &[host, json, target], "{\"SecretId\":\"db\"}"),
        signed("POST", "/", "", &[("Host", "localhost"), target, ("X-Amz-Meta", "  a   b  ")], ""),
        signed("GET", "/2015-03-31/functions/a%2Fb/../f", "Qualifier=1&b=%20&a", &[host], ""),
        signed("PUT", "//x/./y/", "a=2&a=1", &[host, ("x-many", "one"), ("x-many", "two"), hash], "{}"),
    ]
}

/// A request as the target reads it, with a good signature.
fn signed(method: &str, path: &str, query: &str, headers: &[(&str, &str)], body: &str) -> Vec<u8> {
    let secret = Sensitive::new(SIGNER_SECRET.to_owned());
    let credentials = Credentials { access_key_id: SIGNER, secret_access_key: &secret, session_token: None };
    let as_bytes: Vec<(&str, &[u8])> =
        headers.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
    let request = Request { method, path, query, headers: &as_bytes, body: body.as_bytes() };
    let added =
        sign(&request, &credentials, "eu-west-1", "secretsmanager", Timestamp::from_millis(SIGNED_AT));
    let target = if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") };
    let mut text = format!("{method} {target}\n");
    let added = added.iter().map(|(name, value)| (*name, value.as_str()));
    let lines: Vec<String> =
        headers.iter().copied().chain(added).map(|(name, value)| format!("{name}:{value}\n")).collect();
    text.push_str(&lines.concat());
    format!("{text}\n{body}").into_bytes()
}

pub(super) fn wire() -> Vec<Vec<u8>> {
    texts(&[
        "CreateSecret\n{\"Name\":\"prod/db\",\"ClientRequestToken\":\"11111111-1111-4111-8111-111111111111\",\"SecretString\":\"ü\\u0000\",\"Tags\":[{\"Key\":\"team\",\"Value\":\"blue\"}],\"AddReplicaRegions\":[{\"Region\":\"eu-west-1\"}]}",
        "GetSecretValue\n{\"SecretId\":\"prod/db\",\"VersionStage\":\"AWSPREVIOUS\"}",
        "PutSecretValue\n{\"SecretId\":\"db\",\"ClientRequestToken\":\"11111111-1111-4111-8111-111111111111\",\"SecretBinary\":\"AAEC\",\"VersionStages\":[\"BLUE\"]}",
        "UpdateSecret\n{\"SecretId\":\"db\",\"Description\":\"é\",\"ClientRequestToken\":\"11111111-1111-4111-8111-111111111111\"}",
        "ListSecrets\n{\"MaxResults\":10,\"Filters\":[{\"Key\":\"all\",\"Values\":[\"a\"]}],\"SortOrder\":\"asc\"}",
        "BatchGetSecretValue\n{\"SecretIdList\":[\"a\",\"b\"]}",
        "DeleteSecret\n{\"SecretId\":\"db\",\"RecoveryWindowInDays\":7}",
        "TagResource\n{\"SecretId\":\"db\",\"Tags\":[{\"Key\":\"a\"},{\"Key\":\"b\",\"Value\":\"\"}]}",
        "RotateSecret\n{\"SecretId\":\"db\",\"ClientRequestToken\":\"11111111-1111-4111-8111-111111111111\",\"RotationLambdaARN\":\"arn:aws:lambda:us-east-1:123456789012:function:f\",\"RotationRules\":{\"ScheduleExpression\":\"rate(4 hours)\",\"Duration\":\"1h\"},\"RotateImmediately\":false}",
        "GetRandomPassword\n{\"PasswordLength\":20,\"ExcludeCharacters\":\"/@\\\"\",\"IncludeSpace\":true}",
        "PutResourcePolicy\n{\"SecretId\":\"db\",\"ResourcePolicy\":\"{\\\"Statement\\\":[]}\",\"BlockPublicPolicy\":true}",
        "LookupEvents\n{\"LookupAttributes\":[{\"AttributeKey\":\"EventName\",\"AttributeValue\":\"GetSecretValue\"}],\"StartTime\":1700000000.5,\"MaxResults\":50}",
        "PutWebhook\n{\"Name\":\"ops\",\"Url\":\"https://example.com/hook\",\"Events\":[\"RotationFailed\"],\"Enabled\":true}",
        "PreviewSchedule\n{\"SecretId\":\"db\",\"TimeZone\":\"Europe/Berlin\",\"Blackouts\":[{\"Days\":[\"SAT\"],\"From\":\"08:00\",\"Until\":\"18:00\"}]}",
        "CreateKey\n{\"Description\":\"for tests\",\"Tags\":[{\"TagKey\":\"a\",\"TagValue\":\"b\"}]}",
        "Encrypt\n{\"KeyId\":\"alias/app\",\"Plaintext\":\"AAEC\",\"EncryptionContext\":{\"a\":\"b\",\"ü\":\"\"}}",
        "GenerateDataKey\n{\"KeyId\":\"alias/app\",\"KeySpec\":\"AES_256\"}",
    ])
}
