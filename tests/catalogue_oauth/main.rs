//! O-01: the fault catalogue once more, at the routes of the standard: the same cases, the same outcomes. What is about
//! settings, addresses and connections alone stays in `tests/catalogue`.

// A test says what it expects; what is not there should fail it, loudly.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects
)]
// What only the cases that stay there use.
#![allow(unused_imports, dead_code)]

const ROUTES: authsec_ciba::ApiRoutes = authsec_ciba::ApiRoutes::OAuth;

#[path = "../it/capture.rs"]
mod capture;
#[path = "../catalogue/support/mod.rs"]
mod support;

#[path = "../catalogue/cancelling.rs"]
mod cancelling;
#[path = "../catalogue/codes.rs"]
mod codes;
#[path = "../catalogue/concurrency.rs"]
mod concurrency;
#[path = "../catalogue/crowds.rs"]
mod crowds;
#[path = "../catalogue/documents.rs"]
mod documents;
#[path = "../catalogue/framing.rs"]
mod framing;
#[cfg(feature = "http2")]
#[path = "../catalogue/http2.rs"]
mod http2;
#[path = "../catalogue/inputs.rs"]
mod inputs;
#[path = "../catalogue/more.rs"]
mod more;
#[path = "../catalogue/network.rs"]
mod network;
#[path = "../catalogue/numbers.rs"]
mod numbers;
#[path = "../catalogue/redirects.rs"]
mod redirects;
#[path = "../catalogue/runtimes.rs"]
mod runtimes;
#[path = "../catalogue/statuses.rs"]
mod statuses;
