//! B-24, F-21: a crowd, and a server that is gone for a while.

#![allow(clippy::arithmetic_side_effects, reason = "a test's counters")]

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use zeroize::Zeroizing;

use crate::clock::{Instant, now};
use crate::poll::PollPolicy;
use crate::transport::{Body, Fault, FaultKind, HttpCall, HttpReply, ReplyHeaders, Replying, Transport};
use crate::{AuthReqId, CibaClient};

/// From when to when the server is gone, in seconds since the start.
const DOWN: std::ops::Range<u64> = 20..80;

/// The same of one that stands still for a moment.
const STOPPED: std::ops::Range<u64> = 20..26;

/// The crowd's interval, in seconds.
const INTERVAL: u64 = 5;

/// How a server is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Gone {
    /// Nothing listens.
    Refuses,
    /// Something listens and never answers.
    Hangs,
    /// It stands still, and answers when it goes on.
    Stops,
}

/// A server that counts requests by the second in which they arrive.
#[derive(Clone)]
struct Server {
    start: Instant,
    gone: Gone,
    /// When it begins to approve, in seconds.
    approves: u64,
    seen: Arc<Mutex<Vec<usize>>>,
    /// When each person was first answered since it is back.
    back: Arc<Mutex<HashMap<Vec<u8>, Duration>>>,
}

impl Server {
    /// From when to when it is gone.
    fn down(&self) -> Range<u64> {
        if self.gone == Gone::Stops { STOPPED } else { DOWN }
    }

    fn elapsed(&self) -> Duration {
        now().duration_since(self.start)
    }

    fn second(&self) -> u64 {
        now().duration_since(self.start).as_secs()
    }
}

