//! A crowd of waiting polls, and a server that is gone for a minute: `cargo run --release --example outage`.
//!
//! Prints the polls per second as the server sees them, and says whether the load had a spike when the server came back
//! and whether every approval arrived. Exits with 1 if not.

#![allow(clippy::arithmetic_side_effects, reason = "counters and clocks of a program")]

#[path = "support/help.rs"]
mod help;

use std::collections::BTreeMap;
use std::error::Error;
use std::process::ExitCode;
use std::time::Duration;

use authsec_ciba::sandbox::{Call, Fault, Sandbox, User};
use authsec_ciba::{CibaClient, PushGuard};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

const HELP: &str = "\
usage: outage [--people N] [--down SECONDS] [--gone refuse|reset|hang]

  --people N       how many polls wait (default 10000); each open request takes two file descriptors
  --down SECONDS   how long the server is gone (default 60)
  --gone HOW       refuse: nothing listens (default)
                   reset:  connections are accepted and reset, so that the table shows the attempts, too
                   hang:   requests are read and never answered
";

/// How long the crowd waits before the server goes, in seconds: arrivals, and two rounds of polls.
const HEALTHY: u64 = 15;
/// How long a straggler may take after the return, in seconds: interval, backoff, and a poll that was under way.
const STRAGGLER: u64 = 60;

struct Arguments {
    people: usize,
    down: u64,
    gone: String,
}

impl Arguments {
    fn read() -> Result<Self, String> {
        let mut arguments = Self { people: 10_000, down: 60, gone: "refuse".to_owned() };
        let mut words = std::env::args().skip(1);
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or_else(|| HELP.to_owned());
            match word.as_str() {
                "--people" => arguments.people = value()?.parse().map_err(|_| HELP)?,
                "--down" => arguments.down = value()?.parse().map_err(|_| HELP)?,
                "--gone" => arguments.gone = value()?,
                _ => return Err(HELP.to_owned()),
            }
        }
        let known = ["refuse", "reset", "hang"].contains(&arguments.gone.as_str());
        // Requests live for 300 s.
        if known && arguments.down <= 180 { Ok(arguments) } else { Err(HELP.to_owned()) }
    }
}

#[tokio::main]
async fn main() -> Result<ExitCode, Box<dyn Error>> {
    if help::is_asked_for(HELP) {
        return Ok(ExitCode::SUCCESS);
    }
    let arguments = match Arguments::read() {
        Ok(arguments) => arguments,
        Err(help) => {
            print!("{help}");
            return Ok(ExitCode::from(2));
        }
    };
    let people: Vec<String> =
        (0..arguments.people).map(|number| format!("user{number}@example.com")).collect();
    let mut builder = Sandbox::builder().client("client", Some("secret"));
    for email in &people {
        builder = builder.user(User::new(email));
    }
    let sandbox = builder.start().await?;
    let client = CibaClient::builder()
        .base_url(sandbox.base_url())
        .client_id("client")
        .client_secret("secret")
        .push_guard(PushGuard::off())
        .build()?;

    let start = Instant::now();
    let mut crowd = JoinSet::new();
    for email in people.clone() {
        let client = client.clone();
        let comes = Duration::from_micros(fastrand::u64(..5_000_000));
        crowd.spawn(async move {
            sleep(comes).await;
            Ok::<_, authsec_ciba::Error>(client.initiate_app_approval(&email).await?.wait().await?.status())
        });
    }
    let mut load = Load { start, seconds: BTreeMap::new() };
    load.watch(&sandbox, HEALTHY).await;
    leave(&sandbox, &arguments.gone).await?;
    // They all approve while nobody can ask for it.
    for request in sandbox.issued().requests {
        sandbox.phone(&request.email).approve_id(&request.auth_req_id)?;
    }
    load.watch(&sandbox, HEALTHY + arguments.down).await;
    sandbox.faults().clear();
    // A server that hangs is started anew: what hangs in it is reset.
    sandbox.go_down().await?;
    sandbox.come_back().await?;
    load.watch(&sandbox, HEALTHY + arguments.down + STRAGGLER).await;

    let (mut statuses, mut errors) = (BTreeMap::<&str, usize>::new(), 0);
    while let Some(ended) = crowd.join_next().await {
        match ended? {
            Ok(status) => *statuses.entry(status).or_default() += 1,
            Err(error) => {
                errors += 1;
                println!("{error}");
            }
        }
    }
    load.watch(&sandbox, 0).await;
    let calm = load.report(&arguments);
    println!("outcomes: {statuses:?}, {errors} errors; connections at most {}", sandbox.connections().peak);
    let arrived = statuses.get("approved") == Some(&arguments.people);
    println!("every approval arrived: {}", if arrived { "yes" } else { "NO" });
    client.shutdown().await;
    sandbox.stop().await;
    Ok(if calm && arrived { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn leave(sandbox: &Sandbox, how: &str) -> std::io::Result<()> {
    match how {
        "reset" => drop(sandbox.faults().always(Call::Poll, Fault::ResetBefore)),
        "hang" => drop(sandbox.faults().always(Call::Poll, Fault::Hang)),
        _ => sandbox.go_down().await?,
    }
    Ok(())
}

/// Polls by the second in which they arrived.
struct Load {
    start: Instant,
    seconds: BTreeMap<u64, usize>,
}

impl Load {
    /// Empties the server's log every second until this second.
    async fn watch(&mut self, sandbox: &Sandbox, until: u64) {
        loop {
            for entry in sandbox.take_log(Instant::now()).iter().filter(|entry| entry.call == Call::Poll) {
                *self.seconds.entry((entry.received_at - self.start).as_secs()).or_default() += 1;
            }
            if self.start.elapsed() >= Duration::from_secs(until) {
                return;
            }
            sleep(Duration::from_millis(500)).await;
        }
    }

    /// The mean and the peak per second.
    fn of(&self, seconds: std::ops::Range<u64>) -> (usize, usize) {
        let counts = seconds.clone().map(|second| self.seconds.get(&second).copied().unwrap_or_default());
        let (sum, peak) = counts.fold((0, 0), |(sum, peak), count| (sum + count, peak.max(count)));
        (sum / (seconds.count().max(1)), peak)
    }

    /// Prints the table. Whether there was no spike above twice the mean after the return, and none above the healthy
    /// load before.
    fn report(&self, arguments: &Arguments) -> bool {
        let back = HEALTHY + arguments.down;
        let last = self.seconds.keys().copied().max().unwrap_or(back).max(back);
        println!(" seconds   server  polls/s  peak/s");
        let mut from = 0;
        while from <= last {
            let to = (from + 5).min(last + 1);
            let server = if (HEALTHY..back).contains(&from) { arguments.gone.as_str() } else { "up" };
            let (mean, peak) = self.of(from..to);
            println!(
                "{from:>3}..{to:<4} {server:>7} {mean:>8} {peak:>7}  {}",
                "#".repeat(peak.div_ceil(50).min(60))
            );
            from = to;
        }
        let (_, healthy) = self.of(0..HEALTHY);
        let (down_mean, down_peak) = self.of(HEALTHY..back);
        let (mean, peak) = self.of(back..last + 1);
        println!("before: peak {healthy}/s; gone: mean {down_mean}/s, peak {down_peak}/s");
        println!(
            "after the return: mean {mean}/s, peak {peak}/s: {:.2} times the mean",
            peak as f64 / mean as f64
        );
        let calm = peak <= 2 * mean && down_peak <= healthy + healthy / 5;
        println!("no spike: {}", if calm { "yes" } else { "NO" });
        calm
    }
}
