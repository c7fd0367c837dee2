//! Opens sockets to the address in its environment until the host refuses, gives one back and opens another, in
//! every step. What came back is its failure message.

use std::env;
use std::mem;
use std::net::TcpStream;

use keywheel_sdk::{Event, Failure, Rotator};

/// The variable that holds host and port.
const ADDRESS: &str = "ADDRESS";

struct Crowds;

impl Rotator for Crowds {
    fn create_secret(&self, _: &Event) -> Result<(), Failure> {
        let address = env::var(ADDRESS).map_err(|error| Failure::Permanent(error.to_string()))?;
        let mut held = Vec::new();
        while let Ok(stream) = TcpStream::connect(&address) {
            held.push(stream);
        }
        let opened = held.len();
        held.pop();
        held.push(TcpStream::connect(&address).map_err(|error| Failure::Permanent(error.to_string()))?);
        mem::forget(held);
        Err(Failure::Permanent(format!("opened {opened}")))
    }

    fn set_secret(&self, event: &Event) -> Result<(), Failure> {
        self.create_secret(event)
    }

    fn test_secret(&self, event: &Event) -> Result<(), Failure> {
        self.create_secret(event)
    }

    fn finish_secret(&self, event: &Event) -> Result<(), Failure> {
        self.create_secret(event)
    }
}

keywheel_sdk::export!(Crowds);
