//! A crowd that polls: how punctual, at what cost.

use std::time::Duration;

use super::memory::{client, runtime, spawn};
use super::process::{cpu, reset, resident, stats};

pub(crate) fn run(address: &str, polls: usize, interval: usize, seconds: usize, http2: bool) {
    runtime().block_on(async {
        let client = client(address, http2, 512);
        let interval = Duration::from_secs(interval as u64);
        let before = resident();
        let mut tasks = Vec::with_capacity(polls);
        // People begin when they begin: spread over one interval.
        let per_tick = polls.div_ceil(interval.as_millis() as usize / 10);
        let mut tick = tokio::time::interval(Duration::from_millis(10));
        for n in 0..polls {
            if n % per_tick == 0 {
                tick.tick().await;
            }
            tasks.push(spawn(&client, n, interval));
        }
        tokio::time::sleep(interval).await;
        measured(address, seconds, polls, before).await;
        std::process::exit(0);
    });
}

/// Prints what the next seconds cost.
pub(crate) async fn measured(address: &str, seconds: usize, polls: usize, before: usize) {
    reset(address);
    let (start, used) = (tokio::time::Instant::now(), cpu());
    tokio::time::sleep(Duration::from_secs(seconds as u64)).await;
    let (elapsed, used) = (start.elapsed().as_secs_f64(), (cpu() - used).as_secs_f64());
    let seen = stats(address);
    println!(
        "per_second={} cpu_us={} cores={} bytes={} min={} p50={} p99={} max={} peak={} accepted={}",
        seen["polls"] / elapsed,
        used / seen["polls"] * 1e6,
        used / elapsed,
        (resident() - before) / polls,
        seen["min"],
        seen["p50"],
        seen["p99"],
        seen["max"],
        seen["peak"],
        seen["accepted"],
    );
}

/// All due in the same instant.
pub(crate) fn burst(address: &str, polls: usize, http2: bool) {
    runtime().block_on(async {
        let client = client(address, http2, 512);
        let start = tokio::time::Instant::now();
        let tasks: Vec<_> = (0..polls).map(|n| spawn(&client, n, Duration::from_secs(60))).collect();
        while stats(address)["polls"] < polls as f64 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let seen = stats(address);
        let failed = tasks.iter().filter(|task| task.is_finished()).count();
        println!(
            "seconds={} peak={} accepted={} failed={failed} repeated={}",
            start.elapsed().as_secs_f64(),
            seen["peak"],
            seen["accepted"],
            seen["polls"] - polls as f64
        );
        std::process::exit(0);
    });
}
