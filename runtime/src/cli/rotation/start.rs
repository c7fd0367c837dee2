//! `keywheel rotation start`.

use clap::Args;
use serde_json::json;

use super::super::Failure;
use super::super::session::Session;
use super::super::table::plain;
use super::wait::{self, Goal};

#[derive(Args)]
pub(super) struct StartArguments {
    /// Name or ARN of the secret.
    #[arg(value_name = "SECRET")]
    secret: String,
    /// Wait for the end, and exit with 1 if it is no success.
    #[arg(long)]
    wait: bool,
}

pub(super) async fn run(session: &mut Session, arguments: StartArguments) -> Result<(), Failure> {
    let token = session.client.token();
    let members = json!({ "SecretId": arguments.secret, "ClientRequestToken": token });
    let answer = session.client.call("secretsmanager.RotateSecret", &members).await?;
    if !session.json {
        session.say(&plain(&format!("{}: rotation {token} is on its way", arguments.secret)))?;
    } else if !arguments.wait {
        session.say(answer.text()?)?;
    }
    if arguments.wait {
        wait::follow(session, &arguments.secret, &token, Goal::Succeeded).await?;
    }
    Ok(())
}
