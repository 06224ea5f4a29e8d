//! The plan of a poll against what no server, caller or clock may bring it to (B-10, B-11, B-14, B-16, B-17).

#![allow(clippy::arithmetic_side_effects, reason = "sums of small values; an overflow fails the test")]

use std::time::Duration;

use proptest::prelude::*;

use super::{Deadline, Decision, Ending, Schedule, UnderWay, View};
use crate::clock::{Instant, later, now};
use crate::poll::policy::LONGEST_WAIT;
use crate::poll::{Event, Jitter, Life, Millis, Pace, PollPolicy, Verdict};

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A poll, as it would run.
#[derive(Debug)]
struct Plan {
    policy: PollPolicy,
    /// The server's interval, for an id that this client initiated.
    acknowledged: Option<Duration>,
    caller: Option<Duration>,
    timeout: Duration,
    expires_in: Option<Duration>,
    /// How long the acknowledgement took.
    push: Duration,
    events: Vec<(Event, Duration, u16)>,
}

/// What came of it.
struct Ran {
    /// When each poll left and when its answer had ended, since the start.
    polls: Vec<(Duration, Duration)>,
    /// The same with those that found no place.
    attempts: Vec<(Duration, Duration)>,
    /// The floor that held before each poll, and the last one.
    floors: Vec<Duration>,
    /// When and how it ended.
    end: Duration,
    gave_up: bool,
}

/// Runs a plan on instants that are only values. Past the listed events every answer is pending and takes no time.
fn run(plan: &Plan) -> Result<Ran, TestCaseError> {
    let start = now();
    let mut pace =
        plan.acknowledged.map_or_else(Pace::unknown, |interval| Pace::acknowledged(interval, start));
    let life = plan.expires_in.map(|life| Life::ending(later(start, life), Millis::of(plan.push)));
    let deadline = Deadline::earlier(later(start, plan.timeout), life);
    let schedule = Schedule::new(deadline, plan.caller, 0);
    let mut events = plan.events.iter().copied();
    let mut at: Instant = start;
    let mut ran = Ran {
        polls: Vec::new(),
        attempts: Vec::new(),
        floors: Vec::new(),
        end: Duration::ZERO,
        gave_up: false,
    };
    loop {
        ran.floors.push(schedule.floor(&pace, &plan.policy));
        let step = schedule.next(&pace, life, &plan.policy, true, at);
        prop_assert!(step.at >= at, "a step in the past");
        if !step.polls {
            ran.end = step.at - start;
            return Ok(ran);
        }
        let poll = step.at;
        prop_assert!(poll <= deadline.at, "a poll behind the deadline");
        let (event, takes, jitter) =
            events.next().unwrap_or((Event::Pending { retry_after: None }, Duration::ZERO, 0));
        let is_sent = !matches!(event, Event::NoPlace);
        // A wait leaves the queue at its deadline, and a request that has left behind the grace.
        let stays = if is_sent { later(deadline.at, plan.policy.grace) } else { deadline.at };
        let answered = later(poll, takes).min(stays);
        at = answered;
        ran.attempts.push((poll - start, answered - start));
        if is_sent {
            pace.asked(poll);
            pace.ended(at);
            pace.took(at - poll);
            ran.polls.push((poll - start, answered - start));
        }
        if pace.observe(event, &plan.policy, at, Jitter(jitter)) == Verdict::GiveUp {
            ran.gave_up = true;
            ran.end = at - start;
            return Ok(ran);
        }
        prop_assert!(ran.polls.len() < 100_000, "it does not come to an end");
    }
}

