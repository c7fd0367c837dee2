//! The API without a network: real actions over a simulated store, clock and randomness.
#![cfg(test)]

mod access;
mod approvers;
mod bad_input;
mod events;
mod fragile;
mod goldens;
mod iam;
mod kms;
mod lambda;
mod model;
mod overtaken;
mod properties;
mod readme;
mod replicas;
mod rotation_policy;
mod service_model;
mod verbs;
mod wire;
mod world;
