//! The API without a network: real actions over a simulated store, clock and randomness.
#![cfg(test)]

mod bad_input;
mod model;
mod properties;
mod wire;
mod world;
