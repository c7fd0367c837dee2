//! The integration tests, in one binary.

mod api;
mod canary;
mod clients;
mod crash;
mod end_to_end;
mod fuzz;
mod host;
mod languages;
mod layers;
mod monitoring;
mod rehearsal;
mod store;
mod webhooks;
mod worker;
