//! Opens a connection to a server that the secret does not name, in every step. What came back is
//! its failure message.

use keywheel_sdk::database::DatabaseSecret;
use keywheel_sdk::{Event, Failure, Rotator, sql};

/// Where clouds keep the credentials of a machine.
const ELSEWHERE: &str = "169.254.169.254";

struct DialsOut;

impl Rotator for DialsOut {
    fn create_secret(&self, event: &Event) -> Result<(), Failure> {
        let secret = DatabaseSecret::parse(&event.current()?.value)?;
        let mut target = secret.target(sql::Engine::Postgres);
        // The port of the server in the secret is allowed on that server only.
        ELSEWHERE.clone_into(&mut target.host);
        match sql::Connection::open(&target) {
            Ok(_) => Err(Failure::Permanent("connected".to_owned())),
            Err(error) => Err(Failure::Permanent(format!("{:?}: {}", error.kind, error.message))),
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

keywheel_sdk::export!(DialsOut);
