//! What a crowd costs when its server is in trouble, or the crowd is in one place.

use std::time::{Duration, Instant};

use authsec_ciba::AuthReqId;

use super::memory::{client, runtime, spawn};
use super::process::{cpu, stats};

/// More polls than places, in the queue of a server that needs its time for each answer: what waiting costs.
pub(crate) fn queue(address: &str, polls: usize, seconds: usize) {
    runtime().block_on(async {
        let client = client(address, false, 512);
        let _tasks: Vec<_> = (0..polls).map(|n| spawn(&client, n, Duration::from_secs(5))).collect();
        // What beginning costs is over.
        tokio::time::sleep(Duration::from_secs(5)).await;
        let (start, used, before) = (Instant::now(), cpu(), stats(address)["polls"]);
        tokio::time::sleep(Duration::from_secs(seconds as u64)).await;
        let elapsed = start.elapsed().as_secs_f64();
        println!(
            "cores={} per_second={}",
            (cpu() - used).as_secs_f64() / elapsed,
            (stats(address)["polls"] - before) / elapsed
        );
        std::process::exit(0);
    });
}

/// The server stands still, and goes on: how long until the crowd is back at its rate.
pub(crate) fn stopped(address: &str, server: &str, polls: usize, interval: usize, seconds: usize) {
    runtime().block_on(async {
        let client = client(address, false, 512);
        let every = Duration::from_secs(interval as u64);
        let per_tick = polls.div_ceil(every.as_millis() as usize / 10);
        let mut tick = tokio::time::interval(Duration::from_millis(10));
        let mut tasks = Vec::with_capacity(polls);
        for n in 0..polls {
            if n % per_tick == 0 {
                tick.tick().await;
            }
            tasks.push(spawn(&client, n, every));
        }
        tokio::time::sleep(2 * every).await;
        signal("-STOP", server);
        tokio::time::sleep(Duration::from_secs(seconds as u64)).await;
        signal("-CONT", server);
        let start = Instant::now();
        let rate = polls as f64 / interval as f64;
        let mut before = stats(address)["polls"];
        let mut back = f64::INFINITY;
        while start.elapsed() < Duration::from_secs(60) {
            let second = Instant::now();
            tokio::time::sleep(Duration::from_secs(1)).await;
            let polled = stats(address)["polls"];
            let per_second = (polled - before) / second.elapsed().as_secs_f64();
            eprintln!("   {:4.1} s: {per_second:.0} polls/s", start.elapsed().as_secs_f64());
            before = polled;
            if per_second >= 0.95 * rate {
                back = start.elapsed().as_secs_f64();
                break;
            }
        }
        let failed = tasks.iter().filter(|task| task.is_finished()).count();
        println!("back={back} failed={failed}");
        std::process::exit(0);
    });
}

fn signal(signal: &str, process: &str) {
    let status = std::process::Command::new("kill").args([signal, process]).status().expect("kill");
    assert!(status.success(), "kill {signal} {process}");
}

/// Initiates at once, each of another person.
pub(crate) fn initiates(address: &str, people: usize) {
    runtime().block_on(async {
        let client = client(address, false, 512);
        let start = Instant::now();
        let tasks: Vec<_> = (0..people)
            .map(|n| {
                tokio::spawn(client.initiate_app_approval(format!("user{n:09}@example.com")).into_future())
            })
            .collect();
        let mut failed = 0;
        for task in tasks {
            if let Err(error) = task.await.expect("no panic") {
                failed += 1;
                if failed <= 3 {
                    eprintln!("   {error}");
                }
            }
        }
        let seen = stats(address);
        println!(
            "failed={failed} seconds={} peak={} accepted={}",
            start.elapsed().as_secs_f64(),
            seen["peak"],
            seen["accepted"]
        );
        std::process::exit(0);
    });
}

/// Many ids of one person: what one more costs, beside as many of as many people.
pub(crate) fn one_person(ids: usize) {
    // Nobody listens: what is measured is over before anything is asked.
    let cost = |address: &str, one: bool| {
        runtime().block_on(async {
            let client = client("127.0.0.1:9", false, 1);
            let id = |n: usize| {
                AuthReqId::new(format!("id-{n:09}-abcdefghijklmnopqrstuvwxyzABCD=")).expect("valid")
            };
            let email = |n: usize| if one { address.to_owned() } else { format!("user{n:09}@example.com") };
            let waits: Vec<_> = (0..ids).map(|n| (email(n), id(n))).collect();
            let start = Instant::now();
            let mut tasks = Vec::with_capacity(ids);
            for (email, id) in &waits {
                tasks.push(client.poll_for_approval(email, id).spawn());
            }
            drop(tasks);
            start.elapsed().as_secs_f64() / ids as f64 * 1e6
        })
    };
    // The first run warms up, for both.
    let _ = cost("user@example.com", false);
    let (many, one) = (cost("user@example.com", false), cost("user@example.com", true));
    println!("one_us={one} many_us={many}");
}
