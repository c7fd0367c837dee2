//! Looks for what is not its own: files, the environment and the arguments of the host. What it found is its
//! failure message.

use std::{env, fs};

use keywheel_sdk::{Event, Failure, Rotator};

struct LooksAround;

impl Rotator for LooksAround {
    /// The environment and the arguments.
    fn create_secret(&self, _: &Event) -> Result<(), Failure> {
        let mut variables: Vec<String> = env::vars().map(|(name, value)| format!("{name}={value}")).collect();
        variables.sort();
        let arguments: Vec<String> = env::args().collect();
        Err(Failure::Permanent(format!("environment {variables:?}, arguments {arguments:?}")))
    }

    /// Reads a file.
    fn set_secret(&self, _: &Event) -> Result<(), Failure> {
        found(fs::read_to_string("/etc/passwd"))
    }

    /// Writes a file.
    fn test_secret(&self, _: &Event) -> Result<(), Failure> {
        found(fs::write("here", "was here"))
    }

    /// Lists a folder.
    fn finish_secret(&self, _: &Event) -> Result<(), Failure> {
        found(fs::read_dir("."))
    }
}

keywheel_sdk::export!(LooksAround);

fn found<T>(answer: std::io::Result<T>) -> Result<(), Failure> {
    match answer {
        Ok(_) => Err(Failure::Permanent("found it".to_owned())),
        Err(error) => Err(Failure::Permanent(error.to_string())),
    }
}
