//! What every command shares that asks a running server: where it is, and how the answer is printed.

use std::io::{self, StdoutLock, Write as _};

use anyhow::Context as _;
use clap::Args;
use keywheel_domain::secret::SecretId;
use keywheel_domain::time::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::Failure;
use super::client::{Client, ClientError, Settings};

/// How to reach the server, and how to print what it says.
///
/// The environment adds AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_REGION and
/// AWS_DEFAULT_REGION.
#[derive(Args)]
pub(super) struct ServerArguments {
    /// The server [default: AWS_ENDPOINT_URL_SECRETS_MANAGER, AWS_ENDPOINT_URL or http://127.0.0.1:4584].
    #[arg(long, global = true, value_name = "ADDRESS")]
    endpoint: Option<String>,
    /// Print the server's JSON instead of text for people.
    #[arg(long, global = true)]
    json: bool,
}

/// One run of a command against a server.
pub(super) struct Session {
    pub(super) client: Client,
    pub(super) json: bool,
    output: StdoutLock<'static>,
}

/// Runs a command to its end.
pub(super) fn run(
    arguments: &ServerArguments,
    command: impl AsyncFnOnce(&mut Session) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let settings = Settings::read(arguments.endpoint.as_deref(), &|name| std::env::var(name).ok())
        .map_err(|error| Failure::Usage(error.into()))?;
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().context("out of resources")?;
    let mut session =
        Session { client: Client::new(settings), json: arguments.json, output: io::stdout().lock() };
    runtime.block_on(command(&mut session))
}

impl Session {
    /// Prints a text and a line feed.
    pub(super) fn say(&mut self, text: &str) -> Result<(), Failure> {
        let said = writeln!(self.output, "{text}").and_then(|()| self.output.flush());
        Ok(said.context("standard output is closed")?)
    }

    /// Calls an operation, and prints its answer: as it came, or in the words of `tell`.
    pub(super) async fn show<T: DeserializeOwned>(
        &mut self,
        target: &str,
        members: Value,
        tell: impl FnOnce(&T, Timestamp) -> String,
    ) -> Result<(), Failure> {
        let answer = self.client.call(target, &members).await?;
        let text =
            if self.json { answer.text()?.to_owned() } else { tell(&answer.read()?, self.client.now()) };
        self.say(&text)
    }

    /// Lists all there is, and prints it: as one object, or in the words of `tell`.
    pub(super) async fn show_list<T: DeserializeOwned>(
        &mut self,
        target: &str,
        list: &str,
        members: Value,
        tell: impl FnOnce(&[T], Timestamp) -> String,
    ) -> Result<(), Failure> {
        let listing = self.client.list(target, list, members).await?;
        if self.json {
            return self.say(&listing.json);
        }
        let items = listing.read()?;
        self.say(&tell(&items, self.client.now()))?;
        if listing.is_cut {
            note(&format!("only the first {} are shown", items.len()));
        }
        Ok(())
    }
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        Self::Failed(error.into())
    }
}

/// Says something beside the output.
pub(super) fn note(text: &str) {
    // Without a standard error nobody wants to know.
    let _ = writeln!(io::stderr(), "keywheel: {text}");
}

/// The name of the secret that an ARN is of; for people, who do not need the rest.
pub(super) fn name_of(arn: &str) -> String {
    match SecretId::parse(arn) {
        Ok(SecretId::FullArn { name, .. }) => name,
        _ => arn.to_owned(),
    }
}
