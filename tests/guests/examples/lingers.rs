//! Leaves work behind: things whose end panics, a hook that runs when it panics, a request under way that
//! nobody waits for.

#![expect(clippy::panic, reason = "what this guest is for")]

use std::mem;

use keywheel_sdk::secrets::{PasswordRules, get_random_password};
use keywheel_sdk::{Event, Failure, Rotator, log};

/// Panics when it is dropped.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("dropped with a bang");
    }
}

struct Lingers;

impl Rotator for Lingers {
    /// Panics while it gives things back.
    fn create_secret(&self, _: &Event) -> Result<(), Failure> {
        let _bomb = Bomb;
        Ok(())
    }

    /// Calls the host from its panic.
    fn set_secret(&self, _: &Event) -> Result<(), Failure> {
        std::panic::set_hook(Box::new(|_| {
            let made = get_random_password(&PasswordRules::default());
            log::info(&format!("after the end: {}", made.is_ok()));
        }));
        panic!("the end");
    }

    /// Sends a request, does not wait for its answer, and is done.
    fn test_secret(&self, _: &Event) -> Result<(), Failure> {
        use wasip2::http::types::{Fields, OutgoingRequest, Scheme};
        let request = OutgoingRequest::new(Fields::new());
        let address = std::env::var("ADDRESS").unwrap_or_default();
        let _ = request.set_scheme(Some(&Scheme::Http));
        let _ = request.set_authority(Some(&address));
        let _ = request.set_path_with_query(Some("/"));
        match wasip2::http::outgoing_handler::handle(request, None) {
            Ok(pending) => mem::forget(pending),
            Err(_) => return Err(Failure::Permanent("not sent".to_owned())),
        }
        Ok(())
    }

    /// Ends itself.
    fn finish_secret(&self, _: &Event) -> Result<(), Failure> {
        std::process::exit(0)
    }
}

keywheel_sdk::export!(Lingers);
