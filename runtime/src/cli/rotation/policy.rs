//! `keywheel rotation policy get`, `put` and `delete`.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow, bail};
use clap::{Args, Subcommand};
use keywheel_domain::time::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::super::Failure;
use super::super::session::{Session, note};
use super::super::table::plain;
use super::SecretArguments;
use super::preview::Slot;

/// More is no policy; it is also what a server takes.
const POLICY_BYTES_MAX: u64 = 1024 * 1024;
/// The name of standard input.
const STANDARD_INPUT: &str = "-";
/// The member that the command line gives.
const SECRET_ID: &str = "SecretId";

#[derive(Subcommand)]
pub(super) enum PolicyCommand {
    /// Prints the policy as JSON, in the form that `put` takes.
    Get(SecretArguments),
    /// Sets the policy, in place of the one before.
    Put(PutArguments),
    /// Takes the policy away.
    Delete(SecretArguments),
}

#[derive(Args)]
pub(super) struct PutArguments {
    /// Name or ARN of the secret.
    #[arg(value_name = "SECRET")]
    secret: String,
    /// The members of PutRotationPolicy without SecretId, as JSON; `-` reads standard input.
    #[arg(long, value_name = "FILE")]
    file: PathBuf,
}

/// GetRotationPolicy's answer.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Policy {
    name: String,
    policy: Option<Map<String, Value>>,
}

/// The answer of what changed a policy.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Changed {
    name: String,
    next: Option<Slot>,
}

pub(super) async fn run(session: &mut Session, command: PolicyCommand) -> Result<(), Failure> {
    match command {
        PolicyCommand::Get(arguments) => get(session, &arguments.secret).await,
        PolicyCommand::Put(arguments) => {
            let mut members = read(&arguments.file)?;
            members.insert(SECRET_ID.to_owned(), arguments.secret.into());
            session.show("Keywheel.PutRotationPolicy", members.into(), tell).await
        }
        PolicyCommand::Delete(arguments) => {
            let members = json!({ SECRET_ID: arguments.secret });
            session.show("Keywheel.DeleteRotationPolicy", members, tell).await
        }
    }
}

async fn get(session: &mut Session, secret: &str) -> Result<(), Failure> {
    let answer = session.client.call("Keywheel.GetRotationPolicy", &json!({ SECRET_ID: secret })).await?;
    if session.json {
        return session.say(answer.text()?);
    }
    let Policy { name, policy } = answer.read()?;
    match policy {
        Some(policy) => session.say(&format!("{:#}", Value::from(policy))),
        // Not on standard output, where it would be taken for a policy.
        None => {
            note(&plain(&format!("{name} has no rotation policy")));
            Ok(())
        }
    }
}

fn tell(changed: &Changed, now: Timestamp) -> String {
    plain(&match &changed.next {
        Some(next) => format!("{}: the next rotation starts {}", changed.name, next.starts.beside(now)),
        None => format!("{}: no rotation is scheduled", changed.name),
    })
}

/// The members in a file.
fn read(path: &Path) -> anyhow::Result<Map<String, Value>> {
    if path == Path::new(STANDARD_INPUT) {
        return parse(io::stdin().lock()).context("the policy on standard input");
    }
    let shown = path.display();
    let file = File::open(path).with_context(|| format!("`{shown}` could not be opened: check --file"))?;
    parse(file).with_context(|| format!("the policy in `{shown}`"))
}

fn parse(input: impl Read) -> anyhow::Result<Map<String, Value>> {
    let mut text = String::new();
    input.take(POLICY_BYTES_MAX + 1).read_to_string(&mut text).context("could not be read as text")?;
    if text.len() as u64 > POLICY_BYTES_MAX {
        bail!("is longer than {POLICY_BYTES_MAX} bytes");
    }
    let read: Value = serde_json::from_str(&text)
        .map_err(|error| anyhow!("is not JSON: line {}, column {}", error.line(), error.column()))?;
    match read {
        Value::Object(members) if members.contains_key(SECRET_ID) => {
            bail!("names a {SECRET_ID}: leave it out, the command line names the secret")
        }
        Value::Object(members) => Ok(members),
        _ => bail!("is no JSON object"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_no_policy_is_refused() {
        let check = |text: &[u8], expected: Result<usize, &str>| {
            let read = parse(text).map(|members| members.len()).map_err(|error| format!("{error}"));
            assert_eq!(read.as_ref().map(|count| *count).map_err(String::as_str), expected);
        };
        check(b"{}", Ok(0));
        check(br#"{"TimeZone": "Europe/Berlin", "CatchUp": false}"#, Ok(2));
        check(b"[]", Err("is no JSON object"));
        check(b"", Err("is not JSON: line 1, column 0"));
        check(b"{\n}}", Err("is not JSON: line 2, column 2"));
        check(
            br#"{"SecretId": "a"}"#,
            Err("names a SecretId: leave it out, the command line names the secret"),
        );
        check(&[0xff], Err("could not be read as text"));
        let long = vec![b' '; usize::try_from(POLICY_BYTES_MAX).unwrap() + 1];
        check(&long, Err("is longer than 1048576 bytes"));
    }
}
