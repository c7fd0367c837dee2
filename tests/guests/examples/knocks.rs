//! Opens a connection to the server that its secret names, whatever that is, in every step. Why there is
//! none is its failure message.

use keywheel_sdk::database::DatabaseSecret;
use keywheel_sdk::{Event, Failure, Rotator, sql};

struct Knocks;

impl Rotator for Knocks {
    fn create_secret(&self, event: &Event) -> Result<(), Failure> {
        let secret = DatabaseSecret::parse(&event.current()?.value)?;
        let engine = secret.sql_engine().unwrap_or(sql::Engine::Postgres);
        sql::Connection::open(&secret.target(engine))?;
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

keywheel_sdk::export!(Knocks);
