//! The API without a network: real actions over a simulated store, clock and randomness.
#![cfg(test)]

mod approvers;
mod bad_input;
mod events;
mod lambda;
mod model;
mod overtaken;
mod properties;
mod readme;
mod rotation_policy;
mod verbs;
mod wire;
mod world;
