//! Connects to the address in its environment with the standard library, says hello and reads the answer, in
//! every step. What came back is its failure message.

use std::env;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};

use keywheel_sdk::{Event, Failure, Rotator};

/// The variable that holds host and port.
const ADDRESS: &str = "ADDRESS";

struct Dials;

impl Rotator for Dials {
    fn create_secret(&self, _: &Event) -> Result<(), Failure> {
        let address = env::var(ADDRESS).map_err(|error| Failure::Permanent(error.to_string()))?;
        match talk(&address) {
            Ok(answer) => Err(Failure::Permanent(format!("heard {answer}"))),
            Err(error) => Err(Failure::Permanent(format!("{:?}", error.kind()))),
        }
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

keywheel_sdk::export!(Dials);

fn talk(address: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address)?;
    stream.write_all(b"hello")?;
    stream.shutdown(Shutdown::Write)?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}
