//! STS on the wire, byte for byte but for what is random.

use std::fmt::Write as _;

use expect_test::expect_file;

use super::sessions::{Net, Signer};

const SCRIPT: [(&str, &[(&str, &str)]); 8] = [
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
    let unknown = Signer { access_key_id: "AKIAUNKNOWNUNKNOWN12".to_owned(), ..ann };
    writeln!(told, "{}", net.sts(&unknown, "GetCallerIdentity", &[]).await.unwrap_err()).unwrap();
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
