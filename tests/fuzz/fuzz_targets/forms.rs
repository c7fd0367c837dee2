#![no_main]

keywheel_fuzz::fuzz_target!("forms");
