//! Races on all cores, in real time, over real sockets: what the model checker (`tests/model`) cannot see.

// A test says what it expects; what is not there should fail it, loudly.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects
)]

mod cancelling;
mod codes;
mod people;
mod server;
