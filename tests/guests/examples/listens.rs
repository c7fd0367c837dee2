//! Wants to be a server, and to speak UDP, by the token of its rotation. What came back is its failure message.

use std::net::{TcpListener, UdpSocket};

use keywheel_sdk::{Event, Failure, Rotator};

struct Listens;

impl Rotator for Listens {
    fn create_secret(&self, _: &Event) -> Result<(), Failure> {
        match TcpListener::bind("127.0.0.1:0") {
            Ok(_) => Err(Failure::Permanent("listens".to_owned())),
            Err(error) => Err(Failure::Permanent(format!("{:?}", error.kind()))),
        }
    }

    fn set_secret(&self, _: &Event) -> Result<(), Failure> {
        match UdpSocket::bind("127.0.0.1:0") {
            Ok(_) => Err(Failure::Permanent("speaks UDP".to_owned())),
            Err(error) => Err(Failure::Permanent(format!("{:?}", error.kind()))),
        }
    }

    fn test_secret(&self, event: &Event) -> Result<(), Failure> {
        self.create_secret(event)
    }

    fn finish_secret(&self, event: &Event) -> Result<(), Failure> {
        self.create_secret(event)
    }
}

keywheel_sdk::export!(Listens);
