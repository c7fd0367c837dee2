//! Many secrets of one server that rotate at the same time, and what must hold for each of them.

use std::time::Duration;

use futures_util::future::join_all;
use keywheel::clock::Stopwatch;
use keywheel_domain::time::Timestamp;
use keywheel_tests::entropy::SimEntropy;
use keywheel_tests::wait;
use serde_json::{Value, json};

use super::{FUNCTION_ARN, Site};

/// A site with secrets, each named as the role whose password it holds.
pub(super) struct Fleet {
    pub(super) site: Site,
    pub(super) names: Vec<String>,
}

impl Fleet {
    /// So many secrets, each rotated once.
    pub(super) async fn start(secrets: usize) -> Self {
        let site = Site::start().await;
        let names: Vec<String> = (0..secrets).map(|number| format!("app-{number}")).collect();
        for name in &names {
            let password = site.postgres.create_role(name).await.unwrap();
            let value = site.postgres.secret_value(name, &password).to_string();
            site.client.call("CreateSecret", json!({ "Name": name, "SecretString": value })).await.unwrap();
        }
        let fleet = Self { site, names };
        fleet.rotate().await;
        fleet.arrive().await;
        fleet
    }

    /// Asks for a rotation of each; returns when all are acknowledged.
    pub(super) async fn rotate(&self) {
        join_all(self.names.iter().map(|name| self.rotate_one(name))).await;
    }

    pub(super) async fn rotate_one(&self, name: &str) {
        let rotate = json!({ "SecretId": name, "RotationLambdaARN": FUNCTION_ARN });
        self.site.client.call("RotateSecret", rotate).await.unwrap();
    }

    /// Waits until each latest rotation has succeeded. One that rests after a failure is asked to go on.
    pub(super) async fn arrive(&self) -> Vec<Value> {
        join_all(self.names.iter().map(|name| self.arrive_one(name))).await
    }

    pub(super) async fn arrive_one(&self, name: &str) -> Value {
        let mut last = Value::Null;
        let arrived = wait::until("a rotation to succeed", async || {
            last = self.site.client.rotation(name).await?;
            let state = last["State"].as_str();
            if state == Some("BackOff") {
                let again = json!({ "SecretId": name, "ClientRequestToken": last["ClientRequestToken"] });
                self.site.client.call("RotateSecret", again).await?;
            }
            assert!(
                matches!(state, Some("Ready" | "Running" | "BackOff" | "Succeeded")),
                "{name} needs a person: {last}"
            );
            Ok((state == Some("Succeeded")).then_some(()))
        });
        let arrived = arrived.await;
        assert!(arrived.is_ok(), "{name} was last seen as {last}");
        last
    }

    /// How long all take from the last acknowledgement to the last success.
    pub(super) async fn typical(&self) -> Duration {
        self.rotate().await;
        let stopwatch = Stopwatch::start();
        self.arrive().await;
        stopwatch.elapsed()
    }

    /// `kill -9`, and another process on the same folder.
    pub(super) async fn kill_and_restart(self) -> Self {
        let (site, _) = self.site.kill_and_restart().await;
        Self { site, names: self.names }
    }

    /// At this moment each role can log in with what its secret shows, whether or not it rotates.
    pub(super) async fn none_is_locked_out(&self) {
        join_all(self.names.iter().map(|name| self.is_not_locked_out(name))).await;
    }

    async fn is_not_locked_out(&self, name: &str) {
        let mut before = None;
        loop {
            let shown = [self.password(name, "AWSCURRENT").await, self.password(name, "AWSPENDING").await];
            // In this order: once the current one is refused, the pending one has been stored and set.
            for password in shown.iter().flatten() {
                if self.site.postgres.accepts(name, password).await.unwrap() {
                    return;
                }
            }
            // A rotation may have gone on between the reading and the login: then something else is shown.
            assert_ne!(before.as_ref(), Some(&shown), "{name} is locked out");
            before = Some(shown);
        }
    }

    /// What must hold for each when nothing rotates; the current passwords.
    pub(super) async fn settled(&self) -> Vec<String> {
        join_all(self.names.iter().map(|name| self.is_settled(name))).await
    }

    async fn is_settled(&self, name: &str) -> String {
        let described = self.site.client.call("DescribeSecret", json!({ "SecretId": name })).await.unwrap();
        let versions = described["VersionIdsToStages"].as_object().unwrap();
        let holders = |stage: &str| -> Vec<&String> {
            let has = |stages: &Value| stages.as_array().unwrap().iter().any(|found| found == stage);
            versions.iter().filter(|(_, stages)| has(stages)).map(|(version, _)| version).collect()
        };
        let rotation = self.site.client.rotation(name).await.unwrap();
        assert_eq!(holders("AWSCURRENT"), [rotation["ClientRequestToken"].as_str().unwrap()], "{described}");
        assert_eq!(holders("AWSPENDING"), Vec::<&String>::new(), "{described}");
        let current = self.password(name, "AWSCURRENT").await.unwrap();
        assert!(self.site.postgres.accepts(name, &current).await.unwrap(), "{name}: {rotation}");
        let previous = self.password(name, "AWSPREVIOUS").await.unwrap();
        assert!(!self.site.postgres.accepts(name, &previous).await.unwrap(), "{name}: {rotation}");
        current
    }

    /// The password with this label. `None` when no version has it, or the one that has it is still empty.
    pub(super) async fn password(&self, name: &str, stage: &str) -> Option<String> {
        let asked = json!({ "SecretId": name, "VersionStage": stage });
        let answer = self.site.client.send("secretsmanager.GetSecretValue", &asked).await.unwrap();
        if let Some(error) = answer.error() {
            assert!(error.starts_with("ResourceNotFoundException: "), "{name}: {error}");
            return None;
        }
        let value: Value = serde_json::from_str(answer.body["SecretString"].as_str().unwrap()).unwrap();
        Some(value["password"].as_str().unwrap().to_owned())
    }

    /// Waits until so many sessions want to change a role that is held.
    pub(super) async fn wait_for_change_of(&self, name: &str, sessions: i64) {
        let waiting = async || Ok((self.site.postgres.waiting(name).await? == sessions).then_some(()));
        wait::until("setSecret to change the role", waiting).await.unwrap();
    }
}

/// The rotation was unfinished at this moment: a step of it began later.
pub(super) fn was_unfinished(rotation: &Value, at: Timestamp) -> bool {
    let last = rotation["Attempts"].as_array().unwrap().last().unwrap();
    last["Started"].as_f64().unwrap() * 1000.0 > at.millis() as f64
}

/// The next moment of a seed, up to `within` from now.
pub(super) fn moment(entropy: &SimEntropy, within: Duration) -> Duration {
    let bits = u32::try_from(entropy.number() >> 40).expect("24 bits are left");
    within.mul_f64(f64::from(bits) / f64::from(1 << 24))
}
