//! Where MariaDB's own programs are. Also part of `xtask`, which installs them when they are nowhere.

use std::env;
use std::path::{Path, PathBuf};

/// Makes a data folder.
pub(crate) const INSTALL: &str = "mariadb-install-db";
/// The server.
pub(crate) const SERVER: &str = "mariadbd";
/// The client: another implementation of the protocol than the one under test.
pub(crate) const CLIENT: &str = "mariadb";
/// Where Debian puts servers; it is on the search path of an administrator only.
const SERVERS: &str = "/usr/sbin";

/// Where a program is: on the search path, or among Debian's servers.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    let search_path = env::var_os("PATH").unwrap_or_default();
    let folders = env::split_paths(&search_path).chain([Path::new(SERVERS).to_owned()]);
    folders.map(|folder| folder.join(program)).find(|file| file.is_file())
}

/// The first program that is nowhere.
pub(crate) fn missing() -> Option<&'static str> {
    [INSTALL, SERVER, CLIENT].into_iter().find(|program| find(program).is_none())
}
