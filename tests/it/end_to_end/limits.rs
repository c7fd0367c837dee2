//! Limits that were lowered below what there is: it stays readable, and it is rotated.

use keywheel_tests::process::{self, Keywheel};
use serde_json::json;

use super::{SECRET, Site};

#[tokio::test]
async fn a_lowered_limit_stops_what_grows_and_no_rotation() {
    let (site, old) = Site::with_secret().await;
    let tags = json!([{ "Key": "team", "Value": "blue" }, { "Key": "stage", "Value": "prod" }]);
    site.client.call("TagResource", json!({ "SecretId": SECRET, "Tags": tags })).await.unwrap();
    let described = site.client.call("DescribeSecret", json!({ "SecretId": SECRET })).await.unwrap();
    let (first, _) = described["VersionIdsToStages"].as_object().unwrap().iter().next().unwrap();
    let label = |name: &str| json!({ "SecretId": SECRET, "VersionStage": name, "MoveToVersionId": first });
    for name in ["BLUE", "GREEN"] {
        site.client.call("UpdateSecretVersionStage", label(name)).await.unwrap();
    }
    let site = lowered(site).await;

    assert_eq!(site.password("AWSCURRENT").await, old);
    let policy = json!({ "Version": "2012-10-17", "Statement": [] }).to_string();
    let long = "x".repeat(21);
    for (action, members, sentence) in [
        (
            "UpdateSecretVersionStage",
            label("RED"),
            "LimitExceededException: A secret can have at most 3 staging labels.",
        ),
        (
            "TagResource",
            json!({ "SecretId": SECRET, "Tags": [{ "Key": "other", "Value": "" }] }),
            "InvalidParameterException: A secret can have at most 1 tags.",
        ),
        (
            "PutSecretValue",
            json!({ "SecretId": SECRET, "SecretString": long }),
            "ValidationException: 1 validation error detected: Value at 'secretString' failed to satisfy constraint: \
             Member must have length less than or equal to 20",
        ),
        (
            "PutResourcePolicy",
            json!({ "SecretId": SECRET, "ResourcePolicy": policy }),
            "ValidationException: 1 validation error detected: Value at 'resourcePolicy' failed to satisfy \
             constraint: Member must have length less than or equal to 10",
        ),
    ] {
        assert_eq!(site.client.refusal(action, members).await.unwrap(), sentence);
    }
    let same = json!({ "SecretId": SECRET, "Tags": [{ "Key": "team", "Value": "green" }] });
    site.client.call("TagResource", same).await.unwrap();

    // It stores a longer value than the limit, and brings a fourth label.
    site.rotate().await;
    let new = site.password("AWSCURRENT").await;
    assert!(new != old && site.accepts(&new).await);
    assert_eq!(site.password("AWSPREVIOUS").await, old);
    site.verb("RollBackRotation", "RolledBack").await;
    assert!(site.accepts(&old).await);
    let put = json!({ "SecretId": SECRET, "SecretString": "short" });
    site.client.call("PutSecretValue", put).await.unwrap();
}

/// The site with a server that has lower limits.
async fn lowered(site: Site) -> Site {
    let Site { postgres, data, keywheel, .. } = site;
    keywheel.kill();
    let mut command = process::serve(data.path()).unwrap();
    for limit in ["labels=3", "tags=1", "value-bytes=20", "policy-characters=10", "versions=121"] {
        command.args(["--limit", limit]);
    }
    let keywheel = Keywheel::start_with(&mut command).await.unwrap();
    let client = keywheel.client();
    Site { postgres, data, keywheel, client }
}
