//! `keywheel rotation`: looks at rotations, starts them, and does what an operator needs at three in the
//! morning.

mod describe;
mod list;
mod policy;
mod preview;
mod start;
mod verbs;
mod wait;

use clap::{Args, Subcommand};

use self::verbs::Verb;
use super::Failure;
use super::session::{self, ServerArguments, Session};

/// Arguments of `keywheel rotation`.
#[derive(Args)]
pub(super) struct RotationArguments {
    #[command(flatten)]
    server: ServerArguments,
    #[command(subcommand)]
    command: RotationCommand,
}

#[derive(Subcommand)]
enum RotationCommand {
    /// Lists the unfinished rotations, or all that are known of one secret.
    List(list::ListArguments),
    /// Tells where a rotation stands, or how it ended.
    Describe(describe::DescribeArguments),
    /// Starts a rotation of a secret that has a rotation function.
    Start(start::StartArguments),
    /// Goes on at once with a rotation that waits for attention, a back-off or a window.
    Retry(VerbArguments),
    /// Ends the rotation that runs, and turns the schedule of the secret off.
    Cancel(SecretArguments),
    /// Undoes an unfinished rotation, or brings the previous value back, in the target too.
    RollBack(VerbArguments),
    /// Leaves the next scheduled rotation out.
    Skip(SecretArguments),
    /// Asks the target whether it takes the current value.
    Verify(VerbArguments),
    /// Makes the target take the current value again.
    Reconcile(VerbArguments),
    /// Tries what a rotation would do without changing the target.
    DryRun(VerbArguments),
    /// Tells when a secret rotates next.
    Preview(SecretArguments),
    /// Reads or changes the rotation policy of a secret.
    #[command(subcommand)]
    Policy(policy::PolicyCommand),
}

/// A secret.
#[derive(Args)]
struct SecretArguments {
    /// Name or ARN of the secret.
    #[arg(value_name = "SECRET")]
    secret: String,
}

/// A secret, and whether to wait.
#[derive(Args)]
struct VerbArguments {
    /// Name or ARN of the secret.
    #[arg(value_name = "SECRET")]
    secret: String,
    /// Wait for the end, and exit with 1 if it is no success.
    #[arg(long)]
    wait: bool,
}

pub(super) fn run(arguments: RotationArguments) -> Result<(), Failure> {
    let command = arguments.command;
    session::run(&arguments.server, async |session| command.run(session).await)
}

impl RotationCommand {
    async fn run(self, session: &mut Session) -> Result<(), Failure> {
        match self {
            Self::List(arguments) => list::run(session, arguments).await,
            Self::Describe(arguments) => describe::run(session, arguments).await,
            Self::Start(arguments) => start::run(session, arguments).await,
            Self::Retry(arguments) => verbs::run(session, Verb::Retry, arguments).await,
            Self::Cancel(arguments) => verbs::cancel(session, arguments).await,
            Self::RollBack(arguments) => verbs::run(session, Verb::RollBack, arguments).await,
            Self::Skip(arguments) => verbs::skip(session, arguments).await,
            Self::Verify(arguments) => verbs::run(session, Verb::Verify, arguments).await,
            Self::Reconcile(arguments) => verbs::run(session, Verb::Reconcile, arguments).await,
            Self::DryRun(arguments) => verbs::run(session, Verb::DryRun, arguments).await,
            Self::Preview(arguments) => preview::run(session, arguments).await,
            Self::Policy(command) => policy::run(session, command).await,
        }
    }
}
