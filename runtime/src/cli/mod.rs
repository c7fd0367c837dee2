//! The command line: one file per subcommand.
//!
//! Errors are one line on standard error that says what to do. Exit codes: 0 done, 1 failed, 2 wrong
//! usage. Nothing secret is ever taken from the command line, where every user of the machine sees it.

mod approval;
mod approver;
mod audit;
mod client;
mod events;
mod function;
mod log;
mod moment;
mod policy;
mod progress;
mod rotation;
mod serve;
mod session;
mod table;
mod version;
mod webhook;

use std::ffi::OsString;
use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{Parser, Subcommand};

/// A secrets manager that rotates, speaking the protocol of AWS Secrets Manager.
#[derive(Parser)]
#[command(name = "keywheel", version, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Lists what waits for approval, and answers it.
    Approval(approval::ApprovalArguments),
    /// Makes and removes people who may approve.
    Approver(approver::ApproverArguments),
    /// Reads the audit log of a server that is stopped.
    Audit(audit::AuditArguments),
    /// Prints what was done, one event a line.
    Events(events::EventsArguments),
    /// Makes, checks, deploys and runs rotation functions.
    Function(function::FunctionArguments),
    /// Tells what policies decide, and why.
    Policy(policy::PolicyArguments),
    /// Looks at rotations, and acts on them.
    Rotation(rotation::RotationArguments),
    /// Runs the server until it is told to stop (SIGINT or SIGTERM).
    Serve(serve::ServeArguments),
    /// Prints the version.
    Version,
    /// Makes, removes and lists HTTP endpoints that are told what was done.
    Webhook(webhook::WebhookArguments),
}

impl Command {
    fn run(self) -> Result<(), Failure> {
        match self {
            Self::Approval(arguments) => approval::run(arguments),
            Self::Approver(arguments) => approver::run(arguments),
            Self::Audit(arguments) => audit::run(arguments),
            Self::Events(arguments) => events::run(arguments),
            Self::Function(arguments) => function::run(arguments),
            Self::Policy(arguments) => policy::run(arguments),
            Self::Rotation(arguments) => rotation::run(arguments),
            Self::Serve(arguments) => serve::run(arguments),
            Self::Version => version::run(),
            Self::Webhook(arguments) => webhook::run(arguments),
        }
    }
}

/// Why a command did not do what it was asked to.
#[derive(Debug)]
enum Failure {
    /// It could not.
    Failed(anyhow::Error),
    /// It was asked in a way that makes no sense.
    Usage(anyhow::Error),
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::Failed(error)
    }
}

/// Runs the command that these arguments name; the first is the program.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let done = match Arguments::try_parse_from(arguments) {
        Ok(Arguments { command }) => command.run(),
        Err(error) => return refuse(&error),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Failed(error)) => complain(&format!("{error:#}"), 1),
        Err(Failure::Usage(error)) => complain(&format!("{error:#}"), 2),
    }
}

/// Prints help where it was asked for, and else what is wrong with the arguments.
fn refuse(error: &clap::Error) -> ExitCode {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            // Who closed the output does not want the help.
            let _ = write!(io::stdout(), "{error}");
            ExitCode::SUCCESS
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            let _ = write!(io::stderr(), "{error}");
            ExitCode::from(2)
        }
        _ => complain(&one_line(&error.to_string()), 2),
    }
}

/// The parser's text without its usage block, as one line.
fn one_line(text: &str) -> String {
    let complaint = text.split("\n\nUsage:").next().unwrap_or(text);
    let words: Vec<&str> = complaint.split_whitespace().collect();
    let line = words.join(" ");
    let line = line.strip_prefix("error: ").unwrap_or(&line);
    let line = line.split(" For more information,").next().unwrap_or(line);
    format!("{line} (keywheel help tells more)")
}

fn complain(line: &str, code: u8) -> ExitCode {
    let line = line.replace('\n', " ");
    // Without a standard error only the exit code is left to tell.
    let _ = writeln!(io::stderr(), "keywheel: {line}");
    ExitCode::from(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arguments_are_well_formed() {
        use clap::CommandFactory as _;
        Arguments::command().debug_assert();
    }

    #[test]
    fn a_complaint_is_one_line() {
        let check = |arguments: &[&str], line: &str| {
            let error = Arguments::try_parse_from(arguments).err().unwrap();
            assert_eq!(one_line(&error.to_string()), format!("{line} (keywheel help tells more)"));
        };
        check(&["keywheel", "serve"], "the following required arguments were not provided: --data <FOLDER>");
        check(
            &["keywheel", "serve", "--data"],
            "a value is required for '--data <FOLDER>' but none was supplied",
        );
        check(
            &["keywheel", "serv"],
            "unrecognized subcommand 'serv' tip: a similar subcommand exists: 'serve'",
        );
        check(
            &["keywheel", "serve", "--data", "x", "--passphrase", "hunter2"],
            "unexpected argument '--passphrase' found tip: a similar argument exists: '--passphrase-file'",
        );
    }
}
