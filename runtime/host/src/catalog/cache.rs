//! Compiled code on disk.
//!
//! A file holds native code, which runs with the rights of this process: it is read only when it carries
//! a MAC under a key that is not in the folder. The MAC binds it to the component's digest and to
//! everything in the engine's configuration that the code depends on. Whatever is wrong with a file, the
//! component is compiled again and the file replaced; the cache never fails a caller.

use std::fs::{self, File, OpenOptions};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use hmac::{Hmac, KeyInit as _, Mac as _};
use keywheel_domain::sensitive::Sensitive;
use sha2::Sha256;
use wasmtime::Engine;
use wasmtime::component::Component;

/// Tells this use of the key from every other.
const PURPOSE: &[u8] = b"keywheel compiled component v1";
/// Bytes of the MAC at the start of a file.
const MAC_BYTES: usize = 32;
/// The largest file that is read: code is several times larger than its component.
const FILE_BYTES_MAX: u64 = 1024 * 1024 * 1024;

/// A folder of compiled components.
#[derive(Debug)]
pub(super) struct CodeCache {
    folder: PathBuf,
    key: Sensitive<[u8; 32]>,
}

impl CodeCache {
    pub(super) const fn new(folder: PathBuf, key: Sensitive<[u8; 32]>) -> Self {
        Self { folder, key }
    }

    /// The compiled form of a component, when there is an authentic one for this engine.
    pub(super) fn read(&self, engine: &Engine, digest: &str) -> Option<Component> {
        let name = file_name(engine, digest);
        let path = self.folder.join(&name);
        let length = fs::metadata(&path).ok()?.len();
        if length > FILE_BYTES_MAX {
            tracing::warn!(file = %path.display(), "compiled code is too large: it is compiled again");
            return None;
        }
        let file = fs::read(&path).ok()?;
        let authentic = file.split_at_checked(MAC_BYTES).filter(|(tag, code)| {
            // Compares in constant time.
            self.mac(&name, code).verify_slice(tag).is_ok()
        });
        let Some((_, code)) = authentic else {
            tracing::warn!(file = %path.display(), "compiled code is not authentic: it is compiled again");
            return None;
        };
        // SAFETY: `deserialize` runs what it is given as native code, so the bytes must come from
        // `Component::serialize`. The MAC that was just checked shows that this program wrote them, with
        // a key that only it has, for this component and this configuration of the engine.
        #[expect(unsafe_code, reason = "loading native code that the MAC shows to be our own")]
        let component = unsafe { Component::deserialize(engine, code) };
        component
            .inspect_err(|error| tracing::warn!(%error, "compiled code does not fit: it is compiled again"))
            .ok()
    }

    /// Keeps the compiled form. A failure costs time at the next start and nothing else.
    pub(super) fn write(&self, engine: &Engine, digest: &str, component: &Component) {
        let name = file_name(engine, digest);
        let written = component.serialize().map_err(io::Error::other).and_then(|code| {
            let tag = self.mac(&name, &code).finalize().into_bytes();
            create_private_folder(&self.folder)?;
            replace(&self.folder, &name, &[tag.as_slice(), &code])
        });
        if let Err(error) = written {
            tracing::warn!(%error, folder = %self.folder.display(), "compiled code cannot be kept");
        }
    }

    /// Removes the compiled form. One that stays is harmless.
    pub(super) fn remove(&self, engine: &Engine, digest: &str) {
        // It may not exist.
        let _ = fs::remove_file(self.folder.join(file_name(engine, digest)));
    }

    /// Removes all but the compiled forms of these digests. What stays is harmless.
    pub(super) fn retain(&self, keeps: impl Fn(&str) -> bool) {
        for file in fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            let name = file.file_name().to_string_lossy().into_owned();
            if !name.split('-').next().is_some_and(&keeps) {
                // Another process may have removed it.
                let _ = fs::remove_file(file.path());
            }
        }
    }

    fn mac(&self, name: &str, code: &[u8]) -> Hmac<Sha256> {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(self.key.expose()).expect("HMAC takes keys of any length");
        // The name has a fixed length, so the parts cannot be shifted against each other.
        mac.update(PURPOSE);
        mac.update(name.as_bytes());
        mac.update(code);
        mac
    }
}

/// The digest, and what of the engine the code depends on.
fn file_name(engine: &Engine, digest: &str) -> String {
    let mut hasher = DefaultHasher::new();
    engine.precompile_compatibility_hash().hash(&mut hasher);
    format!("{digest}-{:016x}.cwasm", hasher.finish())
}

fn create_private_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)?;
    #[cfg(unix)]
    fs::set_permissions(folder, std::os::unix::fs::PermissionsExt::from_mode(0o700))?;
    Ok(())
}

/// Writes a file that is whole or absent, whenever the process dies.
fn replace(folder: &Path, name: &str, parts: &[&[u8]]) -> io::Result<()> {
    // Several catalogs, in one process or in two, may write the same component.
    static WRITES: AtomicU64 = AtomicU64::new(0);
    let write = WRITES.fetch_add(1, Ordering::Relaxed);
    let temporary = folder.join(format!("{name}.{}-{write}.new", std::process::id()));
    let written = create_private_file(&temporary).and_then(|mut file| {
        parts.iter().try_for_each(|part| file.write_all(part))?;
        file.sync_all()?;
        fs::rename(&temporary, folder.join(name))
    });
    if written.is_err() {
        // It may not exist; a file that is left behind is harmless.
        let _ = fs::remove_file(&temporary);
    }
    written
}

fn create_private_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
