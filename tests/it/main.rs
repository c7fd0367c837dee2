//! The integration tests, in one binary.

mod clients;
mod end_to_end;
mod layers;
mod store;