impl Transport for Server {
    fn send<'a>(&'a self, call: HttpCall<'a>) -> Replying<'a> {
        Box::pin(async move {
            let second = self.second();
            {
                let mut seen = self.seen.lock().expect("not poisoned");
                let place = second as usize;
                if seen.len() <= place {
                    seen.resize(place + 1, 0);
                }
                seen[place] += 1;
            }
            if self.down().contains(&second) {
                match self.gone {
                    Gone::Refuses => return Err(Fault::new(FaultKind::NotConnected)),
                    Gone::Hangs => {
                        tokio::time::sleep(call.timeout).await;
                        return Err(Fault::new(FaultKind::TimedOut));
                    }
                    Gone::Stops => {
                        let left = Duration::from_secs(self.down().end) - self.elapsed();
                        tokio::time::timeout(call.timeout, tokio::time::sleep(left))
                            .await
                            .map_err(|_| Fault::new(FaultKind::TimedOut))?;
                    }
                }
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
            if self.second() >= self.down().end {
                let elapsed = self.elapsed();
                let mut back = self.back.lock().expect("not poisoned");
                back.entry(call.body.to_vec()).or_insert(elapsed);
            }
            let (status, body) = if second < self.approves {
                (202, r#"{"error":"authorization_pending"}"#)
            } else {
                (200, r#"{"access_token":"token"}"#)
            };
            let body = Body::Whole(Zeroizing::new(body.as_bytes().to_vec()));
            Ok(HttpReply { status, retry_after: None, headers: ReplyHeaders::default(), body })
        })
    }
}

/// Requests by the second, and how many of the crowd were approved.
async fn crowd(people: u64, gone: Gone, approves: u64, max_in_flight: usize) -> (Vec<usize>, usize) {
    let (server, approved) = crowd_at(people, gone, approves, max_in_flight).await;
    let seen = server.seen.lock().expect("not poisoned").clone();
    (seen, approved)
}

/// The server, when all have their outcome, and how many were approved.
async fn crowd_at(people: u64, gone: Gone, approves: u64, max_in_flight: usize) -> (Server, usize) {
    fastrand::seed(24);
    let server = Server { start: now(), gone, approves, seen: Arc::default(), back: Arc::default() };
    let builder = CibaClient::builder()
        .base_url("https://authsec.example")
        .client_id("client")
        .max_in_flight(max_in_flight);
    let inner = builder.into_inner(Box::new(server.clone())).expect("a valid configuration");
    let client = CibaClient::from_inner(inner);
    let mut tasks = Vec::new();
    for person in 0..people {
        // They came at random over one interval.
        let id = AuthReqId::new(format!("id-{person}")).expect("an id");
        let poll = client.poll_for_approval(format!("user{person}@example.com"), &id);
        let poll = poll.policy(PollPolicy::default()).interval(Duration::from_secs(INTERVAL));
        let came = Duration::from_micros(fastrand::u64(..5_000_000));
        tasks.push(tokio::spawn(async move {
            tokio::time::sleep(came).await;
            poll.await.expect("an outcome").status()
        }));
    }
    let mut approved = 0;
    for task in tasks {
        approved += usize::from(task.await.expect("no panic") == "approved");
    }
    (server, approved)
}

/// The mean and the peak of some seconds.
fn load(seen: &[usize]) -> (usize, usize) {
    let sum: usize = seen.iter().sum();
    (sum / seen.len().max(1), seen.iter().copied().max().unwrap_or_default())
}

#[tokio::test(start_paused = true)]
async fn b24_ten_thousand_polls_come_back_without_a_spike() {
    let (seen, approved) = crowd(10_000, Gone::Refuses, 80, 512).await;
    assert_eq!(approved, 10_000);
    let (mean, peak) = load(&seen[80..]);
    println!("{seen:?}\nafter the return: mean {mean}/s, peak {peak}/s");
    assert!(peak <= 2 * mean, "mean {mean}/s, peak {peak}/s after the return: {seen:?}");
    // While it is gone, nobody hammers a server that is not there: the load falls, and never rises above the healthy one.
    let (_, healthy) = load(&seen[..20]);
    let (first, peak) = load(&seen[20..40]);
    assert!(peak <= healthy * 11 / 10, "peak {peak}/s while it was gone, {healthy}/s before: {seen:?}");
    let (second, _) = load(&seen[40..60]);
    let (third, _) = load(&seen[60..80]);
    assert!(first > second && second > third && third < healthy / 3, "{first}/s, {second}/s, {third}/s");
}

#[tokio::test(start_paused = true)]
async fn b24_a_crowd_that_goes_on_waiting_finds_its_pace_again_without_a_spike() {
    let (seen, approved) = crowd(2_000, Gone::Refuses, 150, 512).await;
    assert_eq!(approved, 2_000);
    let (mean, peak) = load(&seen[80..150]);
    println!("{seen:?}\nafter the return: mean {mean}/s, peak {peak}/s");
    assert!(peak <= 2 * mean, "mean {mean}/s, peak {peak}/s after the return: {seen:?}");
}

/// Requests that hang keep their places, so most of the crowd waits in a queue for one: the queue is no herd either.
#[tokio::test(start_paused = true)]
async fn b24_b82_the_queue_behind_a_server_that_hangs_does_not_stampede() {
    let (seen, approved) = crowd(2_000, Gone::Hangs, 80, 64).await;
    assert_eq!(approved, 2_000);
    let (mean, peak) = load(&seen[80..]);
    println!("{seen:?}\nafter the return: mean {mean}/s, peak {peak}/s");
    assert!(peak <= 2 * mean, "mean {mean}/s, peak {peak}/s after the return: {seen:?}");
}

/// Whoever stands in the queue is woken when there is something to do, and then at once.
#[tokio::test(start_paused = true)]
async fn f21_the_crowd_is_back_within_one_interval_when_a_server_that_stood_still_goes_on() {
    let (server, approved) = crowd_at(10_000, Gone::Stops, 60, 512).await;
    assert_eq!(approved, 10_000);
    let back = server.back.lock().expect("not poisoned");
    assert_eq!(back.len(), 10_000, "each was answered again");
    let last = back.values().max().expect("somebody");
    let limit = Duration::from_secs(STOPPED.end + INTERVAL);
    println!("the last of the crowd is back at {last:?}");
    assert!(*last <= limit, "the last is back at {last:?}, and one interval is over at {limit:?}");
    // And at its pace: no second of the next intervals sees more than the crowd is, nor less than it asks for.
    let seen = server.seen.lock().expect("not poisoned");
    for interval in seen[31..56].chunks(INTERVAL as usize) {
        let polls: usize = interval.iter().sum();
        assert!((9_500..=10_000).contains(&polls), "{polls} polls in an interval: {seen:?}");
    }
}
