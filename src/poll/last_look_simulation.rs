//! What the stretched last look is worth: how many approvals of the last 20 s are not fetched, with it and without (B-14).

#![allow(clippy::arithmetic_side_effects, reason = "sums of small values; an overflow fails the test")]

use std::time::Duration;

use super::schedule::{Deadline, Schedule};
use super::{Event, Jitter, Life, Pace, PollPolicy};
use crate::clock::{Instant, later, now};

const APPROVALS: usize = 10_000;
const INTERVAL: Duration = Duration::from_secs(5);
const LAST: Duration = Duration::from_secs(20);
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// From where the server counts the life of an id.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Counts {
    FromArrival,
    FromAnswer,
}

/// One id, from its initiate to its end.
struct Run {
    push: Duration,
    /// A round trip takes between a half and one and a half of it.
    round_trip: Duration,
    expires_in: Duration,
    /// The poll, counted from 0, whose answer never comes; the server has answered it.
    loses: Option<usize>,
    seed: u64,
}

/// A poll: when it arrives, and whether its answer does.
struct Polled {
    arrives: Instant,
    is_lost: bool,
}

impl Run {
    /// Its polls, and when the server's time is over.
    fn polls(&self, stretched: bool, counts: Counts) -> (Vec<Polled>, Instant) {
        let mut random = fastrand::Rng::with_seed(self.seed);
        let jitter = Jitter(fastrand::Rng::with_seed(!self.seed).u16(..));
        let mut trip = || self.round_trip.mul_f64(0.5 + random.f64());
        let sent = now();
        let there = trip();
        let acknowledged = sent + there + self.push;
        let servers_start = match counts {
            Counts::FromArrival => sent + there / 2,
            Counts::FromAnswer => sent + there / 2 + self.push,
        };
        let life = Life::new(sent, acknowledged, self.expires_in);
        let deadline = Deadline::earlier(later(acknowledged, Duration::from_secs(3_600)), Some(life));
        let (policy, mut pace) = (PollPolicy::default(), Pace::acknowledged(INTERVAL, acknowledged));
        let schedule = Schedule::new(deadline, None, 0);
        let (mut at, mut polls) = (acknowledged, Vec::new());
        loop {
            let poll = if stretched {
                let step = schedule.next(&pace, Some(life), &policy, true, at);
                Some(step.at).filter(|_| step.polls)
            } else {
                Some(schedule.due(&pace, Some(life), &policy, at)).filter(|poll| *poll <= deadline.at)
            };
            let Some(poll) = poll else { return (polls, servers_start + self.expires_in) };
            let takes = trip();
            let is_lost = self.loses == Some(polls.len());
            polls.push(Polled { arrives: poll + takes / 2, is_lost });
            pace.asked(poll);
            if is_lost {
                at = poll + REQUEST_TIMEOUT;
                pace.ended(at);
                pace.observe(Event::Fault { retry_after: None, name_missing: false }, &policy, at, jitter);
            } else {
                at = poll + takes;
                pace.ended(at);
                pace.took(takes);
                pace.observe(Event::Pending { retry_after: None }, &policy, at, Jitter(0));
            }
        }
    }

    /// Whether an approval so long before the server's end is fetched.
    fn fetches(&self, before: Duration, stretched: bool, counts: Counts) -> bool {
        let (polls, end) = self.polls(stretched, counts);
        // Whoever asks first behind it gets it, and only once.
        let first = polls.iter().find(|poll| poll.arrives >= end - before);
        first.is_some_and(|poll| poll.arrives < end && !poll.is_lost)
    }
}

/// Of so many approvals in the last 20 s: how many are not fetched, with the stretched last look and without. `loses`: each
/// loses one of its first answers.
fn missed(push: u64, round_trip: u64, loses: bool, counts: Counts) -> (usize, usize) {
    let mut random = fastrand::Rng::with_seed(push * 1_000 + round_trip);
    let (mut with, mut without) = (0, 0);
    for _ in 0..APPROVALS {
        let run = Run {
            push: Duration::from_secs(push),
            round_trip: Duration::from_millis(round_trip),
            // Any phase of the polls against the end.
            expires_in: Duration::from_secs(30) + INTERVAL.mul_f64(random.f64()),
            loses: loses.then(|| random.usize(..4)),
            seed: random.u64(..),
        };
        let before = LAST.mul_f64(random.f64());
        with += usize::from(!run.fetches(before, true, counts));
        without += usize::from(!run.fetches(before, false, counts));
    }
    (with, without)
}

#[test]
fn f16_b14_no_more_approvals_are_lost_with_the_stretched_last_look_than_without() {
    println!("of {APPROVALS} approvals in the last 20 s are not fetched, with the stretched look / without");
    println!("push  round trip  server counts from the initiate's arrival   from its answer");
    for push in [0, 1, 3, 10] {
        for round_trip in [30, 100, 300] {
            let (with, without) = missed(push, round_trip, false, Counts::FromArrival);
            let (with_answer, without_answer) = missed(push, round_trip, false, Counts::FromAnswer);
            println!(
                "{push:2} s  {round_trip:7} ms  {with:25} / {without:<16} {with_answer:15} / {without_answer}"
            );
            assert!(
                with <= without,
                "push {push} s, round trip {round_trip} ms: {with} with, {without} without"
            );
        }
    }
}

/// A request without an answer says nothing of how long answers take (F-17): the last look lands as late as ever.
#[test]
fn f16_b14_a_lost_answer_takes_nothing_from_the_last_look() {
    println!("the same, where each loses one of its first answers");
    for push in [0, 1, 3, 10] {
        for round_trip in [30, 100, 300] {
            for counts in [Counts::FromArrival, Counts::FromAnswer] {
                let (with, without) = missed(push, round_trip, true, counts);
                println!("{push:2} s  {round_trip:7} ms  {with:25} / {without}");
                assert!(
                    with <= without,
                    "push {push} s, round trip {round_trip} ms: {with}, {without} without"
                );
                // Where the push takes no time.
                let saved = without - with;
                assert!(
                    push > 0 || round_trip > 100 || saved > 500,
                    "round trip {round_trip} ms: {saved} saved"
                );
            }
        }
    }
}
