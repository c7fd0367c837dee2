//! Rotation functions for tests of the sandbox, as WebAssembly components: each one in `examples/`
//! misbehaves in one way; `noop` and `prints` behave. Those whose names begin with `bad_` break one rule of the
//! contract each, and are named after it; `bad_http_…` does so with an HTTP service in the place of a database.
//!
//! An example is used because one package may have many of them, each a component of its own.

mod as_deployed;
pub mod planted;
pub mod planted_http;

/// The guests that are built as one is that somebody deploys.
pub const AS_DEPLOYED: [&str; 5] = as_deployed::AS_DEPLOYED;

/// The component of the example with this name.
///
/// # Panics
///
/// When there is none of this name.
#[expect(clippy::panic, reason = "only tests ask, and they know the names")]
pub fn component(name: &str) -> &'static [u8] {
    match COMPONENTS.iter().find(|(known, _)| *known == name) {
        Some((_, wasm)) => wasm,
        None => panic!("there is no guest `{name}`"),
    }
}

/// The names of all guests, in order.
pub fn names() -> impl Iterator<Item = &'static str> {
    COMPONENTS.iter().map(|(name, _)| *name)
}

const COMPONENTS: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/components.rs"));

#[cfg(test)]
mod tests {
    #[test]
    fn every_guest_is_a_component() {
        assert_eq!(super::names().count(), 42);
        for name in super::names() {
            assert!(super::component(name).starts_with(b"\0asm\x0d\0\x01\0"), "{name}");
        }
    }
}
