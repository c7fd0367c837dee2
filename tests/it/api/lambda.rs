//! The AWS Lambda API over the simulated store and clock, with the real sandbox: what is deployed here is
//! compiled and run.

mod by_hand;
mod component;
mod concurrency;
mod crash;
mod oversteps;
mod refusals;
mod rotation;
mod wire;
mod world;
