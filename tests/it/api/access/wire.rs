//! STS on the wire, byte for byte but for what is random.

use std::fmt::Write as _;

use expect_test::expect_file;
use keywheel_domain::time::MINUTE_MS;
use keywheel_tests::node::ACCESS_KEY_ID;

use super::sessions::{Net, Signer};

const SCRIPT: [(&str, &[(&str, &str)]); 9] = [
    ("GetCallerIdentity", &[]),
    (
        "AssumeRole",
        &[("RoleArn", super::sessions::ROLE), ("RoleSessionName", "one"), ("SourceIdentity", "ann")],
    ),
    ("AssumeRole", &[("RoleArn", super::sessions::ROLE)]),
    (
        "AssumeRole",
        &[("RoleArn", super::sessions::ROLE), ("RoleSessionName", "o n e"), ("DurationSeconds", "899")],
    ),
    ("AssumeRole", &[("RoleArn", "arn:aws:iam::123456789012:role/none"), ("RoleSessionName", "one")]),
    ("GetSessionToken", &[("DurationSeconds", "900")]),
    ("GetSessionToken", &[("SerialNumber", "arn:aws:iam::123456789012:mfa/ann"), ("TokenCode", "123456")]),
    ("GetAccessKeyInfo", &[("AccessKeyId", ACCESS_KEY_ID)]),
    ("GetAccessKeyInfo", &[("AccessKeyId", "AKIANOBODYNOBODYNOBO")]),
];

#[tokio::test]
async fn the_wire_of_sts_is_as_it_was() {
    let (net, ann) = Net::new().await;
    let mut told = String::new();
    for (action, members) in SCRIPT {
        let answer = net.sts(&ann, action, members).await;
        let text = match answer {
            Ok(xml) => without_randomness(&xml.replace("><", ">\n<")),
            Err(refusal) => refusal,
        };
        writeln!(told, "{action} {members:?}\n{text}\n").unwrap();
    }
    // More tags than go into a session token.
    let long = "a".repeat(256);
    let keys: Vec<_> =
        (1..=30).map(|number| (format!("Tags.member.{number}.Key"), number.to_string())).collect();
    let values: Vec<_> = (1..=30).map(|number| format!("Tags.member.{number}.Value")).collect();
    let mut members = vec![("RoleArn", super::sessions::ROLE), ("RoleSessionName", "one")];
    members.extend(keys.iter().map(|(name, key)| (name.as_str(), key.as_str())));
    members.extend(values.iter().map(|name| (name.as_str(), long.as_str())));
    let refusal = net.sts(&ann, "AssumeRole", &members).await.unwrap_err();
    writeln!(told, "AssumeRole (with 30 tags of 256 characters)\n{refusal}\n").unwrap();
    let unknown = Signer { access_key_id: "AKIAUNKNOWNUNKNOWN12".to_owned(), ..ann.clone() };
    let refusal = net.sts(&unknown, "GetCallerIdentity", &[]).await.unwrap_err();
    writeln!(told, "GetCallerIdentity (by an unknown key)\n{refusal}\n").unwrap();
    let session = net.assume(&ann, &[("DurationSeconds", "900")]).await.unwrap();
    net.clock.advance(15 * MINUTE_MS);
    let refusal = net.sts(&session, "GetCallerIdentity", &[]).await.unwrap_err();
    writeln!(told, "GetCallerIdentity (when the session is over)\n{refusal}\n").unwrap();
    let refusal = net.get(&session).await.unwrap_err();
    writeln!(told, "secretsmanager.GetSecretValue (when the session is over)\n400 {refusal}").unwrap();
    expect_file!["../../../golden/sts.txt"].assert_eq(&told);
}

/// Lines whose text differs from run to run, or from one made-up key to the other.
fn without_randomness(xml: &str) -> String {
    const RANDOM: [&str; 4] = ["AccessKeyId", "SecretAccessKey", "SessionToken", "RequestId"];
    let line = |line: &str| match RANDOM.iter().find(|name| line.starts_with(&format!("<{name}>"))) {
        Some(name) => format!("<{name}>…</{name}>\n"),
        None => format!("{line}\n"),
    };
    xml.lines().map(line).collect()
}
