//! The file that holds the new value of a real target before anything is changed there.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
use keywheel_domain::api::SecretValue;

/// Its owner's alone.
const MODE: u32 = 0o600;

/// A file that was made empty, so that it is there and writable before anything else happens.
pub(super) struct Save {
    path: PathBuf,
    file: File,
}

impl Save {
    /// Makes the file. One that is there already may hold another value that is the only copy.
    pub(super) fn create(path: &Path) -> anyhow::Result<Self> {
        let shown = path.display();
        let made = OpenOptions::new().write(true).create_new(true).mode(MODE).open(path);
        let file = made.map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => {
                anyhow!("`{shown}` is there already and may hold a value: give --save the name of a new file")
            }
            _ => anyhow::Error::new(error).context(format!("`{shown}` could not be made: check --save")),
        })?;
        Ok(Self { path: path.to_owned(), file })
    }

    /// Writes the value. When this returns, it is on disk.
    pub(super) fn write(&mut self, value: &SecretValue) -> anyhow::Result<()> {
        let bytes = match value {
            SecretValue::Text(text) => text.expose().as_bytes(),
            SecretValue::Binary(bytes) => bytes.expose(),
        };
        let folder =
            self.path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let written = self.file.write_all(bytes).and_then(|()| self.file.sync_all());
        written
            .and_then(|()| File::open(folder)?.sync_all())
            .with_context(|| format!("the new value could not be written to `{}`", self.path.display()))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_value_is_its_owners_alone_and_nothing_is_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new.json");
        let mut save = Save::create(&path).unwrap();
        save.write(&SecretValue::Text("second".to_owned().into())).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "second");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, MODE);
        let error = Save::create(&path).err().unwrap();
        assert!(error.to_string().contains("there already"), "{error}");
        assert!(Save::create(&folder.path().join("no/such/folder")).is_err());
    }
}
