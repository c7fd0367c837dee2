//! The interfaces of the contract, one file each, and those of WASI that reach the network.

pub(crate) mod approvals;
pub(crate) mod bounded;
pub(crate) mod http;
pub(crate) mod log;
pub(crate) mod secrets;
pub(crate) mod sockets;
pub(crate) mod sql;

use wasmtime::component::{HasSelf, Linker};

use crate::contract::Rotator;
use crate::contract::keywheel::rotation::types;
use crate::state::State;

/// Links all of them. A function reaches those that its component imports.
pub(crate) fn link(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    Rotator::add_to_linker::<_, HasSelf<State>>(linker, |state| state)
}

impl types::Host for State {}
