//! Verify, reconcile, roll back and dry run against a real PostgreSQL.

use keywheel_tests::wait;
use serde_json::{Value, json};

use super::{ROLE, SECRET, Site, last_failure, rotate_now};

const ADMIN_SECRET: &str = "prod/admin";

impl Site {
    /// Calls a verb, and waits for the end of its job.
    pub(super) async fn verb(&self, verb: &str, end: &str) -> Value {
        let asked =
            self.client.call(&format!("Keywheel.{verb}"), json!({ "SecretId": SECRET })).await.unwrap();
        self.job(asked["ClientRequestToken"].as_str().unwrap(), end).await
    }

    /// Waits until this job is in this state.
    async fn job(&self, token: &str, state: &str) -> Value {
        let describe = json!({ "SecretId": SECRET, "ClientRequestToken": token });
        let job = wait::until(state, async || {
            let job = self.client.call("Keywheel.DescribeRotation", describe.clone()).await?;
            Ok((job["State"] == state).then_some(job))
        });
        job.await.unwrap()
    }

    async fn metric(&self, line: &str) {
        let met = wait::until(line, async || {
            let text = self.client.get("/metrics").await?;
            Ok(text.lines().any(|found| found == line).then_some(()))
        });
        met.await.unwrap();
    }

    /// The names of the events of the secret, oldest first.
    async fn events(&self) -> Vec<String> {
        let page = self.client.call("Keywheel.ListEvents", json!({ "SecretId": SECRET })).await.unwrap();
        let events = page["Events"].as_array().unwrap();
        events.iter().map(|event| event["Event"].as_str().unwrap().to_owned()).collect()
    }

    async fn stages(&self) -> Vec<String> {
        let described = self.client.call("DescribeSecret", json!({ "SecretId": SECRET })).await.unwrap();
        let versions = described["VersionIdsToStages"].as_object().unwrap().values();
        let mut stages: Vec<String> = versions.map(|stages| stages.to_string()).collect();
        stages.sort();
        stages
    }
}

#[tokio::test]
async fn drift_is_found_told_and_repaired_through_the_admin() {
    let (site, _) = Site::with_secret().await;
    let admin = site.postgres.admin_secret_value();
    let created = json!({ "Name": ADMIN_SECRET, "SecretString": admin.to_string() });
    let admin_arn = site.client.call("CreateSecret", created).await.unwrap()["ARN"].clone();
    let mut value = site.client.value(SECRET, "AWSCURRENT").await.unwrap();
    value["masterarn"] = admin_arn.clone();
    let put = json!({ "SecretId": SECRET, "SecretString": value.to_string() });
    site.client.call("PutSecretValue", put).await.unwrap();
    site.rotate().await;
    site.verb("VerifySecret", "Succeeded").await;

    let by_hand = site.postgres.change_password(ROLE).await.unwrap();
    let drifted = site.verb("VerifySecret", "Drifted").await;
    assert!(last_failure(&drifted).contains("password authentication failed"), "{drifted}");
    assert!(site.events().await.contains(&"DriftFound".to_owned()));
    site.metric("keywheel_drifts_total 1").await;

    // Without the grant the function cannot read the admin's secret, and says what is missing.
    let refused = site.verb("ReconcileSecret", "Failed").await;
    assert!(last_failure(&refused).contains("ReadableSecretIds"), "{refused}");
    assert!(site.accepts(&by_hand).await, "nothing has changed");
    let policy = json!({ "SecretId": SECRET, "ReadableSecretIds": [admin_arn] });
    site.client.call("Keywheel.PutRotationPolicy", policy).await.unwrap();

    let stages = site.stages().await;
    site.verb("ReconcileSecret", "Succeeded").await;
    let current = site.password("AWSCURRENT").await;
    assert!(site.accepts(&current).await && !site.accepts(&by_hand).await);
    assert_eq!(site.stages().await, stages, "nothing is left behind");
    site.verb("VerifySecret", "Succeeded").await;
    assert_eq!(site.places_with(&current).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_roll_back_brings_the_previous_password_back_in_both_places() {
    let (site, old) = Site::with_secret().await;
    site.rotate().await;
    let new = site.password("AWSCURRENT").await;
    site.verb("RollBackRotation", "RolledBack").await;
    assert_eq!(
        (site.password("AWSCURRENT").await, site.password("AWSPREVIOUS").await),
        (old.clone(), new.clone())
    );
    assert!(site.accepts(&old).await && !site.accepts(&new).await);
    // And it rotates on.
    site.client.call("RotateSecret", rotate_now()).await.unwrap();
    site.client.rotation_in(SECRET, "Succeeded").await.unwrap();
    assert!(site.accepts(&site.password("AWSCURRENT").await).await);
}

#[tokio::test]
async fn a_dry_run_tells_each_step_and_changes_nothing() {
    let (site, old) = Site::with_secret().await;
    site.rotate().await;
    let (current, stages) = (site.password("AWSCURRENT").await, site.stages().await);
    let told = site.verb("DryRunRotation", "Succeeded").await;
    let steps: Vec<_> = told["Attempts"].as_array().unwrap().iter().map(|attempt| &attempt["Step"]).collect();
    assert_eq!(steps, ["testSecret", "createSecret"]);
    assert_eq!((site.password("AWSCURRENT").await, site.stages().await), (current.clone(), stages));
    assert!(site.accepts(&current).await && !site.accepts(&old).await);
}
