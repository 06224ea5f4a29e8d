//! Black-box tests of any OpenID provider: the published API against a provider of hand-written bytes, through real sockets.
//! Client and provider share one current-thread runtime, so that its clock can be paused; no test waits in real time.
//!
//! Names with a `c` are conformance cases: those of the OpenID Foundation's relying-party plan for CIBA, in its order, and
//! behind 31 our own.

// A test says what it expects; what is not there should fail it, loudly.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects
)]

mod assertions_at_authsec;
mod attacking;
mod authenticating;
mod canaries;
#[allow(dead_code, reason = "the capture of another test crate")]
#[path = "../it/capture.rs"]
mod capture;
mod certificates;
mod conformance;
mod discovering;
#[path = "../it/forms.rs"]
mod forms;
mod id_tokens;
mod keys;
mod op;
mod polling;
mod remote_signer;
mod resuming;
mod secrets;
mod starting;
mod support;
#[allow(dead_code, reason = "the certificates of another test crate")]
#[path = "../catalogue/support/tls.rs"]
mod tls;
mod words;
