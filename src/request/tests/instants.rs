//! The list of poll instants, in milliseconds since the acknowledgement or the call. No tolerance. One file a promise.

mod backoff;
mod deadline;
mod first_poll;
mod floor;
mod joining;
mod jumps;
mod odd_numbers;
mod one_look;
mod slow_down;

use std::time::Duration;

use crate::AuthReqId;
use crate::clock::Instant;
use crate::transport::script::Script;

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn polls(script: &Script, start: Instant) -> Vec<u128> {
    script.instants("/token", start)
}

fn elsewhere() -> AuthReqId {
    AuthReqId::new("id-of-another-process").expect("a valid id")
}
