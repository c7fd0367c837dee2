//! `keywheel policy`: what policies decide, and why.

use clap::{Args, Subcommand};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::Failure;
use super::session::{self, ServerArguments, Session};
use super::table::table;

/// Arguments of `keywheel policy`.
#[derive(Args)]
pub(super) struct PolicyArguments {
    #[command(flatten)]
    server: ServerArguments,
    #[command(subcommand)]
    command: PolicyCommand,
}

#[derive(Subcommand)]
enum PolicyCommand {
    /// Tells what would become of a request, which statement decides, and why the others do not match.
    Simulate(SimulateArguments),
}

#[derive(Args)]
struct SimulateArguments {
    /// ARN of a user or a role.
    #[arg(value_name = "PRINCIPAL")]
    principal: String,
    /// Such as secretsmanager:GetSecretValue.
    #[arg(value_name = "ACTION")]
    action: String,
    /// An ARN [default: *].
    #[arg(value_name = "RESOURCE")]
    resource: Option<String>,
    /// A condition key and its value, such as aws:SourceIp=192.0.2.7; may be repeated.
    #[arg(long, value_name = "KEY=VALUE", value_parser = pair)]
    context: Vec<(String, String)>,
}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if key.contains(':') => Ok((key.to_owned(), value.to_owned())),
        _ => Err("a condition key and its value, such as aws:SourceIp=192.0.2.7".to_owned()),
    }
}

pub(super) fn run(arguments: PolicyArguments) -> Result<(), Failure> {
    let PolicyCommand::Simulate(asked) = arguments.command;
    session::run(&arguments.server, async |session| simulate(session, asked).await)
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Simulated {
    decision: String,
    reason: String,
    statements: Vec<Statement>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Statement {
    layer: String,
    policy: String,
    number: usize,
    sid: Option<String>,
    effect: String,
    decides: bool,
    mismatch: Option<String>,
}

async fn simulate(session: &mut Session, asked: SimulateArguments) -> Result<(), Failure> {
    let context: Map<String, Value> =
        asked.context.into_iter().map(|(key, value)| (key, value.into())).collect();
    let members = json!({
        "Principal": asked.principal,
        "Action": asked.action,
        "Resource": asked.resource.unwrap_or_else(|| "*".to_owned()),
        "Context": context,
    });
    session.show("Keywheel.SimulatePolicy", members, |found: &Simulated, _| told(found)).await
}

fn told(found: &Simulated) -> String {
    let rows = found.statements.iter().map(|statement| {
        let name = statement.sid.as_ref().map(|sid| format!(" ({sid})")).unwrap_or_default();
        let outcome = match &statement.mismatch {
            _ if statement.decides => "decides".to_owned(),
            None => "matches".to_owned(),
            Some(element) => format!("other {element}"),
        };
        let number = format!("{}{name}", statement.number);
        [statement.effect.clone(), outcome, statement.layer.clone(), statement.policy.clone(), number]
    });
    let rows: Vec<[String; 5]> = rows.collect();
    let head = format!("{}: {}", found.decision, found.reason);
    if rows.is_empty() {
        return format!("{head}\nNo policy bears on it.");
    }
    format!("{head}\n{}", table(["EFFECT", "OUTCOME", "KIND", "POLICY", "STATEMENT"], &rows))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decision_is_told_with_what_each_statement_says() {
        let statement = |policy: &str, sid: Option<&str>, mismatch: Option<&str>| Statement {
            layer: "identity-based policy".to_owned(),
            policy: policy.to_owned(),
            number: 1,
            sid: sid.map(str::to_owned),
            effect: "Allow".to_owned(),
            decides: mismatch.is_none(),
            mismatch: mismatch.map(str::to_owned),
        };
        let mut found = Simulated {
            decision: "allowed".to_owned(),
            reason: "by a statement of an identity-based policy".to_owned(),
            statements: vec![statement("Read", Some("All"), None), statement("Other", None, Some("Action"))],
        };
        let expected = "allowed: by a statement of an identity-based policy\n\
                        EFFECT  OUTCOME       KIND                   POLICY  STATEMENT\n\
                        Allow   decides       identity-based policy  Read    1 (All)\n\
                        Allow   other Action  identity-based policy  Other   1";
        assert_eq!(told(&found), expected);
        found.statements.clear();
        assert!(told(&found).ends_with("\nNo policy bears on it."));
    }

    #[test]
    fn a_context_is_a_key_and_its_value() {
        assert_eq!(pair("aws:SourceIp=::1"), Ok(("aws:SourceIp".to_owned(), "::1".to_owned())));
        assert!(pair("SourceIp=1").is_err() && pair("aws:SourceIp").is_err());
    }
}
