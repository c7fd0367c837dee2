//! A file under the store that tells how long its syncs took.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use redb::StorageBackend;
use redb::backends::FileBackend;

/// How long all syncs took so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Syncs(Arc<AtomicU64>);

impl Syncs {
    pub(crate) fn took(&self) -> Duration {
        Duration::from_nanos(self.0.load(Ordering::Relaxed))
    }
}

#[derive(Debug)]
pub(crate) struct TimedDisk {
    file: FileBackend,
    syncs: Syncs,
}

impl TimedDisk {
    pub(crate) fn create(path: &Path, syncs: Syncs) -> Self {
        let file = File::options().read(true).write(true).create_new(true).open(path).unwrap();
        Self { file: FileBackend::new(file).unwrap(), syncs }
    }
}

impl StorageBackend for TimedDisk {
    fn len(&self) -> Result<u64, io::Error> {
        self.file.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> Result<(), io::Error> {
        self.file.read(offset, out)
    }

    fn set_len(&self, len: u64) -> Result<(), io::Error> {
        self.file.set_len(len)
    }

    fn sync_data(&self) -> Result<(), io::Error> {
        #[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
        let start = Instant::now();
        let synced = self.file.sync_data();
        let nanos = u64::try_from(start.elapsed().as_nanos()).unwrap();
        self.syncs.0.fetch_add(nanos, Ordering::Relaxed);
        synced
    }

    fn write(&self, offset: u64, data: &[u8]) -> Result<(), io::Error> {
        self.file.write(offset, data)
    }
}
