//! `keywheel function deploy`: from a file to a function that secrets can name.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::anyhow;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::Args;
use keywheel_domain::function::{ALLOW_VARIABLE, INVOKE_ACTION, SECRETS_MANAGER};
use keywheel_domain::sensitive::Sensitive;
use keywheel_domain::time::MINUTE_MS;
use serde_json::{Map, Value, json};

use super::super::Failure;
use super::super::client::{ClientError, RestAnswer, RestCall};
use super::super::progress::Progress;
use super::super::session::{Session, note};
use super::super::table::plain;
use super::check;
use super::component;
use super::configuration::{Configuration, FUNCTIONS, path_of, size};

/// To upload and to compile.
const ANSWER_MS_MAX: i64 = 5 * MINUTE_MS;
/// The permission that secrets need.
const STATEMENT_ID: &str = "keywheel-function-deploy";
/// The role of a function for which none is named. There is none of this account, so that it grants nothing.
const ROLE: &str = "arn:aws:iam::000000000000:role/keywheel-function";

#[derive(Args)]
pub(super) struct DeployArguments {
    /// The component (`.wasm`), or a zip file with one.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The name of the function; one that exists gets the code, and a new version.
    #[arg(long, value_name = "NAME")]
    name: String,
    /// Deploy it without the rehearsal of `keywheel function check`.
    #[arg(long)]
    no_check: bool,
    /// What the function may connect to beside the host and port of its secret, such as `tcp://host:port`.
    #[arg(long, value_name = "PATTERN")]
    allow: Vec<String>,
    /// A variable of its environment. `NAME` alone takes the value from the environment of this command, where
    /// nobody else sees it. Variables and patterns that are given replace all that were there.
    #[arg(long, value_name = "NAME=VALUE")]
    env: Vec<String>,
    /// The ARN of its role, which says what other secrets it may read.
    #[arg(long, value_name = "ARN")]
    role: Option<String>,
    /// Seconds that a step may take [default: 60].
    #[arg(long, value_name = "SECONDS")]
    timeout: Option<u32>,
    /// Memory that a step may use [default: 64].
    #[arg(long, value_name = "MIB")]
    memory: Option<u32>,
}

pub(super) async fn run(session: &mut Session, arguments: DeployArguments) -> Result<(), Failure> {
    let settings = settings(&arguments, &|name| std::env::var(name).ok()).map_err(Failure::Usage)?;
    let code = component::read(&arguments.file)?;
    judge(&arguments, &code).await?;
    let bytes = code.len() as u64;
    let encoded = STANDARD.encode(code);
    let doing = format!("uploading {}; the server compiles it", size(bytes));
    note(&doing);
    let progress = Progress::start(&doing);
    let began = session.client.now();
    let published = if exists(session, &arguments.name).await? {
        update(session, &arguments.name, settings, &encoded).await?
    } else {
        create(session, &arguments.name, settings, &encoded).await?
    };
    allow_rotations(session, &arguments.name).await?;
    drop(progress);
    let took = session.client.now().millis_since(began);
    let configuration: Configuration = published.body.read()?;
    note(&format!("deployed version {} in {took} ms", configuration.version));
    if session.json {
        return session.say(published.body.text()?);
    }
    session.say(&told(&configuration))
}

/// Nothing is uploaded that breaks a rule of the contract.
async fn judge(arguments: &DeployArguments, code: &[u8]) -> Result<(), Failure> {
    if arguments.no_check {
        return Ok(());
    }
    let progress = Progress::start("compiling and checking");
    let judged = check::require(&arguments.file, code).await?;
    drop(progress);
    note(&judged);
    Ok(())
}

/// The ARN, and what to paste.
fn told(configuration: &Configuration) -> String {
    let arn = configuration.function_arn.trim_end_matches(&format!(":{}", configuration.version));
    let arn = plain(arn);
    format!("{arn}\n\naws secretsmanager rotate-secret --secret-id SECRET --rotation-lambda-arn {arn}")
}

