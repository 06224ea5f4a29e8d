//! What a crowd of waiting polls costs: `cargo run --release --manifest-path benches/Cargo.toml`. Every figure comes from a process of its own
//! against a lean server in another process, all in one run.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    missing_docs,
    reason = "a program that measures: whatever is wrong should end it"
)]

mod bare;
mod calls;
mod cancels;
mod crowd;
mod memory;
mod process;
mod python;
mod report;
mod server;
mod svg;
mod trouble;

use std::env;

/// A role, for a child, or what to measure.
fn main() {
    let words: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let number = |text: &str| text.parse::<usize>().expect("a number");
    match words.as_slice() {
        ["serve", ids, late_ms] => server::run(number(ids), number(late_ms)),
        ["memory", address, polls, http] => memory::run(address, number(polls), *http == "h2"),
        ["crowd", address, polls, interval, seconds, http] => {
            crowd::run(address, number(polls), number(interval), number(seconds), *http == "h2");
        }
        ["bare", address, polls, interval, seconds] => {
            bare::run(address, number(polls), number(interval), number(seconds));
        }
        ["queue", address, polls, seconds] => trouble::queue(address, number(polls), number(seconds)),
        ["stopped", address, server, polls, interval, seconds] => {
            trouble::stopped(address, server, number(polls), number(interval), number(seconds));
        }
        ["initiates", address, people] => trouble::initiates(address, number(people)),
        ["initiates-here", people] => report::initiates_here(people),
        ["one-person", ids] => trouble::one_person(number(ids)),
        ["burst", address, polls, http] => crowd::burst(address, number(polls), *http == "h2"),
        ["calls", address, calls] => calls::run(address, number(calls)),
        ["cancels", address, polls, interval] => cancels::run(address, number(polls), number(interval)),
        wanted => report::run(wanted),
    }
}