fn check(plan: &Plan) -> Result<(), TestCaseError> {
    let ran = run(plan)?;
    let lifetime = plan.timeout.min(plan.expires_in.unwrap_or(Duration::MAX));
    let first_floor = ran.floors[0];
    prop_assert!(first_floor >= plan.policy.minimum_interval);
    prop_assert!(first_floor >= plan.acknowledged.unwrap_or_default().min(LONGEST_WAIT));
    prop_assert!(ran.floors.is_sorted(), "B-11: the floor is never lowered: {:?}", ran.floors);
    let mut free_from = plan.acknowledged.map(|_| Duration::ZERO);
    // B-16: where the server's own two numbers allow no poll, the first one comes where the id may end.
    let earliest_end = plan.expires_in.map(|life| life.saturating_sub(plan.push));
    let excepted = |number: usize, poll: Duration| {
        let own = plan.acknowledged.unwrap_or_default().min(LONGEST_WAIT);
        number == 0 && earliest_end.is_some_and(|end| own > end && poll == end)
    };
    for (number, (poll, floor)) in ran.attempts.iter().zip(&ran.floors).enumerate() {
        if let Some(last) = free_from.filter(|_| !excepted(number, poll.0)) {
            prop_assert!(poll.0 - last >= *floor, "B-10: {:?} behind {last:?}, floor {floor:?}", poll.0);
        }
        free_from = Some(poll.1);
    }
    let most = lifetime.as_nanos().div_ceil(first_floor.as_nanos()) + 1;
    prop_assert!(ran.polls.len() as u128 <= most, "B-17: {} polls, at most {most}", ran.polls.len());
    prop_assert!(ran.end <= lifetime + plan.policy.grace, "B-14: ended at {:?} of {lifetime:?}", ran.end);
    if !ran.gave_up && ran.polls.iter().all(|poll| poll.1 <= lifetime) {
        prop_assert_eq!(ran.end, lifetime, "B-14: neither early nor late");
    }
    Ok(())
}

/// Waits from nothing to nonsense.
fn wait() -> impl Strategy<Value = Duration> {
    prop_oneof![
        6 => (0_u64..40_000).prop_map(Duration::from_millis),
        2 => (0_u64..2_000).prop_map(Duration::from_secs),
        1 => proptest::sample::select(vec![
            Duration::ZERO, Duration::from_nanos(1), LONGEST_WAIT, seconds(u64::from(u32::MAX)), seconds(u64::MAX),
            Duration::MAX,
        ]),
    ]
}

fn event() -> impl Strategy<Value = Event> {
    let perhaps = || proptest::option::of(wait());
    prop_oneof![
        4 => perhaps().prop_map(|retry_after| Event::Pending { retry_after }),
        1 => Just(Event::NoPlace),
        2 => (perhaps(), perhaps())
            .prop_map(|(named, retry_after)| Event::SlowDown { named, retry_after }),
        4 => (perhaps(), any::<bool>())
            .prop_map(|(retry_after, name_missing)| Event::Fault { retry_after, name_missing }),
        2 => perhaps().prop_map(|retry_after| Event::Unreadable { retry_after }),
    ]
}

fn policy() -> impl Strategy<Value = PollPolicy> {
    (1_u64..20_000, 0_u64..60, 1_u64..10_000, 0_u64..60_000).prop_map(|(minimum, grace, base, more)| {
        PollPolicy::default()
            .minimum_interval(Duration::from_millis(minimum))
            .grace(seconds(grace))
            .backoff_base(Duration::from_millis(base))
            .backoff_cap(Duration::from_millis(base + more))
            .validated()
            .expect("a valid policy")
    })
}

