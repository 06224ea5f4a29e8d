//! O-01: the black-box tests of `tests/it` once more, at the routes of the standard: the same scenarios, the same outcomes.

// A test says what it expects; what is not there should fail it, loudly.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects
)]
// What only `tests/it` uses.
#![allow(dead_code)]

const ROUTES: authsec_ciba::ApiRoutes = authsec_ciba::ApiRoutes::OAuth;

#[path = "../it/canaries.rs"]
mod canaries;
#[path = "../it/cancelling.rs"]
mod cancelling;
#[path = "../it/capture.rs"]
mod capture;
#[path = "../it/checking.rs"]
mod checking;
#[path = "../it/faults.rs"]
mod faults;
#[path = "../it/forms.rs"]
mod forms;
#[path = "../it/futures.rs"]
mod futures;
#[path = "../it/headers.rs"]
mod headers;
#[path = "../it/observability.rs"]
mod observability;
#[path = "../it/secrets.rs"]
mod secrets;
#[path = "../it/support.rs"]
mod support;
#[path = "../it/timing.rs"]
mod timing;
