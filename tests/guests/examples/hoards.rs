//! Opens connections to the server that its secret names until the host refuses, gives one back and opens
//! another, in every step. It closes none of the rest; what came back is its failure message.

use std::mem;

use keywheel_sdk::database::DatabaseSecret;
use keywheel_sdk::{Event, Failure, Rotator, sql};

struct Hoards;

impl Rotator for Hoards {
    fn create_secret(&self, event: &Event) -> Result<(), Failure> {
        let secret = DatabaseSecret::parse(&event.current()?.value)?;
        let target = secret.target(secret.sql_engine().unwrap_or(sql::Engine::Postgres));
        let mut held = Vec::new();
        let refusal = loop {
            match sql::Connection::open(&target) {
                Ok(connection) => held.push(connection),
                Err(error) => break error,
            }
        };
        let opened = held.len();
        held.pop();
        held.push(sql::Connection::open(&target)?);
        mem::forget(held);
        Err(Failure::Permanent(format!("opened {opened}, then {refusal}")))
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

keywheel_sdk::export!(Hoards);
