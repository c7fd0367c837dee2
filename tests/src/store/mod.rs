//! What the store is tested with: a simulated store, a disk that dies, and the contract suite.

mod contract;
mod disk;

pub use self::contract::{check_log, contract};
pub use self::disk::{Death, Disk, Survival};
pub use keywheel::store::{MemoryImage as SimImage, MemoryStore as SimStore};
