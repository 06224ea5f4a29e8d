//! The fault catalogue: one test per case, named by its number (`n05_…`, `j36_…`). Cases without a number stand beside
//! their kind. What has no test is listed in `REASONS.md`, with the reason.
//!
//! Everything goes through real sockets. Client and server share one current-thread runtime with a paused clock,
//! unless many threads are the point; no test waits in real time, and none depends on the speed of the machine.

// A test says what it expects; what is not there should fail it, loudly.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects
)]
// A build without TLS or HTTP/2 leaves their cases out, and what only they use.
#![cfg_attr(not(all(feature = "rustls", feature = "http2")), allow(unused_imports, dead_code))]

/// Which routes the cases go by that are not about routes. `tests/catalogue_oauth` plays them at those of the standard.
const ROUTES: authsec_ciba::ApiRoutes = authsec_ciba::ApiRoutes::Workspace;

#[path = "../it/capture.rs"]
mod capture;
mod support;

mod cancelling;
mod codes;
mod concurrency;
mod configuration;
mod crowds;
mod dns;
mod documents;
mod framing;
#[cfg(feature = "http2")]
mod http2;
mod inputs;
#[cfg(feature = "rustls")]
mod mistakes;
mod more;
mod network;
mod numbers;
mod proxies;
mod redirects;
mod runtimes;
mod statuses;
#[cfg(feature = "rustls")]
mod tls;
