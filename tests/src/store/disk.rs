//! A disk that dies: a backend for redb with a live and a durable image.
//!
//! Writes go to the live image; a sync makes them durable. A death makes every later call fail, so
//! that the process on top can change nothing more; what the next one finds is the durable image and
//! as much of the unsynced writes as [`Survival`] says.

use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use redb::StorageBackend;

/// The unit that reaches a disk whole, in bytes.
const SECTOR_BYTES: usize = 512;

/// When the disk dies. Calls are counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Death {
    /// Before the sync took effect.
    BeforeSync(u64),
    /// After the sync took effect and before it was answered.
    AfterSync(u64),
    /// Before this write or change of length.
    BeforeWrite(u64),
}

/// What became of the writes that no sync covered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Survival {
    /// All are lost.
    Nothing,
    /// All reached the disk.
    Everything,
    /// A random part of them reached the disk, in whole sectors; by seed.
    Some(u64),
}

/// A disk. Its clones are the same disk; [`Disk::copy`] makes another.
#[derive(Clone, Debug, Default)]
pub struct Disk {
    state: Arc<Mutex<State>>,
    released: Arc<Condvar>,
}

#[derive(Debug, Default)]
struct State {
    live: Vec<u8>,
    durable: Vec<u8>,
    unsynced: Vec<Change>,
    syncs: u64,
    writes: u64,
    death: Option<Death>,
    is_dead: bool,
    is_held: bool,
    capacity: Option<u64>,
}

#[derive(Clone, Debug)]
enum Change {
    Write { offset: usize, data: Vec<u8> },
    Length(usize),
}

impl Disk {
    /// An empty disk.
    pub fn new() -> Self {
        Self::default()
    }

    /// Another disk with what is durable on this one.
    #[must_use]
    pub fn copy(&self) -> Self {
        Self::from_bytes(self.state().durable.clone())
    }

    /// Lets the disk die; counted from now.
    pub fn die(&self, death: Death) {
        let mut state = self.state();
        (state.syncs, state.writes, state.death) = (0, 0, Some(death));
    }

    /// Whether it has died.
    pub fn is_dead(&self) -> bool {
        self.state().is_dead
    }

    /// The syncs so far.
    pub fn syncs(&self) -> u64 {
        self.state().syncs
    }

    /// The bytes on it.
    pub fn len(&self) -> u64 {
        self.state().live.len() as u64
    }

    /// Whether nothing is on it.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Lets it grow to so many bytes and no further; `None`: as far as asked.
    pub fn set_capacity(&self, capacity: Option<u64>) {
        self.state().capacity = capacity;
    }

    /// Makes every sync wait until [`Disk::release`].
    pub fn hold(&self) {
        self.state().is_held = true;
    }

    /// Lets the syncs go on.
    pub fn release(&self) {
        self.state().is_held = false;
        self.released.notify_all();
    }

    /// What is found after the power came back: a new disk.
    #[must_use]
    pub fn after_crash(&self, survival: Survival) -> Self {
        let state = self.state();
        let mut image = state.durable.clone();
        let mut random = Random(match survival {
            Survival::Some(seed) => seed,
            Survival::Nothing | Survival::Everything => 0,
        });
        for change in &state.unsynced {
            match survival {
                Survival::Nothing => {}
                Survival::Everything => change.apply(&mut image),
                Survival::Some(_) => change.sectors().for_each(|part| {
                    if random.coin() {
                        part.apply(&mut image);
                    }
                }),
            }
        }
        Self::from_bytes(image)
    }

    fn from_bytes(image: Vec<u8>) -> Self {
        let state = State { live: image.clone(), durable: image, ..State::default() };
        Self { state: Arc::new(Mutex::new(state)), released: Arc::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn alive(&self) -> io::Result<()> {
        if self.is_dead { Err(io::Error::other("the disk is dead")) } else { Ok(()) }
    }

    fn die_at(&mut self, call: Death) -> io::Result<()> {
        self.is_dead |= self.death == Some(call);
        self.alive()
    }

    fn change(&mut self, change: Change) -> io::Result<()> {
        self.alive()?;
        self.writes += 1;
        self.die_at(Death::BeforeWrite(self.writes - 1))?;
        if self.capacity.is_some_and(|capacity| change.end() as u64 > capacity) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        change.apply(&mut self.live);
        self.unsynced.push(change);
        Ok(())
    }
}

impl Change {
    fn end(&self) -> usize {
        match self {
            Self::Write { offset, data } => offset + data.len(),
            Self::Length(len) => *len,
        }
    }

    fn apply(&self, image: &mut Vec<u8>) {
        match self {
            Self::Write { offset, data } => {
                image.resize(image.len().max(self.end()), 0);
                image[*offset..*offset + data.len()].copy_from_slice(data);
            }
            Self::Length(len) => image.resize(*len, 0),
        }
    }

    /// The change in the parts that reach the disk separately. redb writes at page borders, so that
    /// counting from the start of the write is counting sectors.
    fn sectors(&self) -> Box<dyn Iterator<Item = Self> + '_> {
        match self {
            Self::Write { offset, data } => {
                Box::new(data.chunks(SECTOR_BYTES).enumerate().map(move |(number, part)| Self::Write {
                    offset: offset + number * SECTOR_BYTES,
                    data: part.to_vec(),
                }))
            }
            Self::Length(_) => Box::new(std::iter::once(self.clone())),
        }
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        let state = self.state();
        state.alive()?;
        Ok(state.live.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let state = self.state();
        state.alive()?;
        let from = offset as usize;
        let bytes = state.live.get(from..from + out.len()).ok_or(io::ErrorKind::UnexpectedEof)?;
        out.copy_from_slice(bytes);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.state().change(Change::Length(len as usize))
    }

    fn sync_data(&self) -> io::Result<()> {
        let held = self.state();
        let mut state =
            self.released.wait_while(held, |state| state.is_held).unwrap_or_else(PoisonError::into_inner);
        state.alive()?;
        state.syncs += 1;
        let call = state.syncs - 1;
        state.die_at(Death::BeforeSync(call))?;
        let unsynced = std::mem::take(&mut state.unsynced);
        for change in unsynced {
            change.apply(&mut state.durable);
        }
        state.die_at(Death::AfterSync(call))
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.state().change(Change::Write { offset: offset as usize, data: data.to_vec() })
    }
}

/// SplitMix64: enough to choose sectors by a seed.
struct Random(u64);

impl Random {
    const fn coin(&mut self) -> bool {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (bits ^ (bits >> 31)) & 1 == 1
    }
}