fn plan() -> impl Strategy<Value = Plan> {
    let events = proptest::collection::vec((event(), wait(), any::<u16>()), 0..40);
    let acknowledged = proptest::option::of(wait());
    (
        policy(),
        acknowledged,
        proptest::option::of(wait()),
        wait(),
        proptest::option::of(wait()),
        0_u64..20_000,
        events,
    )
        .prop_map(|(policy, acknowledged, caller, timeout, expires_in, push, events)| {
            // Short floors in a long life are many polls and nothing else.
            let timeout = timeout.min(policy.minimum_interval.saturating_mul(300)).min(LONGEST_WAIT);
            let expires_in = expires_in.map(|expires_in| expires_in.min(LONGEST_WAIT));
            let push = Duration::from_millis(push);
            Plan { policy, acknowledged, caller, timeout, expires_in, push, events }
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn b10_b11_b14_b16_b17_hold_for_any_events_and_numbers(plan in plan()) {
        check(&plan)?;
    }
}

fn plain(timeout: u64, events: Vec<(Event, Duration, u16)>) -> Plan {
    let policy = PollPolicy::default();
    Plan {
        policy,
        acknowledged: Some(seconds(5)),
        caller: None,
        timeout: seconds(timeout),
        expires_in: None,
        push: Duration::ZERO,
        events,
    }
}

fn instants(plan: &Plan) -> (Vec<u64>, u64, bool) {
    check(plan).expect("the promises hold");
    let ran = run(plan).expect("it runs");
    (ran.polls.iter().map(|poll| poll.0.as_secs()).collect(), ran.end.as_secs(), ran.gave_up)
}

#[test]
fn b14_the_last_gap_stretches_to_the_deadline() {
    assert_eq!(instants(&plain(20, vec![])), (vec![5, 10, 15, 20], 20, false));
    assert_eq!(instants(&plain(18, vec![])), (vec![5, 10, 18], 18, false));
    assert_eq!(instants(&plain(5, vec![])), (vec![5], 5, false));
    assert_eq!(instants(&plain(4, vec![])), (vec![], 4, false), "shorter than the way to the first poll");
    assert_eq!(instants(&plain(0, vec![])), (vec![], 0, false));
}

#[test]
fn b15_b12_an_unknown_id_is_looked_at_at_once_and_with_no_time_only_once() {
    let of = |timeout| Plan { acknowledged: None, ..plain(timeout, vec![]) };
    assert_eq!(instants(&of(0)), (vec![0], 0, false));
    assert_eq!(instants(&of(12)), (vec![0, 5, 12], 12, false));
}

#[test]
fn b11_slow_down_raises_the_floor_for_good() {
    let slow_down = |named| (Event::SlowDown { named, retry_after: None }, Duration::ZERO, 0);
    let plan = plain(60, vec![slow_down(None), slow_down(Some(seconds(2))), slow_down(None)]);
    assert_eq!(instants(&plan).0, [5, 15, 30, 60], "10, then 15, then 20 s");
    let plan = plain(100, vec![slow_down(Some(seconds(40)))]);
    assert_eq!(instants(&plan).0, [5, 45, 100]);
}

#[test]
fn b20_faults_add_to_the_floor_and_a_readable_answer_takes_it_back() {
    let fault = |jitter| (Event::Fault { retry_after: None, name_missing: false }, Duration::ZERO, jitter);
    let pending = (Event::Pending { retry_after: None }, Duration::ZERO, 0);
    let plan = plain(100, vec![fault(u16::MAX), fault(u16::MAX), fault(u16::MAX), pending]);
    assert_eq!(instants(&plan).0[..6], [5, 11, 18, 27, 32, 37], "5 s and 1, 2, 4 s");
    let wait = (Event::Fault { retry_after: Some(seconds(7)), name_missing: false }, Duration::ZERO, 0);
    assert_eq!(instants(&plain(30, vec![wait])).0[..3], [5, 12, 17], "Retry-After is a minimum");
    let wait = (Event::Fault { retry_after: Some(Duration::MAX), name_missing: false }, Duration::ZERO, 0);
    assert_eq!(instants(&plain(30, vec![wait])).0, [5], "it is not undercut at a wait's own deadline");
    let of_an_id = Plan { expires_in: Some(seconds(30)), ..plain(300, vec![wait]) };
    assert_eq!(
        instants(&of_an_id).0,
        [5, 30],
        "as long as it may be, one last look is left where the id ends"
    );
}

#[test]
fn f20_b20_retry_after_holds_beside_a_pending_code_and_a_slow_down() {
    let wait = Some(seconds(60));
    for event in [Event::Pending { retry_after: wait }, Event::SlowDown { named: None, retry_after: wait }] {
        let plan = plain(300, vec![(event, Duration::ZERO, 0)]);
        assert_eq!(instants(&plan).0[..2], [5, 65], "{event:?}");
    }
}

#[test]
fn b20_n15_five_unreadable_answers_or_three_missing_names_in_a_row_end_it() {
    let unreadable = (Event::Unreadable { retry_after: None }, Duration::ZERO, 0);
    let missing = (Event::Fault { retry_after: None, name_missing: true }, Duration::ZERO, 0);
    let fault = (Event::Fault { retry_after: None, name_missing: false }, Duration::ZERO, 0);
    let pending = (Event::Pending { retry_after: None }, Duration::ZERO, 0);
    let polls_of = |events: Vec<_>| {
        let (polls, _, gave_up) = instants(&plain(3_000, events));
        gave_up.then_some(polls.len())
    };
    assert_eq!(polls_of(vec![unreadable; 5]), Some(5));
    assert_eq!(polls_of(vec![missing; 3]), Some(3));
    assert_eq!(polls_of([vec![unreadable; 4], vec![pending], vec![unreadable; 4]].concat()), None);
    assert_eq!(polls_of(vec![missing, missing, fault, missing, missing, unreadable, missing, missing]), None);
    assert_eq!(polls_of(vec![fault; 50]), None, "what heals never ends a poll by itself");
}

#[test]
fn b14_b16_the_earlier_deadline_and_whose_word_it_is() {
    let start = now();
    let of = |timeout, expires| {
        let life = Life::ending(start + seconds(expires), Millis::ZERO);
        Deadline::earlier(start + seconds(timeout), Some(life))
    };
    assert_eq!(of(10, 20), Deadline { at: start + seconds(10), ending: Ending::Timeout });
    assert_eq!(of(20, 10), Deadline { at: start + seconds(10), ending: Ending::Expired });
    assert_eq!(of(10, 10).ending, Ending::Expired, "where both fall together");
    assert_eq!(Deadline::earlier(start, None).ending, Ending::Timeout);
}

#[test]
fn b16_b23_what_an_id_has_come_to_when_its_time_is_over() {
    let start = now();
    let of = |ending| Schedule::new(Deadline { at: start, ending }, None, 0);
    let (expired, timeout) = (of(Ending::Expired), of(Ending::Timeout));
    let mut pace = Pace::acknowledged(seconds(5), start);
    let told = |schedule: &Schedule, pace: &Pace, under_way| match schedule.close(pace, under_way) {
        Ok(outcome) => (outcome.status(), false, false),
        Err(error) => (error.kind().as_str(), error.is_retryable(), error.may_have_reached_server()),
    };
    assert_eq!(told(&expired, &pace, UnderWay::Nothing), ("expired_token", false, false));
    assert_eq!(told(&expired, &pace, UnderWay::Sent), ("network", true, true), "its answer may still come");
    assert_eq!(told(&expired, &pace, UnderWay::Queued), ("network", true, false));
    assert_eq!(told(&expired, &pace, UnderWay::Checking(start)), ("network", true, true), "or be checked");
    let policy = PollPolicy::default();
    let _ = pace.observe(Event::NoPlace, &policy, start, Jitter(0));
    assert_eq!(
        told(&expired, &pace, UnderWay::Nothing),
        ("network", false, false),
        "nobody has asked the server, and to ask again would be to ask for ever"
    );
    for under_way in [UnderWay::Nothing, UnderWay::Queued, UnderWay::Sent, UnderWay::Checking(start)] {
        assert_eq!(told(&timeout, &pace, under_way), ("timeout", false, false), "{under_way:?}");
    }
    let _ = pace.asked(start);
    assert_eq!(told(&expired, &pace, UnderWay::Nothing), ("expired_token", false, false), "it had a place");
    pace.unanswered(start);
    for (schedule, under_way, again) in [
        (&expired, UnderWay::Nothing, false),
        (&expired, UnderWay::Queued, true),
        (&expired, UnderWay::Sent, true),
        (&timeout, UnderWay::Nothing, true),
        (&timeout, UnderWay::Sent, true),
    ] {
        assert_eq!(told(schedule, &pace, under_way), ("network", again, true), "{schedule:?} {under_way:?}");
    }
}

const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// What a wait of an id does whose last request ended at 0 s, in seconds since then. Its floor is 5 s, its time is over at 60 s,
/// and the default grace is 2 s.
fn decided(pace: &Pace, ending: Ending, under_way: UnderWay, start: Instant, at: u64, now: u64) -> String {
    let schedule = Schedule::new(Deadline { at: later(start, seconds(60)), ending }, None, 0);
    let life = (ending == Ending::Expired).then(|| Life::ending(later(start, seconds(60)), Millis::ZERO));
    let view = View { pace, life, under_way, alone: true, begun: 7 };
    let (at, now) = (later(start, seconds(at)), later(start, seconds(now)));
    let since = |instant: Instant| instant.duration_since(start).as_secs();
    match schedule.decide(&view, &PollPolicy::default(), REQUEST_TIMEOUT, at, || now) {
        Decision::Sleep(until) => format!("sleep {}", since(until)),
        Decision::Ask(begun) => format!("ask {begun}"),
        Decision::Stay(until) => format!("stay {}", since(until)),
        Decision::Close(Ok(outcome)) => outcome.status().to_owned(),
        Decision::Close(Err(error)) => format!("{} {}", error.kind().as_str(), error.is_retryable()),
    }
}

/// The queue is one sleep to the wait's own deadline and one look at it: nothing in it wakes before.
#[test]
fn f15_f19_b82_the_queue_and_what_is_on_the_wire_are_decided_by_the_deadline_alone() {
    use Ending::{Expired, Timeout};
    use UnderWay::{Checking, Nothing, Queued, Sent};

    let start = now();
    let pace = Pace::acknowledged(seconds(5), start);
    let checking = |until| Checking(start + seconds(until));
    let rows = [
        // Ending, what is under way, the instant that was slept for, now, what is done.
        (Timeout, Nothing, 0, 0, "sleep 5"),
        (Timeout, Nothing, 5, 5, "ask 7"),
        (Timeout, Nothing, 5, 61, "ask 7"),
        (Timeout, Nothing, 60, 62, "ask 7"),
        (Timeout, Nothing, 60, 63, "timeout"),
        (Timeout, Nothing, 61, 61, "timeout"),
        (Expired, Nothing, 60, 62, "ask 7"),
        (Expired, Nothing, 60, 63, "expired_token"),
        (Timeout, Queued, 0, 0, "stay 60"),
        (Timeout, Queued, 59, 59, "stay 60"),
        (Timeout, Queued, 59, 600, "stay 60"),
        (Timeout, Queued, 60, 60, "timeout"),
        (Expired, Queued, 59, 59, "stay 60"),
        (Expired, Queued, 60, 60, "network true"),
        (Timeout, Sent, 0, 0, "stay 62"),
        (Timeout, Sent, 61, 61, "stay 62"),
        (Timeout, Sent, 62, 62, "timeout"),
        (Expired, Sent, 61, 61, "stay 62"),
        (Expired, Sent, 62, 62, "network true"),
        (Timeout, checking(72), 61, 61, "stay 72"),
        (Timeout, checking(72), 72, 72, "timeout"),
        (Expired, checking(72), 71, 71, "stay 72"),
        (Expired, checking(72), 72, 72, "network true"),
        (Timeout, checking(30), 31, 31, "stay 62"),
        (Timeout, checking(30), 62, 62, "timeout"),
    ];
    for (ending, under_way, at, now, expected) in rows {
        let found = decided(&pace, ending, under_way, start, at, now);
        assert_eq!(found, expected, "{ending:?} {under_way:?} at {at} s, now {now} s");
    }
}

/// Sent away from a queue that does not move, a wait comes again one to three floors later, and not at its deadline's cost.
#[test]
fn f19_f21_b82_a_wait_that_found_no_place_sleeps_for_one_to_three_floors() {
    let start = now();
    for (jitter, again) in [(0, 5), (u16::MAX / 2, 10), (u16::MAX, 15)] {
        let mut pace = Pace::acknowledged(seconds(5), start);
        let _ = pace.observe(Event::NoPlace, &PollPolicy::default(), start, Jitter(jitter));
        let at = |at| decided(&pace, Ending::Expired, UnderWay::Nothing, start, at, at);
        assert!([format!("sleep {again}"), format!("sleep {}", again - 1)].contains(&at(0)), "{}", at(0));
        assert_eq!(at(again + 1), "ask 7");
        assert_eq!(at(61), "network false", "nobody has asked, and nobody can any more");
        let timeout = decided(&pace, Ending::Timeout, UnderWay::Nothing, start, 61, 61);
        assert_eq!(timeout, "timeout");
    }
}

/// How long answers take stretches the patience with what is on the wire, and a request's own timeout ends it; the queue has
/// neither.
#[test]
fn f17_b14_the_grace_is_of_what_is_on_the_wire_and_not_of_the_queue() {
    let start = now();
    for (slowest, until) in [(0, 62), (1, 62), (3, 66), (9, 70)] {
        let mut pace = Pace::acknowledged(seconds(5), start);
        pace.took(seconds(slowest));
        let decided = |under_way| decided(&pace, Ending::Timeout, under_way, start, 60, 60);
        assert_eq!(decided(UnderWay::Sent), format!("stay {until}"), "slowest {slowest} s");
        assert_eq!(decided(UnderWay::Queued), "timeout", "slowest {slowest} s");
    }
}
