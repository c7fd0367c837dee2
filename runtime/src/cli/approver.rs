//! `keywheel approver`: people with an access key of their own, who look at rotations and answer for them.

use clap::{Args, Subcommand};
use keywheel_domain::sensitive::Sensitive;
use keywheel_domain::time::Timestamp;
use serde::{Deserialize, Deserializer};
use serde_json::json;

use super::Failure;
use super::moment::Moment;
use super::session::{self, ServerArguments, Session};
use super::table::{plain, table};

/// Arguments of `keywheel approver`.
#[derive(Args)]
pub(super) struct ApproverArguments {
    #[command(flatten)]
    server: ServerArguments,
    #[command(subcommand)]
    command: ApproverCommand,
}

#[derive(Subcommand)]
enum ApproverCommand {
    /// Makes an approver, and prints the access key, which is shown this once, as lines to paste.
    Create(NameArguments),
    /// Takes an approver away; the access key is refused from then on.
    Delete(NameArguments),
    /// Lists the approvers.
    List,
}

#[derive(Args)]
struct NameArguments {
    /// 1 to 64 letters, digits and `+=,.@_-`.
    #[arg(value_name = "NAME")]
    name: String,
}

pub(super) fn run(arguments: ApproverArguments) -> Result<(), Failure> {
    let command = arguments.command;
    session::run(&arguments.server, async |session| match command {
        ApproverCommand::Create(arguments) => create(session, &arguments.name).await,
        ApproverCommand::Delete(arguments) => delete(session, &arguments.name).await,
        ApproverCommand::List => list(session).await,
    })
}

/// A new approver.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Created {
    user_name: String,
    access_key_id: String,
    #[serde(deserialize_with = "sensitive")]
    secret_access_key: Sensitive<String>,
}

fn sensitive<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Sensitive<String>, D::Error> {
    String::deserialize(deserializer).map(Sensitive::new)
}

async fn create(session: &mut Session, name: &str) -> Result<(), Failure> {
    let answer = session.client.call("Keywheel.CreateApprover", &json!({ "UserName": name })).await?;
    if session.json {
        return session.say(answer.text()?);
    }
    let settings = session.client.settings();
    let lines = lines_to_paste(&answer.read()?, &settings.region, &settings.endpoint.to_string());
    session.say(lines.expose())
}

/// A comment, and what a shell takes.
fn lines_to_paste(created: &Created, region: &str, endpoint: &str) -> Sensitive<String> {
    Sensitive::new(format!(
        "# The access key of the approver {}. Its secret is shown this once; keep it.\n\
         export AWS_ACCESS_KEY_ID={}\n\
         export AWS_SECRET_ACCESS_KEY={}\n\
         export AWS_DEFAULT_REGION={region}\n\
         export AWS_ENDPOINT_URL_SECRETS_MANAGER={endpoint}",
        plain(&created.user_name),
        quoted(&created.access_key_id),
        quoted(created.secret_access_key.expose()),
    ))
}

/// As a shell takes it; in quotes only where that is needed.
fn quoted(text: &str) -> String {
    let is_simple = |byte: u8| byte.is_ascii_alphanumeric() || b"/+=_.-".contains(&byte);
    if text.bytes().all(is_simple) { text.to_owned() } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Deleted {
    user_name: String,
}

async fn delete(session: &mut Session, name: &str) -> Result<(), Failure> {
    let tell = |deleted: &Deleted, _: Timestamp| {
        plain(&format!("{}: deleted, the access key is refused from now on", deleted.user_name))
    };
    session.show("Keywheel.DeleteApprover", json!({ "UserName": name }), tell).await
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Approver {
    user_name: String,
    arn: String,
    access_key_id: Option<String>,
    created_date: Moment,
}

async fn list(session: &mut Session) -> Result<(), Failure> {
    session.show_list("Keywheel.ListApprovers", "Approvers", json!({}), tell_list).await
}

fn tell_list(approvers: &[Approver], now: Timestamp) -> String {
    if approvers.is_empty() {
        return "no approvers: `keywheel approver create` makes one".to_owned();
    }
    let row = |approver: &Approver| {
        [
            approver.user_name.clone(),
            approver.access_key_id.clone().unwrap_or_else(|| "none".to_owned()),
            approver.created_date.beside(now),
            approver.arn.clone(),
        ]
    };
    let rows: Vec<_> = approvers.iter().map(row).collect();
    table(["NAME", "ACCESS KEY", "CREATED", "ARN"], &rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_shown_as_lines_to_paste() {
        let wire =
            json!({ "UserName": "ann", "Arn": "arn", "AccessKeyId": "AKIA1", "SecretAccessKey": "a/b+c'd" });
        let created: Created = serde_json::from_value(wire).unwrap();
        let expected = r"# The access key of the approver ann. Its secret is shown this once; keep it.
export AWS_ACCESS_KEY_ID=AKIA1
export AWS_SECRET_ACCESS_KEY='a/b+c'\''d'
export AWS_DEFAULT_REGION=us-east-1
export AWS_ENDPOINT_URL_SECRETS_MANAGER=http://a:1";
        assert_eq!(lines_to_paste(&created, "us-east-1", "http://a:1").expose(), expected);
    }
}
