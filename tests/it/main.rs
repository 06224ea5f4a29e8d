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

/// Which routes the scenarios go by that are not about routes. `tests/it_oauth` plays them at those of the standard.
const ROUTES: authsec_ciba::ApiRoutes = authsec_ciba::ApiRoutes::Workspace;

mod canaries;
#[cfg(feature = "openid")]
mod canaries_openid;
mod cancelling;
mod capture;
mod checking;
mod documentation;
mod environment;
mod faults;
mod forms;
mod futures;
mod headers;
mod oauth;
mod observability;
mod planes;
mod resuming;
mod rooms;
mod secrets;
mod support;
mod timing;
mod web_sample;
