//! A rotation function that asks people itself.

use keywheel_function_postgres::PostgresSingleUser;
use keywheel_sdk::{Event, Failure, Rotator, approvals};

/// The real function, which asks people before it changes the target.
#[derive(Clone, Copy, Debug, Default)]
pub struct Asking;

impl Rotator for Asking {
    fn create_secret(&self, event: &Event) -> Result<(), Failure> {
        PostgresSingleUser.create_secret(event)
    }

    fn set_secret(&self, event: &Event) -> Result<(), Failure> {
        approvals::require("change the password of `orders`, which ends its sessions")?;
        PostgresSingleUser.set_secret(event)
    }

    fn test_secret(&self, event: &Event) -> Result<(), Failure> {
        PostgresSingleUser.test_secret(event)
    }

    fn finish_secret(&self, event: &Event) -> Result<(), Failure> {
        PostgresSingleUser.finish_secret(event)
    }
}
