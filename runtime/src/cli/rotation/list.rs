//! `keywheel rotation list`.

use clap::Args;
use clap::builder::PossibleValuesParser;
use keywheel_domain::rotation::State;
use keywheel_domain::time::Timestamp;
use serde::Deserialize;
use serde_json::json;

use super::super::Failure;
use super::super::moment::{Moment, beside};
use super::super::session::{Session, name_of};
use super::super::table::table;

#[derive(Args)]
pub(super) struct ListArguments {
    /// Name or ARN of a secret: then also its rotations that have ended, oldest first.
    #[arg(long, value_name = "SECRET")]
    secret: Option<String>,
    /// Only rotations in these states.
    #[arg(long, value_name = "WORD", num_args = 1.., value_parser = PossibleValuesParser::new(State::WORDS))]
    state: Vec<String>,
}

/// What is shown of one.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Rotation {
    #[serde(rename = "SecretARN")]
    secret_arn: String,
    client_request_token: String,
    purpose: String,
    state: String,
    step: String,
    requested: Moment,
    due: Option<Moment>,
    failure: Option<String>,
}

pub(super) async fn run(session: &mut Session, arguments: ListArguments) -> Result<(), Failure> {
    let members = json!({ "SecretId": arguments.secret, "States": arguments.state });
    session.show_list("Keywheel.ListRotations", "Rotations", members, tell).await
}

fn tell(rotations: &[Rotation], now: Timestamp) -> String {
    if rotations.is_empty() {
        return "no such rotations".to_owned();
    }
    let rows: Vec<_> = rotations.iter().map(|rotation| row(rotation, now)).collect();
    table(["SECRET", "TOKEN", "PURPOSE", "STATE", "STEP", "ASKED FOR", "DUE", "LAST FAILURE"], &rows)
}

fn row(rotation: &Rotation, now: Timestamp) -> [String; 8] {
    [
        name_of(&rotation.secret_arn),
        rotation.client_request_token.clone(),
        rotation.purpose.clone(),
        rotation.state.clone(),
        rotation.step.clone(),
        rotation.requested.beside(now),
        beside(rotation.due, now),
        rotation.failure.clone().unwrap_or_default(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rotation_is_a_row() {
        let now = Timestamp::from_millis(1_763_899_200_000);
        let rotations: Vec<Rotation> = serde_json::from_value(json!([{
            "SecretARN": "arn:aws:secretsmanager:us-east-1:123456789012:secret:prod/Db-AbCdEf",
            "ClientRequestToken": "token", "Purpose": "Rotate", "State": "BackOff", "Step": "setSecret",
            "RequestedBy": "keywheel:schedule", "Requested": 1_763_899_140, "Due": 1_763_899_210.5,
            "Failure": "refused\nby the server",
        }]))
        .unwrap();
        let expected = "\
SECRET   TOKEN  PURPOSE  STATE    STEP       ASKED FOR                        DUE                             LAST FAILURE
prod/Db  token  Rotate   BackOff  setSecret  2025-11-23T11:59:00Z (60 s ago)  2025-11-23T12:00:10Z (in 10 s)  refused by the server";
        assert_eq!(tell(&rotations, now), expected);
        assert_eq!(tell(&[], now), "no such rotations");
    }
}
