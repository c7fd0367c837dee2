//! Where PostgreSQL's own programs are. Also part of `xtask`, which installs them when they are nowhere.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

/// Where Debian puts them: in a folder for each version.
const VERSIONS: &str = "/usr/lib/postgresql";
/// What makes a folder the right one.
const NEEDED: [&str; 2] = ["initdb", "postgres"];

/// The folder that holds `initdb` and `postgres`: of the search path, or of Debian's newest version.
pub(crate) fn folder() -> Option<PathBuf> {
    let search_path = env::var_os("PATH").unwrap_or_default();
    let on_path = env::split_paths(&search_path).find(|folder| has_programs(folder));
    on_path.or_else(|| newest(Path::new(VERSIONS)))
}

fn newest(versions: &Path) -> Option<PathBuf> {
    let entries = fs::read_dir(versions).ok()?.flatten();
    let folders = entries.map(|entry| entry.path().join("bin")).filter(|folder| has_programs(folder));
    folders.max_by_key(|folder| version(folder))
}

fn version(programs: &Path) -> Option<u32> {
    programs.parent().and_then(Path::file_name).and_then(OsStr::to_str)?.parse().ok()
}

fn has_programs(folder: &Path) -> bool {
    NEEDED.iter().all(|program| folder.join(program).is_file())
}
