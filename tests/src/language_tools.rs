//! Where the tools are that build functions in Python and JavaScript, and the packages of clients in
//! JavaScript: in folders of their own under `target/`, from lists that name each version.

use std::path::{Path, PathBuf};

/// The list of the Python environment, from the top of the workspace.
pub(crate) const PYTHON_LIST: &str = "tests/tools/python/requirements.txt";
/// The folder with the lists of the JavaScript packages.
pub(crate) const JAVASCRIPT_LISTS: &str = "tests/tools/javascript";

/// The Python environment.
pub(crate) fn python(workspace: &Path) -> PathBuf {
    workspace.join("target/tools/python")
}

/// The folder with `node_modules`.
pub(crate) fn javascript(workspace: &Path) -> PathBuf {
    workspace.join("target/tools/javascript")
}

/// The folder with the `node_modules` of clients.
pub(crate) fn javascript_clients(workspace: &Path) -> PathBuf {
    workspace.join("target/clients/javascript")
}
