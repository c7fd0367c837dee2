//! The targets of `tests/src/fuzz` as programs of libFuzzer.

#[path = "../../src/fuzz/mod.rs"]
pub mod fuzz;

pub use libfuzzer_sys;

/// A program that feeds the target with this name.
#[macro_export]
macro_rules! fuzz_target {
    ($name:literal) => {
        $crate::libfuzzer_sys::fuzz_target!(|data: &[u8]| {
            let target = $crate::fuzz::Target::named($name).expect("there is such a target");
            (target.run)(data);
        });
    };
}
