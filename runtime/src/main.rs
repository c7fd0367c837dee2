//! The `keywheel` program: everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    keywheel::cli::run(std::env::args_os())
}
