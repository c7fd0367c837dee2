//! The root key in a file of its owner's: 128 hexadecimal digits and a line feed.
//!
//! A new file appears whole or not at all, and is durable before anything is sealed with it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use keywheel_domain::envelope::{KEY_BYTES, Key};
use keywheel_domain::sensitive::Sensitive;

use super::RootKey;
use crate::entropy::{self, Entropy};

/// Its owner reads and writes it, nobody else anything.
const FILE_MODE: u32 = 0o600;
/// The permissions of group and others.
const OTHERS_MASK: u32 = 0o077;
/// Digits of a key.
const DIGITS: usize = 2 * KEY_BYTES;
/// More is certainly no key file.
const FILE_BYTES_MAX: u64 = DIGITS as u64 + 2;

/// Why the key file is of no use. The sentence says what to do.
#[derive(Debug, thiserror::Error)]
pub enum RootFileError {
    /// The folder was sealed with a key, and the file is not there.
    #[error(
        "the root key file `{path}` is gone: restore it from its backup, or name it by --root-key-file; \
         without it no value in this data folder can be read"
    )]
    Absent {
        /// The file.
        path: PathBuf,
    },
    /// Others can read it.
    #[error(
        "the root key file `{path}` is open to other users (mode {mode:03o}): run chmod 600 on it, and \
         consider who may have read it"
    )]
    OpenToOthers {
        /// The file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// It holds something else.
    #[error("the root key file `{path}` must hold {DIGITS} hexadecimal digits and nothing else")]
    Content {
        /// The file.
        path: PathBuf,
    },
    /// It cannot be read or made.
    #[error(
        "the root key file `{path}` could not be {attempt}: check that its folder exists and belongs to \
         this user"
    )]
    Io {
        /// The file.
        path: PathBuf,
        /// What was tried.
        attempt: &'static str,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

/// Reads the key.
pub(super) fn read(path: &Path) -> Result<RootKey, RootFileError> {
    let failed = |source: io::Error| match source.kind() {
        io::ErrorKind::NotFound => RootFileError::Absent { path: path.to_owned() },
        _ => RootFileError::Io { path: path.to_owned(), attempt: "read", source },
    };
    let file = File::open(path).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    let mode = metadata.mode() & 0o777;
    if mode & OTHERS_MASK != 0 {
        return Err(RootFileError::OpenToOthers { path: path.to_owned(), mode });
    }
    // Room for one byte more than is allowed, so that the buffer never moves and leaves a copy.
    let mut text = Sensitive::new(Vec::with_capacity(DIGITS + 16));
    file.take(FILE_BYTES_MAX + 1).read_to_end(text.expose_mut()).map_err(failed)?;
    let content = || RootFileError::Content { path: path.to_owned() };
    let digits = text.expose().trim_ascii_end();
    let mut key = Key::new([0; KEY_BYTES]);
    hex::decode_to_slice(digits, key.expose_mut()).map_err(|_| content())?;
    Ok(RootKey::new(key))
}

/// Reads the key, or makes a new one when there is no file.
pub(super) fn read_or_create(path: &Path, entropy: &dyn Entropy) -> Result<RootKey, RootFileError> {
    match read(path) {
        Err(RootFileError::Absent { .. }) => {}
        known => return known,
    }
    let failed = |source| RootFileError::Io { path: path.to_owned(), attempt: "made", source };
    create(path, entropy).map_err(failed)?;
    // Read back, even if another process made it: what is on disk is what counts.
    read(path)
}

/// Writes a new key beside its place, makes it durable and gives it its name; a name that is taken by
/// then stays with what has it.
fn create(path: &Path, entropy: &dyn Entropy) -> io::Result<()> {
    let mut key = Key::new([0; KEY_BYTES]);
    entropy.fill(key.expose_mut());
    let mut text = Sensitive::new(vec![0; DIGITS]);
    hex::encode_to_slice(key.expose(), text.expose_mut()).expect("two digits spell a byte");

    let mut draft = path.as_os_str().to_owned();
    draft.push(format!(".{}.new", entropy::alphanumeric(entropy, 12)));
    let draft = PathBuf::from(draft);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(FILE_MODE).open(&draft)?;
    let named = (|| {
        file.write_all(text.expose())?;
        file.write_all(b"\n")?;
        file.sync_all()?;
        match fs::hard_link(&draft, path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            linked => linked,
        }
    })();
    // Also when naming failed: a draft was never used, and no one should wonder about it.
    fs::remove_file(&draft)?;
    named?;
    File::open(folder_of(path))?.sync_all()
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::counting::CountingEntropy;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn a_new_file_is_the_owners_alone_and_keeps_its_key() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("root.key");
        let entropy = CountingEntropy::default();
        let made = read_or_create(&path, &entropy).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let again = read_or_create(&path, &entropy).unwrap();
        assert_eq!(made.wrapping(), again.wrapping());
        // No draft is left.
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_is_no_key_file_is_refused_with_its_reason() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("root.key");
        let check = |content: &[u8], mode: u32, reason: &str| {
            fs::write(&path, content).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let error =
                read_or_create(&path, &CountingEntropy::default()).err().map(|error| error.to_string());
            assert!(error.as_ref().is_some_and(|error| error.contains(reason)), "{error:?}");
            assert_eq!(fs::read(&path).unwrap(), content, "the file stays as it is");
        };
        let digits = "ab".repeat(KEY_BYTES);
        check(digits.as_bytes(), 0o640, "mode 640");
        check(digits.as_bytes(), 0o604, "chmod 600");
        check(&digits.as_bytes()[1..], 0o600, "128 hexadecimal digits");
        check(format!("{digits}00").as_bytes(), 0o600, "128 hexadecimal digits");
        check(format!("{digits}\n{}", "x".repeat(1000)).as_bytes(), 0o600, "128 hexadecimal digits");
        check(b"", 0o600, "128 hexadecimal digits");
        check("gg".repeat(KEY_BYTES).as_bytes(), 0o600, "128 hexadecimal digits");
    }

    #[test]
    fn a_folder_that_is_not_there_is_named() {
        let path = Path::new("/nowhere/at/all/root.key");
        let error = read_or_create(path, &CountingEntropy::default()).err().unwrap().to_string();
        assert!(error.contains("`/nowhere/at/all/root.key` could not be made"), "{error}");
    }
}
