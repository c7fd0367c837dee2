//! What the store is tested with: a simulated store, a disk and a process that die, and the contract suite.

mod contract;
mod disk;
mod mortal;

pub use self::contract::{check_log, contract};
pub use self::disk::{Death, Disk, Survival};
pub use self::mortal::Mortal;
pub use keywheel::store::{MemoryImage as SimImage, MemoryStore as SimStore};
