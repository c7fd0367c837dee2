//! `wasi:sockets` for clients: names are looked up by the resolver of the rules, and a connection goes to an
//! address that a rule names, or that this invocation got for a name that a rule names with that port.
//!
//! There is no UDP, and nothing listens: those calls answer `not-supported`. A name that no rule names is not
//! looked up, since the question itself would leave the sandbox; it gets an address that leads nowhere, so
//! that the refusal can say name *and* port when the guest connects.

mod link;
mod lookup;
mod socket;
mod streams;

pub(crate) use link::link;
pub(crate) use lookup::Names;
