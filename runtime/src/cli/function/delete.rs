//! `keywheel function delete`.

use clap::Args;

use super::super::Failure;
use super::super::client::RestCall;
use super::super::session::Session;
use super::super::table::plain;
use super::configuration::path_of;

#[derive(Args)]
pub(super) struct DeleteArguments {
    /// Name or ARN of the function; with `:version`, only that version.
    #[arg(value_name = "FUNCTION")]
    function: String,
    /// Delete it even when secrets use it; their rotations fail then.
    #[arg(long)]
    force: bool,
}

pub(super) async fn run(session: &mut Session, arguments: DeleteArguments) -> Result<(), Failure> {
    let path = path_of(&arguments.function, "");
    let force: &[(&str, &str)] = if arguments.force { &[("x-keywheel-force", "true")] } else { &[] };
    session.client.rest(RestCall { headers: force, ..RestCall::new("DELETE", &path) }, None).await?;
    if session.json {
        return session.say("{}");
    }
    session.say(&plain(&format!("{}: deleted", arguments.function)))
}
