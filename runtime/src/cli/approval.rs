//! `keywheel approval`: what waits for people, and their answers.

use clap::{Args, Subcommand};
use keywheel_domain::time::Timestamp;
use serde::Deserialize;
use serde_json::json;

use super::Failure;
use super::moment::Moment;
use super::session::{self, ServerArguments, Session, name_of};
use super::table::{fields, plain, table};

/// Arguments of `keywheel approval`.
#[derive(Args)]
pub(super) struct ApprovalArguments {
    #[command(flatten)]
    server: ServerArguments,
    #[command(subcommand)]
    command: ApprovalCommand,
}

#[derive(Subcommand)]
enum ApprovalCommand {
    /// Lists the requests that nobody has settled.
    List,
    /// Tells everything about a request but the value.
    Describe(DescribeArguments),
    /// Agrees to what a request asks.
    Approve(ApproveArguments),
    /// Refuses what a request asks, which gives the rotation up.
    Reject(RejectArguments),
}

#[derive(Args)]
struct DescribeArguments {
    /// From `keywheel approval list`.
    #[arg(value_name = "ID")]
    id: String,
}

#[derive(Args)]
struct ApproveArguments {
    /// From `keywheel approval list`.
    #[arg(value_name = "ID")]
    id: String,
    /// For the record.
    #[arg(long, value_name = "TEXT")]
    comment: Option<String>,
}

#[derive(Args)]
struct RejectArguments {
    /// From `keywheel approval list`.
    #[arg(value_name = "ID")]
    id: String,
    /// Why; for the record.
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

pub(super) fn run(arguments: ApprovalArguments) -> Result<(), Failure> {
    let command = arguments.command;
    session::run(&arguments.server, async |session| match command {
        ApprovalCommand::List => list(session).await,
        ApprovalCommand::Describe(arguments) => describe(session, arguments).await,
        ApprovalCommand::Approve(arguments) => approve(session, arguments).await,
        ApprovalCommand::Reject(arguments) => reject(session, arguments).await,
    })
}

/// A request for approval.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Approval {
    approval_id: String,
    #[serde(rename = "SecretARN")]
    secret_arn: String,
    client_request_token: String,
    purpose: String,
    step: String,
    asked_by: String,
    requested_by: String,
    count: u32,
    agreed: u32,
    summary: Option<String>,
    since: Moment,
    until: Moment,
}

async fn list(session: &mut Session) -> Result<(), Failure> {
    session.show_list("Keywheel.ListApprovals", "Approvals", json!({}), tell_list).await
}

fn tell_list(approvals: &[Approval], now: Timestamp) -> String {
    if approvals.is_empty() {
        return "nothing waits for approval".to_owned();
    }
    let row = |approval: &Approval| {
        [
            approval.approval_id.clone(),
            name_of(&approval.secret_arn),
            approval.purpose.clone(),
            approval.step.clone(),
            format!("{} of {}", approval.agreed, approval.count),
            approval.until.beside(now),
            approval.requested_by.clone(),
        ]
    };
    let rows: Vec<_> = approvals.iter().map(row).collect();
    table(["ID", "SECRET", "PURPOSE", "BEFORE", "AGREED", "EXPIRES", "REQUESTED BY"], &rows)
}

/// All that a person has to know to answer.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Description {
    #[serde(flatten)]
    approval: Approval,
    secret_name: String,
    #[serde(rename = "RotationLambdaARN")]
    function_arn: String,
    digest: String,
    target: Option<String>,
    changed_keys: Option<Vec<String>>,
    approvers: Vec<String>,
    given: Vec<Given>,
    log: Vec<String>,
}

/// Somebody agreed.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Given {
    by: String,
    at: Moment,
    comment: Option<String>,
}

async fn describe(session: &mut Session, arguments: DescribeArguments) -> Result<(), Failure> {
    session.show("Keywheel.DescribeApproval", json!({ "ApprovalId": arguments.id }), tell).await
}

