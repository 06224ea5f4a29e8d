//! The calls that are counted: those of this crate, and two ways to write them on reqwest. Everything but the calls themselves is
//! set up before callgrind counts.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a program that measures: whatever is wrong should end it"
)]

mod batch;
mod counted;
mod inputs;
mod ours;
mod tuned;
mod written;

use batch::Batch;
use gungraun::{Callgrind, LibraryBenchmarkConfig, library_benchmark, library_benchmark_group, main};

#[library_benchmark]
#[bench::ours(setup = ours::verify_totp)]
#[bench::written(setup = written::verify_totp)]
#[bench::tuned(setup = tuned::verify_totp)]
fn verify_totp(batch: Batch) -> Batch {
    batch.run()
}

#[library_benchmark]
#[bench::ours(setup = ours::poll)]
#[bench::written(setup = written::poll)]
#[bench::tuned(setup = tuned::poll)]
fn poll(batch: Batch) -> Batch {
    batch.run()
}

#[library_benchmark]
#[bench::ours(setup = ours::initiate)]
#[bench::written(setup = written::initiate)]
#[bench::tuned(setup = tuned::initiate)]
fn initiate(batch: Batch) -> Batch {
    batch.run()
}

#[library_benchmark]
#[bench::ours(setup = ours::waiting)]
#[bench::written(setup = written::waiting)]
#[bench::tuned(setup = tuned::waiting)]
fn waiting(batch: Batch) -> Batch {
    batch.run()
}

library_benchmark_group!(name = calls, benchmarks = [verify_totp, poll, initiate, waiting]);

main!(
    // The server is a child, and not counted; of the caches nobody asks.
    config = LibraryBenchmarkConfig::default()
        .tool(Callgrind::with_args(["--trace-children=no", "--cache-sim=no"])),
    library_benchmark_groups = calls
);
