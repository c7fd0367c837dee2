//! `keywheel audit`: reads the audit log of a data folder whose server is stopped.
//!
//! The store is opened for reading and stays as it is. No root key is needed: rows hold no value.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
use clap::{Args, Subcommand};

use super::Failure;
use super::table::plain;
use crate::audit::trail::{self, Found};
use crate::audit::{self, AuditRow, VerifyError};
use crate::config::STORE_FILE;
use crate::store::{Head, OpenError, RedbStore};

/// Rows that are read at once.
const PAGE_ROWS: usize = 1000;

/// Arguments of `keywheel audit`.
#[derive(Args)]
pub(super) struct AuditArguments {
    #[command(subcommand)]
    command: AuditCommand,
}

#[derive(Subcommand)]
enum AuditCommand {
    /// Checks that no row of the audit log was changed, removed or reordered.
    Verify(VerifyArguments),
    /// Prints the rows of the audit log.
    List(ListArguments),
    /// Prints the calls of the API, reads and refusals too, the latest first in each region.
    Calls(CallsArguments),
}

#[derive(Args)]
struct VerifyArguments {
    /// The data folder; its server must be stopped.
    #[arg(long, value_name = "FOLDER")]
    data: PathBuf,
    /// A number and a hash that were printed before: they must still be in the log.
    #[arg(long, value_name = "NUMBER HASH")]
    expect: Option<Head>,
}

#[derive(Args)]
struct ListArguments {
    /// The data folder; its server must be stopped.
    #[arg(long, value_name = "FOLDER")]
    data: PathBuf,
    /// The first row to print.
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    from: u64,
    /// Print each row as a line of JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
struct CallsArguments {
    /// The data folder; its server must be stopped.
    #[arg(long, value_name = "FOLDER")]
    data: PathBuf,
    /// Print each call as a line of JSON, in the shape of a CloudTrail event.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: AuditArguments) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().context("out of resources")?;
    let mut output = io::stdout().lock();
    runtime.block_on(async {
        match arguments.command {
            AuditCommand::Verify(arguments) => verify(&arguments, &mut output).await,
            AuditCommand::List(arguments) => list(&arguments, &mut output).await,
            AuditCommand::Calls(arguments) => calls(&arguments, &mut output).await,
        }
    })?;
    Ok(output.flush().context(OUTPUT_CLOSED)?)
}

const OUTPUT_CLOSED: &str = "standard output is closed";

async fn verify(arguments: &VerifyArguments, output: &mut impl io::Write) -> anyhow::Result<()> {
    let store = open(&arguments.data)?;
    let verified = audit::verify(&store, 1, arguments.expect).await.map_err(|error| match error {
        VerifyError::Store(error) => anyhow::Error::new(error),
        wrong => anyhow::Error::new(wrong).context(format!(
            "the audit log in `{}` is not what was written; keep a copy of the folder",
            arguments.data.display()
        )),
    })?;
    // The head on a line of its own, as `--expect` takes it.
    writeln!(output, "{} rows checked\n{}", verified.rows, verified.head).context(OUTPUT_CLOSED)
}

async fn list(arguments: &ListArguments, output: &mut impl io::Write) -> anyhow::Result<()> {
    let store = open(&arguments.data)?;
    let mut from = arguments.from.max(1);
    loop {
        let page = audit::read(&store, from, PAGE_ROWS).await?;
        if page.next == from {
            return Ok(());
        }
        from = page.next;
        for (number, row) in page.rows {
            let line = if arguments.json { json_of(number, row)? } else { line_of(number, &row) };
            writeln!(output, "{line}").context(OUTPUT_CLOSED)?;
        }
    }
}

async fn calls(arguments: &CallsArguments, output: &mut impl io::Write) -> anyhow::Result<()> {
    let store = open(&arguments.data)?;
    let mut after = None;
    loop {
        let page = trail::all_calls(&store, after).await?;
        for found in page.calls {
            let line =
                if arguments.json { found.call.event(found.at, &found.region) } else { line_of_call(&found) };
            writeln!(output, "{line}").context(OUTPUT_CLOSED)?;
        }
        after = page.next;
        if after.is_none() {
            return Ok(());
        }
    }
}

fn line_of_call(Found { region, at, call, .. }: &Found) -> String {
    let ended = call.error_code.as_deref().unwrap_or("OK");
    let named = call.resource().map_or("-", |(_, name)| name);
    let (name, from) = (&call.event_name, &call.source_ip_address);
    let line = format!(
        "{at}  {region:<14}  {name:<24}  {ended:<28}  {from:<15}  {named}  {}",
        call.user_identity.arn
    );
    plain(&line)
}

fn json_of(number: u64, row: AuditRow) -> anyhow::Result<String> {
    serde_json::to_string(&row.into_event(number)).context("a row cannot be written as JSON")
}

/// Columns of which the last ones may be of any length.
fn line_of(number: u64, row: &AuditRow) -> String {
    let AuditRow { at, event, caller, secret_arn, version_id, detail } = row;
    let version_id = version_id.as_deref().unwrap_or("-");
    let line = format!("{number:>8}  {at}  {event:<24}  {version_id:<36}  {secret_arn}  {caller}");
    let line = match detail {
        Some(detail) => format!("{line}  {detail}"),
        None => line,
    };
    plain(&line)
}

fn open(folder: &Path) -> anyhow::Result<RedbStore> {
    let file = folder.join(STORE_FILE);
    RedbStore::open_for_reading(&file).map_err(|error| match error {
        OpenError::InUse => {
            anyhow!("the data folder `{}` is in use: stop its server first", folder.display())
        }
        OpenError::Io(source) if source.kind() == io::ErrorKind::NotFound => {
            anyhow!("`{}` holds no store: give a data folder by --data", folder.display())
        }
        error => anyhow::Error::new(error).context(format!("`{}` could not be opened", file.display())),
    })
}

#[cfg(test)]
mod tests {
    use keywheel_domain::time::Timestamp;

