//! A file system of its own with little room, so that a disk can really be full.
//!
//! Only who may mount one has it: root, and not in every container.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Result, ensure};
use tempfile::TempDir;

/// What a file takes is a number of these.
const PAGE_BYTES: u64 = 4096;

/// A mounted file system in memory, which goes when this is dropped.
pub struct SmallDisk {
    folder: TempDir,
}

impl SmallDisk {
    /// One of this size; `None` where none can be mounted.
    ///
    /// # Errors
    /// There is no folder to mount it on.
    pub fn mount(bytes: u64) -> Result<Option<Self>> {
        let folder = tempfile::tempdir()?;
        let options = format!("size={bytes},mode=0700");
        let mounted =
            run(Command::new("mount").args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(folder.path()));
        Ok(mounted.then_some(Self { folder }))
    }

    /// The same with another size: somebody has made room.
    ///
    /// # Errors
    /// The size cannot be changed.
    pub fn resize(&self, bytes: u64) -> Result<()> {
        let options = format!("remount,size={bytes}");
        ensure!(run(Command::new("mount").args(["-o", &options]).arg(self.folder.path())), "no more room");
        Ok(())
    }

    /// A copy on it of a folder, which goes with the copy's own handle.
    ///
    /// # Errors
    /// It does not fit in.
    pub fn copy(&self, folder: &Path) -> Result<TempDir> {
        let copy = tempfile::tempdir_in(self.folder.path())?;
        copy_into(folder, copy.path())?;
        Ok(copy)
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily, because the processes on it may be on their way out.
        run(Command::new("umount").arg("--lazy").arg(self.folder.path()));
    }
}

/// What a folder takes on such a disk.
///
/// # Errors
/// It cannot be read.
pub fn bytes_of(folder: &Path) -> Result<u64> {
    let mut bytes = PAGE_BYTES;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        bytes += match metadata.is_dir() {
            true => bytes_of(&entry.path())?,
            false => metadata.len().next_multiple_of(PAGE_BYTES),
        };
    }
    Ok(bytes)
}

fn copy_into(from: &Path, to: &Path) -> Result<()> {
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if from.is_dir() {
            fs::create_dir(&to)?;
            copy_into(&from, &to)?;
        } else {
            // With its permissions: the root key is its owner's alone.
            fs::copy(&from, &to)?;
        }
    }
    Ok(())
}

/// Whether the command could do it.
fn run(command: &mut Command) -> bool {
    let command = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}
