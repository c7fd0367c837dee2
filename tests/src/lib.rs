//! What the tests of Keywheel are made of: the simulated world, harnesses for real servers, contract
//! suites and generators.

pub mod canary;
pub mod certificate;
pub mod client;
pub mod clock;
pub mod entropy;
pub mod fuzz;
mod language_tools;
pub mod languages;
pub mod mariadb;
mod mariadb_programs;
pub mod node;
pub mod postgres;
mod postgres_programs;
pub mod process;
pub mod sim;
pub mod small_disk;
pub mod store;
mod stored;
pub mod wait;
