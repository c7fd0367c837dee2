//! The rotation functions that come with Keywheel, as WebAssembly components.
//!
//! Bytes only: the build script compiles each package in `functions/`, and this crate holds what came
//! out. It knows nothing of how they are run.

/// A rotation function that exists in every region, without being deployed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Builtin {
    /// Its name in a function ARN.
    pub name: &'static str,
    /// The component.
    pub wasm: &'static [u8],
    /// The SHA-256 of the component, in hexadecimal digits.
    pub digest: &'static str,
}

/// All built-in rotation functions, by name.
pub const fn builtins() -> &'static [Builtin] {
    BUILTINS
}

const BUILTINS: &[Builtin] = include!(concat!(env!("OUT_DIR"), "/builtins.rs"));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_builtin_is_a_component_with_a_name_of_its_own() {
        // The magic number, and the version and layer that tell a component from a core module.
        const COMPONENT: &[u8] = b"\0asm\x0d\0\x01\0";
        for builtin in builtins() {
            assert!(builtin.wasm.starts_with(COMPONENT), "{}", builtin.name);
            assert_eq!(builtin.digest.len(), 64);
        }
        assert!(builtins().is_sorted_by(|a, b| a.name < b.name));
    }
}