/// What the arguments set.
fn settings(
    arguments: &DeployArguments,
    environment: &dyn Fn(&str) -> Option<String>,
) -> anyhow::Result<Map<String, Value>> {
    let mut settings = Map::new();
    let mut set =
        |name: &str, value: Option<Value>| value.map(|value| settings.insert(name.to_owned(), value));
    set("Role", arguments.role.clone().map(Value::from));
    set("Timeout", arguments.timeout.map(Value::from));
    set("MemorySize", arguments.memory.map(Value::from));
    let mut variables: BTreeMap<String, Sensitive<String>> = BTreeMap::new();
    for variable in &arguments.env {
        let (name, value) = match variable.split_once('=') {
            Some((name, value)) => (name, value.to_owned()),
            None => {
                let found = environment(variable);
                (
                    variable.as_str(),
                    found.ok_or_else(|| anyhow!("the environment has no variable `{variable}`"))?,
                )
            }
        };
        variables.insert(name.to_owned(), Sensitive::new(value));
    }
    if !arguments.allow.is_empty() {
        variables.insert(ALLOW_VARIABLE.to_owned(), Sensitive::new(arguments.allow.join(" ")));
    }
    if !variables.is_empty() {
        let variables: Map<String, Value> =
            variables.into_iter().map(|(name, value)| (name, value.expose().as_str().into())).collect();
        set("Environment", Some(json!({ "Variables": variables })));
    }
    Ok(settings)
}

async fn exists(session: &Session, name: &str) -> Result<bool, Failure> {
    let asked = session.client.rest(RestCall::new("GET", &path_of(name, "/configuration")), None).await;
    match asked {
        Ok(_) => Ok(true),
        Err(ClientError::Refused { status: 404, .. }) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

async fn create(
    session: &Session,
    name: &str,
    settings: Map<String, Value>,
    code: &str,
) -> Result<RestAnswer, ClientError> {
    let mut members = settings;
    members.entry("Role").or_insert_with(|| ROLE.into());
    members.insert("FunctionName".into(), name.into());
    members.insert("Code".into(), json!({ "ZipFile": code }));
    members.insert("Publish".into(), true.into());
    slowly(session, "POST", FUNCTIONS, &members.into()).await
}

/// The configuration first: code may need it that is new.
async fn update(
    session: &Session,
    name: &str,
    settings: Map<String, Value>,
    code: &str,
) -> Result<RestAnswer, ClientError> {
    if !settings.is_empty() {
        let path = path_of(name, "/configuration");
        session.client.rest(RestCall::new("PUT", &path), Some(&settings.into())).await?;
    }
    slowly(session, "PUT", &path_of(name, "/code"), &json!({ "ZipFile": code, "Publish": true })).await
}

async fn slowly(
    session: &Session,
    method: &str,
    path: &str,
    members: &Value,
) -> Result<RestAnswer, ClientError> {
    let call = RestCall { millis: ANSWER_MS_MAX, ..RestCall::new(method, path) };
    session.client.rest(call, Some(members)).await
}

/// Lets Secrets Manager invoke the function, unless it may already.
async fn allow_rotations(session: &Session, name: &str) -> Result<(), ClientError> {
    let path = path_of(name, "/policy");
    let permission = json!({
        "StatementId": STATEMENT_ID,
        "Action": INVOKE_ACTION,
        "Principal": SECRETS_MANAGER,
    });
    match session.client.rest(RestCall::new("POST", &path), Some(&permission)).await {
        Ok(_) | Err(ClientError::Refused { status: 409, .. }) => Ok(()),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(env: &[&str], allow: &[&str]) -> DeployArguments {
        let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        DeployArguments {
            no_check: false,
            file: "f.wasm".into(),
            name: "f".into(),
            allow: owned(allow),
            env: owned(env),
            role: None,
            timeout: Some(30),
            memory: None,
        }
    }

    #[test]
    fn variables_come_from_arguments_and_from_the_environment() {
        let environment = |name: &str| (name == "TOKEN").then(|| "hunter2".to_owned());
        let check = |env: &[&str], allow: &[&str], expected: Value| {
            let settings = settings(&arguments(env, allow), &environment).unwrap();
            assert_eq!(Value::from(settings), expected);
        };
        check(&[], &[], json!({ "Timeout": 30 }));
        check(
            &["TOKEN", "A=b=c"],
            &["tcp://a:1", "tcp://b:2"],
            json!({ "Timeout": 30, "Environment": { "Variables": {
                "A": "b=c", "KEYWHEEL_ALLOW": "tcp://a:1 tcp://b:2", "TOKEN": "hunter2",
            } } }),
        );
        let missing = settings(&arguments(&["NONE"], &[]), &environment).unwrap_err();
        assert_eq!(missing.to_string(), "the environment has no variable `NONE`");
    }
}
