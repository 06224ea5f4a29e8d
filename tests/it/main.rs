//! Black-box tests: the published API against the sandbox, through real sockets. Client and server share one
//! current-thread runtime, so that its clock can be paused; no test waits in real time.

// A test says what it expects; what is not there should fail it, loudly.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects
)]

mod canaries;
mod cancelling;
mod capture;
mod checking;
mod documentation;
mod environment;
mod faults;
mod futures;
mod headers;
mod observability;
mod planes;
mod rooms;
mod secrets;
mod support;
mod timing;
mod web_sample;