    use super::*;
    use crate::store::{Batch, Store as _};

    fn row(event: &str) -> AuditRow {
        AuditRow {
            at: Timestamp::from_millis(1_763_899_200_000),
            event: event.to_owned(),
            caller: "arn:aws:iam::123456789012:root".to_owned(),
            secret_arn: "arn:aws:secretsmanager:us-east-1:123456789012:secret:app-AbCdEf".to_owned(),
            version_id: None,
            detail: Some("two\nlines".to_owned()),
        }
    }

    async fn folder_with(events: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let store = RedbStore::open(folder.path().join(STORE_FILE)).unwrap();
        for event in events {
            store.commit(Batch::new().append(audit::log(), row(event).to_bytes())).await.unwrap();
        }
        folder
    }

    async fn listed(folder: &Path, from: u64, json: bool) -> String {
        let mut output = Vec::new();
        list(&ListArguments { data: folder.to_owned(), from, json }, &mut output).await.unwrap();
        String::from_utf8(output).unwrap()
    }

    async fn verified(folder: &Path, expect: Option<&str>) -> Result<String, String> {
        let expect = expect.map(|head| head.parse().unwrap());
        let mut output = Vec::new();
        let done = verify(&VerifyArguments { data: folder.to_owned(), expect }, &mut output).await;
        done.map(|()| String::from_utf8(output).unwrap()).map_err(|error| format!("{error:#}"))
    }

    #[tokio::test]
    async fn rows_are_listed_one_to_a_line() {
        let folder = folder_with(&["CreateSecret", "PutSecretValue"]).await;
        let line = "       2  2025-11-23T12:00:00.000Z  PutSecretValue            -                                     \
                    arn:aws:secretsmanager:us-east-1:123456789012:secret:app-AbCdEf  \
                    arn:aws:iam::123456789012:root  two lines\n";
        assert_eq!(listed(folder.path(), 2, false).await, line);
        assert_eq!(listed(folder.path(), 0, false).await.lines().count(), 2);
        assert_eq!(listed(folder.path(), 3, false).await, "");
        let json: serde_json::Value = serde_json::from_str(&listed(folder.path(), 2, true).await).unwrap();
        assert_eq!((&json["EventId"], &json["Detail"]), (&2.into(), &"two\nlines".into()));
    }

    #[tokio::test]
    async fn a_head_that_was_noted_must_still_be_there() {
        let folder = folder_with(&["CreateSecret"]).await;
        let told = verified(folder.path(), None).await.unwrap();
        let noted = told.lines().last().unwrap();
        assert!(told.starts_with("1 rows checked\n1 "), "{told}");
        assert_eq!(verified(folder.path(), Some(noted)).await.unwrap(), told);
        let other = folder_with(&["DeleteSecret", "CreateSecret"]).await;
        let error = verified(other.path(), Some(noted)).await.unwrap_err();
        assert!(
            error.ends_with("row 1 or one before it was changed, and the chain was written anew"),
            "{error}"
        );
    }

    #[tokio::test]
    async fn what_cannot_be_opened_says_what_to_do() {
        let empty = tempfile::tempdir().unwrap();
        let error = verified(empty.path(), None).await.unwrap_err();
        assert!(error.ends_with("holds no store: give a data folder by --data"), "{error}");
        assert!(empty.path().read_dir().unwrap().next().is_none(), "nothing was made");
        let folder = folder_with(&[]).await;
        let _server = RedbStore::open(folder.path().join(STORE_FILE)).unwrap();
        let error = verified(folder.path(), None).await.unwrap_err();
        assert!(error.ends_with("is in use: stop its server first"), "{error}");
    }
}
