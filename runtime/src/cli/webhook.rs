//! `keywheel webhook`: HTTP endpoints that are told what was done.

use clap::{Args, Subcommand};
use keywheel_domain::sensitive::Sensitive;
use keywheel_domain::time::Timestamp;
use serde::{Deserialize, Deserializer};
use serde_json::json;

use super::Failure;
use super::moment::Moment;
use super::session::{self, ServerArguments, Session};
use super::table::{plain, table};

/// Arguments of `keywheel webhook`.
#[derive(Args)]
pub(super) struct WebhookArguments {
    #[command(flatten)]
    server: ServerArguments,
    #[command(subcommand)]
    command: WebhookCommand,
}

#[derive(Subcommand)]
enum WebhookCommand {
    /// Makes a webhook, or sets all of one but its place among the events. A new signing secret is shown this once.
    Put(PutArguments),
    /// Takes a webhook away.
    Delete(NameArguments),
    /// Lists the webhooks and how their last deliveries went.
    List,
}

#[derive(Args)]
struct PutArguments {
    #[command(flatten)]
    webhook: NameArguments,
    /// Where events go: https://, or http:// to this machine.
    #[arg(value_name = "URL")]
    url: String,
    /// Only events of this name; may be given several times [default: all events].
    #[arg(long = "event", value_name = "NAME")]
    events: Vec<String>,
    /// Keep the webhook, and deliver nothing.
    #[arg(long)]
    disabled: bool,
    /// Sign with a new secret from now on.
    #[arg(long)]
    rotate_signing_secret: bool,
}

#[derive(Args)]
struct NameArguments {
    /// 1 to 64 letters, digits and `_.-`.
    #[arg(value_name = "NAME")]
    name: String,
}

pub(super) fn run(arguments: WebhookArguments) -> Result<(), Failure> {
    let command = arguments.command;
    session::run(&arguments.server, async |session| match command {
        WebhookCommand::Put(arguments) => put(session, arguments).await,
        WebhookCommand::Delete(arguments) => delete(session, &arguments.name).await,
        WebhookCommand::List => list(session).await,
    })
}

/// What a webhook has become.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Put {
    name: String,
    url: String,
    #[serde(default, deserialize_with = "sensitive")]
    signing_secret: Option<Sensitive<String>>,
    from_event_id: u64,
}

fn sensitive<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Sensitive<String>>, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.map(Sensitive::new))
}

async fn put(session: &mut Session, arguments: PutArguments) -> Result<(), Failure> {
    let PutArguments { webhook, url, events, disabled, rotate_signing_secret } = arguments;
    let mut members = json!({ "Name": webhook.name, "Url": url, "Enabled": !disabled });
    if !events.is_empty() {
        members["Events"] = events.into();
    }
    if rotate_signing_secret {
        members["RotateSigningSecret"] = true.into();
    }
    let answer = session.client.call("Keywheel.PutWebhook", &members).await?;
    if session.json {
        return session.say(answer.text()?);
    }
    session.say(told(&answer.read()?, disabled).expose())
}

fn told(put: &Put, disabled: bool) -> Sensitive<String> {
    let goes_on = match disabled {
        true => "disabled".to_owned(),
        false => format!("told of what comes from event {} on", put.from_event_id),
    };
    let line = plain(&format!("{}: {goes_on}, at {}", put.name, put.url));
    let secret = put
        .signing_secret
        .as_ref()
        .map(|secret| format!("\nsigning secret, shown this once: {}", plain(secret.expose())));
    Sensitive::new(format!("{line}{}", secret.unwrap_or_default()))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Deleted {
    name: String,
}

async fn delete(session: &mut Session, name: &str) -> Result<(), Failure> {
    let tell = |deleted: &Deleted, _: Timestamp| plain(&format!("{}: deleted", deleted.name));
    session.show("Keywheel.DeleteWebhook", json!({ "Name": name }), tell).await
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Webhook {
    name: String,
    url: String,
    enabled: bool,
    last_event_id: u64,
    last_try_date: Option<Moment>,
    last_status: Option<u16>,
    last_error: Option<String>,
    failures_in_a_row: u32,
}

async fn list(session: &mut Session) -> Result<(), Failure> {
    session.show_list("Keywheel.ListWebhooks", "Webhooks", json!({}), tell_list).await
}

fn tell_list(webhooks: &[Webhook], now: Timestamp) -> String {
    if webhooks.is_empty() {
        return "no webhooks: `keywheel webhook put` makes one".to_owned();
    }
    let row = |webhook: &Webhook| {
        [
            webhook.name.clone(),
            webhook.last_event_id.to_string(),
            webhook.last_try_date.as_ref().map_or_else(|| "-".to_owned(), |moment| moment.beside(now)),
            webhook.url.clone(),
            state(webhook),
        ]
    };
    let rows: Vec<_> = webhooks.iter().map(row).collect();
    table(["NAME", "LAST EVENT", "LAST TRY", "URL", "STATE"], &rows)
}

/// How the last delivery went, in a few words.
fn state(webhook: &Webhook) -> String {
    if !webhook.enabled {
        return "disabled".to_owned();
    }
    if webhook.failures_in_a_row == 0 {
        return if webhook.last_try_date.is_some() { "delivered" } else { "new" }.to_owned();
    }
    let why = webhook.last_status.map(|status| status.to_string()).or_else(|| webhook.last_error.clone());
    let (count, why) = (webhook.failures_in_a_row, why.unwrap_or_default());
    if count == 1 { format!("failed: {why}") } else { format!("failed {count} times: {why}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signing_secret_is_shown_where_there_is_a_new_one() {
        let check = |secret: Option<&str>, disabled, expected: &str| {
            let mut wire = json!({ "Name": "ops", "Url": "https://h/", "FromEventId": 7 });
            if let Some(secret) = secret {
                wire["SigningSecret"] = secret.into();
            }
            let put: Put = serde_json::from_value(wire).unwrap();
            assert_eq!(told(&put, disabled).expose(), expected);
        };
        check(None, false, "ops: told of what comes from event 7 on, at https://h/");
        check(Some("whs-1"), true, "ops: disabled, at https://h/\nsigning secret, shown this once: whs-1");
    }

    #[test]
    fn a_webhook_that_fails_says_why() {
        let check = |members: serde_json::Value, expected: &str| {
            let mut wire = json!({
                "Name": "ops", "Url": "https://h/", "Enabled": true, "LastEventId": 7, "FailuresInARow": 0,
            });
            wire.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
            assert_eq!(state(&serde_json::from_value(wire).unwrap()), expected);
        };
        check(json!({}), "new");
        check(json!({ "LastTryDate": 1_763_899_200 }), "delivered");
        check(json!({ "Enabled": false, "FailuresInARow": 2 }), "disabled");
        check(json!({ "FailuresInARow": 2, "LastStatus": 500 }), "failed 2 times: 500");
        check(json!({ "FailuresInARow": 1, "LastError": "no connection" }), "failed: no connection");
    }
}
