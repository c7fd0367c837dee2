//! Asks the server that its secret names for all the rows of one statement, and again on the same connection,
//! in every step. Why it does not get them is its failure message.

use std::env;

use keywheel_sdk::database::DatabaseSecret;
use keywheel_sdk::{Event, Failure, Rotator, sql};

/// The variable that holds the statement.
const STATEMENT: &str = "STATEMENT";

struct Gulps;

impl Rotator for Gulps {
    fn create_secret(&self, event: &Event) -> Result<(), Failure> {
        let statement = env::var(STATEMENT).map_err(|error| Failure::Permanent(error.to_string()))?;
        let secret = DatabaseSecret::parse(&event.current()?.value)?;
        let engine = secret.sql_engine().unwrap_or(sql::Engine::Postgres);
        let mut connection = sql::Connection::open(&secret.target(engine))?;
        for _ in 0..2 {
            connection.query(&statement, &[])?;
        }
        Ok(())
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

keywheel_sdk::export!(Gulps);
