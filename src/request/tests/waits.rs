//! B-12 to B-15, B-25, B-35, B-43: waits of one id, in every order that people and programs make of them.

#![allow(clippy::arithmetic_side_effects, reason = "sums of small values; an overflow fails the test")]

mod deadline;
mod drops;
mod kept;
mod looks;
mod pages;
mod parked;
mod people;
mod resources;
mod runtimes;

use std::time::Duration;

use crate::{ApprovalOutcome, Error};

const EMAIL: &str = "user@example.com";

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

#[track_caller]
fn status(outcome: Result<ApprovalOutcome, Error>) -> &'static str {
    outcome.expect("an outcome").status()
}

/// One poll per floor, from the acknowledgement on: so long as `last`.
fn one_per_floor(floor: u64, round_trip: u64, last: u128) -> Vec<u128> {
    let gap = u128::from(floor * 1_000 + round_trip);
    let first = u128::from(floor * 1_000);
    (0..).map(|number| first + number * gap).take_while(|at| *at <= last).collect()
}
