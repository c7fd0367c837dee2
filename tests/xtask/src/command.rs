//! Starting other programs.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What cargo tells the programs that it runs. Some build scripts watch these, and would run again
/// each time a build is started from here instead of by hand.
const OF_OUTER_CARGO: [&str; 5] =
    ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_", "CARGO_PRIMARY_"];

/// The top folder of the workspace.
pub(crate) fn workspace() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).expect("the package is two folders deep in the workspace").to_owned()
}

/// The private Python environment with real clients.
pub(crate) fn venv() -> PathBuf {
    workspace().join("target/venv")
}

/// `cargo` in the workspace, as if it had been started by hand.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments).current_dir(workspace()).stdin(Stdio::null());
    for (name, _) in env::vars_os() {
        let name = name.to_string_lossy();
        if OF_OUTER_CARGO.iter().any(|prefix| name.starts_with(prefix)) {
            command.env_remove(&*name);
        }
    }
    command
}

/// Whether a command can be started and ends well. Its output is not shown.
pub(crate) fn succeeds(program: &str, arguments: &[&str]) -> bool {
    let status = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    status.is_ok_and(|status| status.success())
}
