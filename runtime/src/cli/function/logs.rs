//! `keywheel function logs`.

use clap::Args;
use keywheel_domain::time::SECOND_MS;
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;

use super::super::Failure;
use super::super::client::ClientError;
use super::super::moment::Moment;
use super::super::session::{Session, name_of};
use super::super::table::plain;

/// Between two looks.
const LOOK_MS: i64 = SECOND_MS;
/// Microseconds in a millisecond.
const MILLISECOND_US: u64 = 1_000;

#[derive(Args)]
pub(super) struct LogsArguments {
    /// Name or ARN of the function.
    #[arg(value_name = "FUNCTION")]
    function: String,
    /// Go on with what is logged from now on, until interrupted.
    #[arg(long)]
    follow: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Logs {
    invocations: Vec<Box<RawValue>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Invocation {
    number: u64,
    time: Moment,
    version: String,
    step: String,
    #[serde(rename = "SecretARN")]
    secret_arn: String,
    duration_us: u64,
    failure: Option<String>,
    log: Vec<String>,
}

pub(super) async fn run(session: &mut Session, arguments: LogsArguments) -> Result<(), Failure> {
    let mut after = 0;
    loop {
        let members = json!({ "FunctionName": arguments.function, "After": after });
        match session.client.call("Keywheel.ListFunctionLogs", &members).await {
            Ok(answer) if session.json && !arguments.follow => return session.say(answer.text()?),
            Ok(answer) => {
                let logs: Logs = answer.read()?;
                for text in logs.invocations {
                    let invocation: Invocation =
                        serde_json::from_str(text.get()).map_err(|_| ClientError::Unreadable)?;
                    after = after.max(invocation.number);
                    session.say(&if session.json { text.get().to_owned() } else { tell(&invocation) })?;
                }
            }
            // A server that starts again is waited for by who follows.
            Err(error) if arguments.follow && after > 0 && error.may_pass() => {}
            Err(error) => return Err(error.into()),
        }
        if !arguments.follow {
            return Ok(());
        }
        session.client.pause(LOOK_MS).await;
    }
}

/// A heading, and the lines under it.
fn tell(invocation: &Invocation) -> String {
    let outcome = invocation.failure.as_deref().unwrap_or("done");
    let heading = format!(
        "{}  {} of {} by {}: {outcome} ({} ms)",
        invocation.time.utc(),
        invocation.step,
        name_of(&invocation.secret_arn),
        invocation.version,
        invocation.duration_us / MILLISECOND_US
    );
    let lines = invocation.log.iter().map(|line| format!("    {}", plain(line)));
    std::iter::once(plain(&heading)).chain(lines).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invocation_is_a_heading_and_its_lines() {
        let invocation: Invocation = serde_json::from_value(json!({
            "Number": 7, "Time": 1_763_899_200, "Version": "3", "Step": "setSecret",
            "SecretARN": "arn:aws:secretsmanager:us-east-1:123456789012:secret:prod/Db-AbCdEf",
            "DurationUs": 12_345, "Failure": "failed: refused\nby the server", "Log": ["info: one", "warn: \u{1b}[2J"],
        }))
        .unwrap();
        let expected = "\
2025-11-23T12:00:00Z  setSecret of prod/Db by 3: failed: refused by the server (12 ms)
    info: one
    warn:  [2J";
        assert_eq!(tell(&invocation), expected);
    }
}
