//! `keywheel function`: what authors of rotation functions need, from an empty folder to a component, and what
//! operators need, from a component to a function that secrets name.

mod against;
mod build;
mod check;
mod component;
mod configuration;
mod delete;
mod deploy;
mod describe;
mod invoke;
mod list;
mod logs;
mod new;
mod project;
mod save;
mod secret;
mod test;

use clap::{Args, Subcommand};

use super::Failure;
use super::session::{self, ServerArguments};

/// Arguments of `keywheel function`.
#[derive(Args)]
pub(super) struct FunctionArguments {
    #[command(subcommand)]
    command: FunctionCommand,
}

/// Arguments of a command that asks a running server.
#[derive(Args)]
struct OnServer<A: Args> {
    #[command(flatten)]
    arguments: A,
    #[command(flatten)]
    server: ServerArguments,
}

#[derive(Subcommand)]
enum FunctionCommand {
    /// Makes a project to begin with.
    ///
    /// Writes a folder with the four steps, a test of them that runs natively, the SDK and a README. It builds as
    /// it is: the SDK is in the folder `vendor`, and everything else comes from the language's own registry.
    New(new::NewArguments),
    /// Builds the component of a project.
    ///
    /// Runs cargo, componentize-py or componentize-js, whichever the project is for, and puts the component into
    /// the project's folder. Says what to install when a tool is missing; installs nothing.
    Build(build::BuildArguments),
    /// Judges a component by the rules of the contract, in a rehearsal.
    ///
    /// Runs the function with a Secrets Manager in memory and a database or an HTTP service that is simulated:
    /// once as it should be, then each step twice, killed before and after each call of the host, with each call
    /// refused and each answer lost, and with values that it must not take. Exits with 1 when the function breaks a
    /// rule.
    Check(check::CheckArguments),
    /// Runs the four steps of a component and shows what each does.
    ///
    /// The secret is in memory. Its database or HTTP service is simulated, or the database is with --against a real
    /// one, whose password is then really changed: the new value is written to the file of --save before. Shows
    /// every call of the host, and no value. The environment adds KEYWHEEL_TARGET_PASSWORD, the password for --against.
    Test(test::TestArguments),
    /// Checks and deploys a component, publishes a version of it, and lets Secrets Manager invoke it.
    Deploy(OnServer<deploy::DeployArguments>),
    /// Lists the functions, those that come with Keywheel among them.
    List(ServerArguments),
    /// Tells all about a function.
    Describe(OnServer<describe::DescribeArguments>),
    /// Runs one step of a rotation by hand.
    Invoke(OnServer<invoke::InvokeArguments>),
    /// Prints what the last invocations logged.
    Logs(OnServer<logs::LogsArguments>),
    /// Deletes a function, unless secrets use it.
    Delete(OnServer<delete::DeleteArguments>),
}

pub(super) fn run(arguments: FunctionArguments) -> Result<(), Failure> {
    match arguments.command {
        FunctionCommand::New(arguments) => new::run(&arguments),
        FunctionCommand::Build(arguments) => build::run(&arguments),
        FunctionCommand::Check(arguments) => check::run(&arguments),
        FunctionCommand::Test(arguments) => test::run(&arguments),
        FunctionCommand::List(server) => session::run(&server, list::run),
        FunctionCommand::Deploy(OnServer { arguments, server }) => {
            session::run(&server, async |session| deploy::run(session, arguments).await)
        }
        FunctionCommand::Describe(OnServer { arguments, server }) => {
            session::run(&server, async |session| describe::run(session, arguments).await)
        }
        FunctionCommand::Invoke(OnServer { arguments, server }) => {
            session::run(&server, async |session| invoke::run(session, arguments).await)
        }
        FunctionCommand::Logs(OnServer { arguments, server }) => {
            session::run(&server, async |session| logs::run(session, arguments).await)
        }
        FunctionCommand::Delete(OnServer { arguments, server }) => {
            session::run(&server, async |session| delete::run(session, arguments).await)
        }
    }
}
