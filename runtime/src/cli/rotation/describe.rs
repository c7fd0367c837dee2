//! `keywheel rotation describe`, and the shape of what it describes.

use clap::Args;
use keywheel_domain::time::Timestamp;
use serde::Deserialize;
use serde_json::json;

use super::super::Failure;
use super::super::moment::{Moment, beside};
use super::super::session::Session;
use super::super::table::{fields, plain, table};

/// The operation.
pub(super) const TARGET: &str = "Keywheel.DescribeRotation";
/// Microseconds in a millisecond.
const MILLISECOND_US: u64 = 1_000;

#[derive(Args)]
pub(super) struct DescribeArguments {
    /// Name or ARN of the secret.
    #[arg(value_name = "SECRET")]
    secret: String,
    /// Which rotation [default: the latest].
    #[arg(long, value_name = "TOKEN")]
    token: Option<String>,
    /// Show what the function logged.
    #[arg(long)]
    log: bool,
}

/// A rotation.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Rotation {
    pub(super) name: String,
    client_request_token: String,
    #[serde(rename = "RotationLambdaARN")]
    function_arn: String,
    pub(super) purpose: String,
    pub(super) state: String,
    pub(super) step: String,
    requested_by: String,
    requested: Moment,
    pub(super) due: Option<Moment>,
    target: Option<String>,
    pub(super) approval_id: Option<String>,
    undoes: Option<String>,
    pub(super) attempts: Vec<Attempt>,
}

/// One run of a step.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Attempt {
    step: String,
    started: Moment,
    duration_us: u64,
    failure: Option<String>,
    log: Vec<String>,
}

impl Attempt {
    fn took(&self) -> String {
        format!("{} ms", self.duration_us / MILLISECOND_US)
    }

    fn outcome(&self) -> String {
        self.failure.as_ref().map_or_else(|| "done".to_owned(), |failure| format!("failed: {failure}"))
    }

    /// In one line.
    pub(super) fn told(&self) -> String {
        plain(&format!("{}: {} ({})", self.step, self.outcome(), self.took()))
    }
}

impl Rotation {
    /// The sentence of the last failure.
    pub(super) fn last_failure(&self) -> Option<&str> {
        self.attempts.iter().rev().find_map(|attempt| attempt.failure.as_deref())
    }
}

pub(super) async fn run(session: &mut Session, arguments: DescribeArguments) -> Result<(), Failure> {
    let members = json!({ "SecretId": arguments.secret, "ClientRequestToken": arguments.token });
    session.show(TARGET, members, |rotation, now| tell(rotation, arguments.log, now)).await
}

fn tell(rotation: &Rotation, log: bool, now: Timestamp) -> String {
    let mut parts = vec![fields(&[
        ("secret", rotation.name.clone()),
        ("token", rotation.client_request_token.clone()),
        ("purpose", rotation.purpose.clone()),
        ("state", rotation.state.clone()),
        ("step", rotation.step.clone()),
        ("approval", rotation.approval_id.clone().unwrap_or_default()),
        ("due", beside(rotation.due, now)),
        ("asked by", rotation.requested_by.clone()),
        ("asked for", rotation.requested.beside(now)),
        ("function", rotation.function_arn.clone()),
        ("target", rotation.target.clone().unwrap_or_default()),
        ("undoes", rotation.undoes.clone().unwrap_or_default()),
    ])];
    if !rotation.attempts.is_empty() {
        let row = |attempt: &Attempt| {
            [attempt.step.clone(), attempt.started.beside(now), attempt.took(), attempt.outcome()]
        };
        let rows: Vec<_> = rotation.attempts.iter().map(row).collect();
        parts.push(table(["STEP", "STARTED", "TOOK", "OUTCOME"], &rows));
    }
    if log {
        parts.extend(rotation.attempts.iter().filter(|attempt| !attempt.log.is_empty()).map(logged));
    }
    parts.join("\n\n")
}

/// What one run logged, under its step.
fn logged(attempt: &Attempt) -> String {
    let heading = plain(&format!("{}, {}", attempt.step, attempt.started.utc()));
    let lines = attempt.log.iter().map(|line| format!("  {}", plain(line)));
    std::iter::once(heading).chain(lines).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A rotation in this state after these steps, each failed or not.
    pub(in super::super) fn rotation(state: &str, step: &str, attempts: &[(&str, Option<&str>)]) -> Rotation {
        let attempts: Vec<_> = attempts
            .iter()
            .map(|(step, failure)| {
                json!({ "Step": step, "Started": 1_763_899_195, "DurationUs": 12_345, "Digest": "ab",
                        "Failure": failure, "Log": [format!("in {step}")] })
            })
            .collect();
        serde_json::from_value(json!({
            "ARN": "arn", "Name": "prod/Db", "ClientRequestToken": "token", "RotationLambdaARN": "function",
            "Purpose": "Rotate", "State": state, "Step": step, "RequestedBy": "root",
            "Requested": 1_763_899_190, "Attempts": attempts,
        }))
        .unwrap()
    }

    #[test]
    fn a_rotation_is_told_with_its_attempts() {
        let now = Timestamp::from_millis(1_763_899_200_000);
        let rotation =
            rotation("BackOff", "setSecret", &[("createSecret", None), ("setSecret", Some("no\nway"))]);
        let expected = "\
secret     prod/Db
token      token
purpose    Rotate
state      BackOff
step       setSecret
asked by   root
asked for  2025-11-23T11:59:50Z (10 s ago)
function   function

STEP          STARTED                         TOOK   OUTCOME
createSecret  2025-11-23T11:59:55Z (5 s ago)  12 ms  done
setSecret     2025-11-23T11:59:55Z (5 s ago)  12 ms  failed: no way";
        assert_eq!(tell(&rotation, false, now), expected);
        let log = "\n\ncreateSecret, 2025-11-23T11:59:55Z\n  in createSecret\n\nsetSecret, 2025-11-23T11:59:55Z\n  in setSecret";
        assert_eq!(tell(&rotation, true, now), format!("{expected}{log}"));
    }
}
