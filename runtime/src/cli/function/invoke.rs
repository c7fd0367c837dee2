//! `keywheel function invoke`.

use anyhow::{Context as _, anyhow};
use clap::Args;
use clap::builder::PossibleValuesParser;
use keywheel_domain::function::TIMEOUT_S_MAX;
use keywheel_domain::rotation::Step;
use keywheel_domain::time::{MINUTE_MS, SECOND_MS};
use serde::Deserialize;
use serde_json::json;

use super::super::Failure;
use super::super::client::RestCall;
use super::super::session::{Session, note};
use super::super::table::plain;
use super::configuration::path_of;

/// The longest step, and what is around it.
const ANSWER_MS_MAX: i64 = TIMEOUT_S_MAX as i64 * SECOND_MS + MINUTE_MS;

#[derive(Args)]
pub(super) struct InvokeArguments {
    /// Name or ARN of the function, with `:version` or `:alias` where one is meant.
    #[arg(value_name = "FUNCTION")]
    function: String,
    /// The step.
    #[arg(long, value_name = "STEP", value_parser = PossibleValuesParser::new(Step::ALL.map(Step::as_str)))]
    step: String,
    /// Name or ARN of the secret.
    #[arg(long, value_name = "SECRET")]
    secret: String,
    /// Id of the version that the step works on: the same for all four steps [default: a new one].
    #[arg(long, value_name = "TOKEN")]
    token: Option<String>,
}

/// What a function that failed answers.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope {
    error_type: String,
    error_message: String,
    #[serde(default)]
    trace: Vec<String>,
}

/// The step that begins something which a rotation goes on with.
const CREATE_SECRET: &str = "createSecret";

pub(super) async fn run(session: &mut Session, arguments: InvokeArguments) -> Result<(), Failure> {
    let token = arguments.token.unwrap_or_else(|| session.client.token());
    let event = json!({
        "Step": arguments.step,
        "SecretId": arguments.secret,
        "ClientRequestToken": token,
    });
    let path = path_of(&arguments.function, "/invocations");
    let call = RestCall {
        headers: &[("x-amz-log-type", "Tail")],
        millis: ANSWER_MS_MAX,
        ..RestCall::new("POST", &path)
    };
    let answer = session.client.rest(call, Some(&event)).await?;
    let failed = answer.header("x-amz-function-error").is_some();
    if session.json {
        session.say(answer.body.text()?)?;
    } else if let Some(log) = answer.header("x-amz-log-result") {
        let log = decoded(log).context("the log is not text in base64")?;
        for line in log.lines() {
            session.say(&plain(line))?;
        }
    }
    if !failed {
        if !session.json {
            session.say(&format!("{}: done, with version {token}", arguments.step))?;
            if arguments.step == CREATE_SECRET {
                // Until it has gone on, another rotation is refused.
                note(&format!("a rotation that goes on with it says --client-request-token {token}"));
            }
        }
        return Ok(());
    }
    let envelope: Envelope = answer.body.read()?;
    if !envelope.trace.is_empty() {
        note(&plain(&format!("in {}", envelope.trace.join(" <- "))));
    }
    Err(Failure::Failed(anyhow!(plain(&format!("{}: {}", envelope.error_type, envelope.error_message)))))
}

/// Text from base64; there may be half a character at its start.
fn decoded(text: &str) -> Option<String> {
    use base64::Engine as _;
    let bytes = base64::engine::general_purpose::STANDARD.decode(text).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}
