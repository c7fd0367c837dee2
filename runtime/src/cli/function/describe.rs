//! `keywheel function describe`.

use std::collections::BTreeMap;

use clap::Args;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::super::Failure;
use super::super::client::{Answer, ClientError, RestCall};
use super::super::session::Session;
use super::super::table::fields;
use super::configuration::{Configuration, path_of};

#[derive(Args)]
pub(super) struct DescribeArguments {
    /// Name or ARN of the function, with `:version` or `:alias` where one is meant.
    #[arg(value_name = "FUNCTION")]
    function: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Function {
    configuration: Configuration,
    code: Code,
    #[serde(default)]
    tags: BTreeMap<String, String>,
    concurrency: Option<Concurrency>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Code {
    location: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Concurrency {
    reserved_concurrent_executions: u32,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Versions {
    versions: Vec<Configuration>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Aliases {
    aliases: Vec<Alias>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Alias {
    name: String,
    function_version: String,
}

pub(super) async fn run(session: &mut Session, arguments: DescribeArguments) -> Result<(), Failure> {
    let name = &arguments.function;
    let function = get(session, name, "").await?;
    // The rest is about the function as a whole.
    let described: Function = function.read()?;
    let whole = &described.configuration.function_name;
    let (versions, aliases) =
        (get(session, whole, "/versions").await?, get(session, whole, "/aliases").await?);
    if session.json {
        let mut members: BTreeMap<String, Box<RawValue>> = function.read()?;
        for (list, answer) in [("Versions", &versions), ("Aliases", &aliases)] {
            let mut page: BTreeMap<String, Box<RawValue>> = answer.read()?;
            members.insert(list.to_owned(), page.remove(list).ok_or(ClientError::Unreadable)?);
        }
        let json = serde_json::to_string(&members).map_err(anyhow::Error::from)?;
        return session.say(&json);
    }
    let (versions, aliases): (Versions, Aliases) = (versions.read()?, aliases.read()?);
    session.say(&tell(&described, &versions.versions, &aliases.aliases))
}

async fn get(session: &Session, name: &str, rest: &str) -> Result<Answer, Failure> {
    Ok(session.client.rest(RestCall::new("GET", &path_of(name, rest)), None).await?.body)
}

fn tell(function: &Function, versions: &[Configuration], aliases: &[Alias]) -> String {
    let shown = &function.configuration;
    let concurrency = function.concurrency.as_ref();
    let published: Vec<&str> = versions
        .iter()
        .map(|version| version.version.as_str())
        .filter(|version| *version != "$LATEST")
        .collect();
    let aliases: Vec<String> =
        aliases.iter().map(|alias| format!("{} = {}", alias.name, alias.function_version)).collect();
    let tags: Vec<String> = function.tags.iter().map(|(key, value)| format!("{key} = {value}")).collect();
    fields(&[
        ("ARN", shown.function_arn.clone()),
        ("version", shown.version.clone()),
        ("description", shown.description.clone()),
        ("code", format!("{}, {}", function.code.location, shown.size())),
        ("changed", shown.modified()),
        ("timeout", format!("{} s", shown.timeout)),
        ("memory", format!("{} MiB", shown.memory_size)),
        ("environment", shown.variables()),
        ("role", shown.role.clone()),
        (
            "at once",
            concurrency.map(|bound| bound.reserved_concurrent_executions.to_string()).unwrap_or_default(),
        ),
        ("published", published.join(", ")),
        ("aliases", aliases.join(", ")),
        ("tags", tags.join(", ")),
    ])
}