fn tell(description: &Description, now: Timestamp) -> String {
    let Description { approval, .. } = description;
    let changed = match &description.changed_keys {
        None => "not known yet".to_owned(),
        Some(keys) if keys.is_empty() => "nothing".to_owned(),
        Some(keys) => keys.join(", "),
    };
    let mut parts = vec![fields(&[
        ("approval", approval.approval_id.clone()),
        ("secret", description.secret_name.clone()),
        ("token", approval.client_request_token.clone()),
        ("purpose", approval.purpose.clone()),
        ("before", approval.step.clone()),
        ("agreed", format!("{} of {}", approval.agreed, approval.count)),
        ("since", approval.since.beside(now)),
        ("expires", approval.until.beside(now)),
        ("requested by", approval.requested_by.clone()),
        ("asked by", format!("the {}", approval.asked_by.to_lowercase())),
        ("summary", approval.summary.clone().unwrap_or_default()),
        ("changes", changed),
        ("target", description.target.clone().unwrap_or_default()),
        ("function", description.function_arn.clone()),
        ("digest", description.digest.clone()),
        ("approvers", description.approvers.join(", ")),
    ])];
    if !description.given.is_empty() {
        let row = |given: &Given| {
            [given.by.clone(), given.at.beside(now), given.comment.clone().unwrap_or_default()]
        };
        let rows: Vec<_> = description.given.iter().map(row).collect();
        parts.push(table(["AGREED", "WHEN", "COMMENT"], &rows));
    }
    if !description.log.is_empty() {
        let lines = description.log.iter().map(|line| format!("  {}", plain(line)));
        parts.push(std::iter::once("log".to_owned()).chain(lines).collect::<Vec<_>>().join("\n"));
    }
    parts.join("\n\n")
}

/// What an approval came to.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Approved {
    #[serde(rename = "SecretARN")]
    secret_arn: String,
    wanting: u32,
}

async fn approve(session: &mut Session, arguments: ApproveArguments) -> Result<(), Failure> {
    let members = json!({ "ApprovalId": arguments.id, "Comment": arguments.comment });
    let tell = |approved: &Approved, _: Timestamp| {
        let name = name_of(&approved.secret_arn);
        plain(&match approved.wanting {
            0 => format!("{name}: approved, the rotation goes on"),
            1 => format!("{name}: noted, 1 more has to agree"),
            wanting => format!("{name}: noted, {wanting} more have to agree"),
        })
    };
    session.show("Keywheel.Approve", members, tell).await
}

/// The job that was given up.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Rejected {
    name: String,
    state: String,
}

async fn reject(session: &mut Session, arguments: RejectArguments) -> Result<(), Failure> {
    let members = json!({ "ApprovalId": arguments.id, "Reason": arguments.reason });
    let tell = |rejected: &Rejected, _: Timestamp| {
        let Rejected { name, state } = rejected;
        plain(&match state.as_str() {
            "Rejected" => format!("{name}: rejected, the target was not touched"),
            state => format!("{name}: rejected, and rolled back from here ({state})"),
        })
    };
    session.show("Keywheel.Reject", members, tell).await
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_763_899_200_000);

    fn wire() -> serde_json::Value {
        json!({
            "ApprovalId": "0123abcd", "SecretARN": "arn:aws:secretsmanager:us-east-1:123456789012:secret:prod/Db-AbCdEf",
            "ClientRequestToken": "token", "Purpose": "Rotate", "Step": "setSecret", "AskedBy": "Policy",
            "RequestedBy": "root", "Count": 2, "Agreed": 1, "Since": 1_763_899_140, "Until": 1_763_985_540.5,
        })
    }

    #[test]
    fn a_request_is_a_row() {
        let approvals = vec![serde_json::from_value(wire()).unwrap()];
        let expected = "\
ID        SECRET   PURPOSE  BEFORE     AGREED  EXPIRES                         REQUESTED BY
0123abcd  prod/Db  Rotate   setSecret  1 of 2  2025-11-24T11:59:00Z (in 23 h)  root";
        assert_eq!(tell_list(&approvals, NOW), expected);
        assert_eq!(tell_list(&[], NOW), "nothing waits for approval");
    }

    #[test]
    fn a_request_is_told_in_full() {
        let mut wire = wire();
        let more = json!({
            "SecretName": "prod/Db", "RotationLambdaARN": "function", "Digest": "abcd", "Target": "db:5432",
            "ChangedKeys": ["password"], "Approvers": ["*/ann", "*/ben"], "Log": ["one\ttwo"],
            "Given": [{ "By": "ann", "At": 1_763_899_195, "Comment": "fine" }],
        });
        wire.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let expected = "\
approval      0123abcd
secret        prod/Db
token         token
purpose       Rotate
before        setSecret
agreed        1 of 2
since         2025-11-23T11:59:00Z (60 s ago)
expires       2025-11-24T11:59:00Z (in 23 h)
requested by  root
asked by      the policy
changes       password
target        db:5432
function      function
digest        abcd
approvers     */ann, */ben

AGREED  WHEN                            COMMENT
ann     2025-11-23T11:59:55Z (5 s ago)  fine

log
  one two";
        assert_eq!(tell(&serde_json::from_value(wire).unwrap(), NOW), expected);
    }
}
