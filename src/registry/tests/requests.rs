//! The one request of an id: who drives it, where, and what comes of it when nobody does (B-13, B-43).

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};

use super::super::Companion;
use super::{Asked, Waiting, approved, denied, finish, registry, settle, wait, word};
use crate::clock::now;
use crate::poll::{Listener, UnderWay};
use crate::registry::{Asking, News, Request};

type Says = fn() -> News;

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().expect("a runtime")
}

/// Counts how often it is woken.
#[derive(Default)]
struct Counter(AtomicUsize);

impl Wake for Counter {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl Counter {
    fn new() -> (Arc<Self>, Waker) {
        let counter = Arc::new(Self::default());
        (Arc::clone(&counter), Waker::from(counter))
    }

    fn woken(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

/// `tokio::join!` of two waits: their task has one waker, and the one that brings the request home must not keep it from the
/// other, which was looked at before.
#[tokio::test]
async fn b13_of_two_waits_of_one_task_the_other_is_told_too() {
    let registry = registry();
    let waiting = wait(&registry, "id-1");
    let asked = waiting.asks().expect("nobody asks");
    let (task, waker) = Counter::new();
    let (mut one, mut other) = (Companion::default(), Companion::default());
    assert!(asked.request.drive(&mut one, &mut Context::from_waker(&waker)).is_pending());
    assert!(asked.request.drive(&mut other, &mut Context::from_waker(&waker)).is_pending());
    drop(asked.answer.send(News::Undecided));
    let woken = task.woken();
    assert!(asked.request.drive(&mut other, &mut Context::from_waker(&waker)).is_ready());
    // The wake-up of the answer has taken both wakers; the next one is the end's.
    assert!(asked.request.drive(&mut one, &mut Context::from_waker(&waker)).is_ready() && woken == 2);

    let again = waiting.asks().expect("nobody asks");
    let (mut one, mut other) = (Companion::default(), Companion::default());
    assert!(again.request.drive(&mut one, &mut Context::from_waker(&waker)).is_pending());
    again.request.end_for_tests(&mut other);
    assert_eq!(task.woken(), woken + 1, "whoever ends it has the same waker, and is somebody else");
}

#[tokio::test]
async fn b13_whoever_drives_a_request_is_told_of_all_that_happens_to_it() {
    let registry = registry();
    let waiting = wait(&registry, "id-1");
    let asked = waiting.asks().expect("nobody asks");
    let (first, second) = (Counter::new(), Counter::new());
    let (mut one, mut other) = (Companion::default(), Companion::default());
    assert!(asked.request.drive(&mut one, &mut Context::from_waker(&first.1)).is_pending());
    assert!(asked.request.drive(&mut one, &mut Context::from_waker(&first.1)).is_pending());
    assert!(asked.request.drive(&mut other, &mut Context::from_waker(&second.1)).is_pending());
    drop(asked.answer.send(News::Undecided));
    assert_eq!(
        [first.0.woken(), second.0.woken()],
        [1, 1],
        "whichever of them is still driven brings it home"
    );
    assert!(asked.request.drive(&mut Companion::default(), &mut Context::from_waker(&second.1)).is_ready());
    assert_eq!(first.0.woken(), 1, "it was woken, and has not come back");
    assert!(asked.request.drive(&mut Companion::default(), &mut Context::from_waker(&first.1)).is_ready());
}

#[tokio::test]
async fn b13_who_waits_while_another_ends_it_is_woken() {
    let registry = registry();
    let waiting = wait(&registry, "id-1");
    let asked = waiting.asks().expect("nobody asks");
    let (counter, waker) = Counter::new();
    assert!(asked.drive().is_pending());
    drop(asked.answer.send(News::Undecided));
    assert!(asked.request.drive(&mut Companion::default(), &mut Context::from_waker(&waker)).is_ready());
    assert_eq!(counter.woken(), 0, "who ends it needs no waking");
    let (parked, waker) = Counter::new();
    let again = waiting.asks().expect("nobody asks");
    assert!(again.request.drive(&mut Companion::default(), &mut Context::from_waker(&waker)).is_pending());
    again.request.end();
    assert_eq!((parked.woken(), counter.woken()), (1, 0));
}

#[tokio::test]
async fn b13_a_panic_in_a_request_frees_the_id() {
    let registry = registry();
    let waiting = wait(&registry, "id-1");
    let request = waiting.slot.begin(waiting.slot.begun(), true, now(), |asking| {
        Box::pin(async move {
            let _asking = asking;
            std::panic::resume_unwind(Box::new("a fault of ours"));
        })
    });
    let (request, _) = request.expect("nobody asks");
    let (parked, waker) = Counter::new();
    let panics = std::panic::AssertUnwindSafe(|| {
        request.drive(&mut Companion::default(), &mut Context::from_waker(&waker))
    });
    assert!(std::panic::catch_unwind(panics).is_err());
    assert_eq!(parked.woken(), 0, "it is the one that panics");
    assert!(
        request.drive(&mut Companion::default(), &mut Context::from_waker(&waker)).is_ready()
            && waiting.asks().is_some()
    );
}

/// A request that is woken in the middle of being polled, and driven by somebody else meanwhile.
#[tokio::test]
async fn b13_a_wake_up_in_the_middle_of_a_poll_is_not_lost() {
    let registry = registry();
    let waiting = wait(&registry, "id-1");
    let polls = Arc::new(AtomicUsize::new(0));
    let other: Arc<std::sync::Mutex<Option<Arc<Request>>>> = Arc::default();
    let request = waiting.slot.begin(waiting.slot.begun(), true, now(), |asking: Asking| {
        let (polls, other, mut asking) = (Arc::clone(&polls), Arc::clone(&other), Some(asking));
        Box::pin(std::future::poll_fn(move |cx| {
            if polls.fetch_add(1, Ordering::SeqCst) > 0 {
                asking.take().expect("once").end(now(), |_, _, _, _| denied());
                return Poll::Ready(());
            }
            cx.waker().wake_by_ref();
            let request = other.lock().expect("no panic").take().expect("the request");
            assert!(
                request
                    .drive(&mut Companion::default(), &mut Context::from_waker(Waker::noop()))
                    .is_pending(),
                "another is at it"
            );
            Poll::Pending
        }))
    });
    let (request, _) = request.expect("nobody asks");
    *other.lock().expect("no panic") = Some(Arc::clone(&request));
    assert!(
        request.drive(&mut Companion::default(), &mut Context::from_waker(Waker::noop())).is_ready(),
        "it looks again by itself"
    );
    assert_eq!(polls.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn b43_f11_the_last_wait_leaves_and_its_request_is_finished() {
    let registry = registry();
    let waiting = wait(&registry, "id-1");
    let asked = waiting.asks().expect("nobody asks");
    assert!(asked.drive().is_pending());
    drop(waiting);
    settle().await;
    drop(asked.answer.send(approved()));
    settle().await;
    assert_eq!(super::told(&registry, "id-1"), "approved");
}

#[tokio::test]
async fn b43_however_often_the_last_wait_leaves_one_task_finishes_the_request() {
    let registry = registry();
    let waiting = wait(&registry, "id-1");
    let asked = waiting.asks().expect("nobody asks");
    drop(waiting);
    for _ in 0..10 {
        drop(wait(&registry, "id-1"));
    }
    settle().await;
    assert_eq!(tokio::runtime::Handle::current().metrics().num_alive_tasks(), 1);
    asked.hears(News::Undecided);
    settle().await;
    assert_eq!(tokio::runtime::Handle::current().metrics().num_alive_tasks(), 0);
}

#[tokio::test]
async fn b43_a_new_wait_joins_what_is_being_finished() {
    let registry = registry();
    let waiting = wait(&registry, "id-1");
    let asked = waiting.asks().expect("nobody asks");
    drop(waiting);
    settle().await;
    let mut again = wait(&registry, "id-1");
    assert!(again.sees().is_some() && again.asks().is_none());
    drop(asked.answer.send(approved()));
    settle().await;
    assert!(again.is_told());
    assert_eq!(again.told(), "approved");
}

#[test]
fn b43_a_drop_outside_any_runtime_is_no_panic_and_the_request_is_finished_at_home() {
    let (home, registry) = (runtime(), registry());
    let (waiting, asked) = {
        let _inside = home.enter();
        let waiting = wait(&registry, "id-1");
        let asked = waiting.asks().expect("nobody asks");
        (waiting, asked)
    };
    drop(waiting);
    drop(asked.answer.send(approved()));
    home.block_on(settle());
    assert_eq!(super::told(&registry, "id-1"), "approved");
}

#[test]
fn b13_a_request_is_driven_where_it_was_begun_and_nowhere_else() {
    let (home, away, registry) = (runtime(), runtime(), registry());
    let inside = home.enter();
    let mut waiting = wait(&registry, "id-1");
    let asked = waiting.asks().expect("nobody asks");
    drop(inside);
    drop(asked.answer.send(approved()));
    let (told, waker) = Counter::new();
    {
        let _inside = away.enter();
        assert!(!asked.request.is_at_home());
        assert!(
            asked.request.drive(&mut Companion::default(), &mut Context::from_waker(&waker)).is_pending(),
            "the answer is there"
        );
    }
    let _inside = home.enter();
    assert!(
        asked.request.is_at_home()
            && asked
                .request
                .drive(&mut Companion::default(), &mut Context::from_waker(Waker::noop()))
                .is_ready()
    );
    assert_eq!((told.woken(), waiting.told()), (1, "approved"), "who waits elsewhere is woken by the end");
}

/// The wait that began the request is there, and not driven (F-05); who waits on another runtime lets it be finished.
#[test]
fn b13_f05_a_request_of_a_parked_wait_is_finished_at_home_for_who_waits_elsewhere() {
    let (home, away, registry) = (runtime(), runtime(), registry());
    let inside = home.enter();
    let parked = wait(&registry, "id-1");
    let asked = parked.asks().expect("nobody asks");
    drop(inside);
    let inside = away.enter();
    let mut waiting = wait(&registry, "id-1");
    let request = waiting.sees().expect("it is under way");
    Arc::clone(&request).finish(finish);
    request.finish(finish);
    drop(inside);
    drop(asked.answer.send(approved()));
    home.block_on(settle());
    assert!(waiting.is_told());
    assert_eq!(waiting.told(), "approved");
    drop(parked);
}

#[test]
fn b13_a_request_whose_runtime_has_ended_frees_the_id() {
    let (home, away, registry) = (runtime(), runtime(), registry());
    let inside = home.enter();
    let first = wait(&registry, "id-1");
    let asked = first.asks().expect("nobody asks");
    drop(inside);
    let _inside = away.enter();
    let second = wait(&registry, "id-1");
    let (told, waker) = Counter::new();
    assert!(asked.request.drive(&mut Companion::default(), &mut Context::from_waker(&waker)).is_pending());
    drop(home);
    drop((first, second.asks().is_none()));
    asked.request.finish(finish);
    assert_eq!(told.woken(), 1);
    assert!(second.misses_an_answer());
    second.hears(approved());
}

/// A request whose answer is just being read, given up meanwhile; and how often that was told to the pace.
fn given_up(waiting: &Waiting) -> (Asking, u32) {
    let mut reading = None;
    let request = waiting.slot.begin(waiting.slot.begun(), true, now(), |asking| {
        reading = Some(asking);
        Box::pin(std::future::pending())
    });
    let mut faults = 0_u32;
    waiting.slot.desert(&request.expect("begun").0, now(), |_| faults = faults.saturating_add(1));
    (reading.expect("begun"), faults)
}

#[tokio::test]
async fn b23_a_request_that_was_given_up_counts_only_where_it_decides() {
    let lates: [(Says, &str); 4] = [
        (approved, "approved"),
        (denied, "access_denied"),
        (|| News::Ended(crate::registry::Ended::Expired), "nothing"),
        (super::failed, "nothing"),
    ];
    for (late, expected) in lates {
        for asks_again in [false, true] {
            let registry = registry();
            let mut waiting = wait(&registry, "id-1");
            let (reading, faults) = given_up(&waiting);
            assert!(waiting.slot.pace(|pace, _| pace.heard() == 1));
            let again = asks_again.then(|| waiting.asks().expect("the id is free"));
            reading.end(now(), |_, _, _, _| late());
            assert_eq!((waiting.told(), faults), (expected, 1), "asks again: {asks_again}");
            if let Some(again) = again {
                assert_eq!(
                    again.answer.is_closed(),
                    expected != "nothing",
                    "what is decided needs no request"
                );
            }
        }
    }
}

#[tokio::test]
async fn b13_b23_what_a_given_up_request_brings_is_taken_where_a_later_one_took_it_for_lost() {
    let lost: Says = || News::Ended(crate::registry::Ended::Lost);
    let expired: Says = || News::Ended(crate::registry::Ended::Expired);
    let rows: [(Says, Says, &str); 5] = [
        (lost, approved, "approved"),
        (lost, denied, "access_denied"),
        (lost, expired, "approval_lost"),
        (lost, super::failed, "approval_lost"),
        (expired, approved, "expired_token"),
    ];
    for (later, late, expected) in rows {
        let registry = registry();
        let mut waiting = wait(&registry, "id-1");
        let (reading, _faults) = given_up(&waiting);
        waiting.hears(later());
        reading.end(now(), |_, _, _, _| late());
        assert_eq!(waiting.told(), expected);
        assert_eq!(super::told(&registry, "id-1"), expected, "and so is who comes later");
    }
}

#[tokio::test]
async fn b13_an_old_request_is_not_mistaken_for_the_new_one() {
    let registry = registry();
    let waiting = wait(&registry, "id-1");
    let old = waiting.asks().expect("nobody asks");
    waiting.slot.desert(&old.request, now(), |_| {});
    let new = waiting.asks().expect("the id is free");
    waiting.slot.desert(&old.request, now(), |_| panic!("given up already"));
    assert!(waiting.sees().is_some_and(|request| Arc::ptr_eq(&request, &new.request)));
    let _ = old.drive();
    drop(old);
    assert!(waiting.sees().is_some(), "the end of the old one leaves the new one alone");
    assert_eq!(waiting.slot.pace(|pace, _| pace.heard()), 1);
}

#[tokio::test]
async fn b13_what_was_given_up_in_the_queue_does_not_leave_in_place_of_the_new_one() {
    let registry = registry();
    let waiting = wait(&registry, "id-1");
    let mut reading = None;
    let old = waiting.slot.begin(waiting.slot.begun(), false, now(), |asking| {
        reading = Some(asking);
        Box::pin(std::future::pending())
    });
    waiting.slot.desert(&old.expect("nobody asks").0, now(), |_| panic!("nothing was sent"));
    let new = Asked::of(&waiting.slot, false).expect("the id is free");
    assert!(!reading.expect("begun").leaves(now()));
    assert!(!new.request.is_sent(), "it has no place yet");
}

#[tokio::test]
async fn b94_what_a_request_brings_that_was_given_up_is_not_reported() {
    for gives_up in [false, true] {
        let registry = registry();
        let waiting = wait(&registry, "id-1");
        waiting.slot.listen(Listener::new(Arc::new(|_| {}), waiting.slot.flow(), now()));
        let mut reading = None;
        let request = waiting.slot.begin(waiting.slot.begun(), true, now(), |asking| {
            reading = Some(asking);
            Box::pin(std::future::pending())
        });
        if gives_up {
            waiting.slot.desert(&request.expect("nobody asks").0, now(), |_| {});
        }
        let told = reading.expect("begun").end(now(), |_, _, _, _| News::Undecided);
        assert_eq!(told.is_empty(), gives_up);
    }
}

/// A task of its own would double what a lone wait costs while it asks.
#[tokio::test]
async fn b13_a_request_is_shared_only_where_others_wait_too() {
    for (others, shared) in [(0, false), (1, true), (2, true)] {
        let registry = registry();
        let waiting = wait(&registry, "id-1");
        let _others: Vec<_> = (0..others).map(|_| wait(&registry, "id-1")).collect();
        let mut reading = None;
        let begun = waiting.slot.begin(0, true, now(), |asking| {
            reading = Some(asking);
            Box::pin(std::future::pending())
        });
        assert_eq!(begun.expect("nobody asks").1, shared, "{others} others");
    }
}

#[tokio::test]
async fn b14_how_long_the_slowest_answer_took_is_known() {
    let registry = registry();
    let waiting = wait(&registry, "id-1");
    let mut reading = None;
    let at = now();
    let request = waiting.slot.begin(waiting.slot.begun(), false, at, |asking| {
        reading = Some(asking);
        Box::pin(std::future::pending())
    });
    let (request, _) = request.expect("nobody asks");
    let mut asking = reading.expect("begun");
    let second = Duration::from_secs(1);
    assert!(!request.is_sent() && request.overdue(second) == at + second);
    let left = at + Duration::from_secs(2);
    assert!(asking.leaves(left) && asking.leaves(left + Duration::from_secs(9)));
    assert!(request.is_sent() && request.overdue(second) == left + second);
    let mut lost = None;
    asking.end(left + Duration::from_secs(3), |_, pace, _, answer_was_lost| {
        lost = Some(answer_was_lost);
        assert!(pace.rests(left + Duration::from_secs(7)), "the floor counts from the end");
        News::Undecided
    });
    assert_eq!(lost, Some(false));
}

#[tokio::test]
async fn b23_what_the_last_answer_was_is_told_to_the_next_request() {
    let registry = registry();
    let waiting = wait(&registry, "id-1");
    for (turn, expected) in [(0, false), (1, true)] {
        let mut reading = None;
        let _request = waiting.slot.begin(waiting.slot.begun(), turn == 1, now(), |asking| {
            reading = Some(asking);
            Box::pin(std::future::pending())
        });
        let mut asking = reading.expect("begun");
        assert!(asking.leaves(now()));
        let mut lost = None;
        asking.end(now(), |_, _, _, answer_was_lost| {
            lost = Some(answer_was_lost);
            News::Undecided
        });
        assert_eq!(lost, Some(expected));
    }
    assert_eq!(word(None), "nothing");
}

#[tokio::test]
async fn b41_what_was_ended_in_the_queue_never_leaves() {
    let registry = registry();
    let waiting = wait(&registry, "id-1");
    let queued = Asked::of(&waiting.slot, false).expect("nobody asks");
    let mut reading = None;
    waiting.slot.desert(&queued.request, now(), |_| panic!("nothing was sent"));
    let _request = waiting.slot.begin(waiting.slot.begun(), false, now(), |asking| {
        reading = Some(asking);
        Box::pin(std::future::pending())
    });
    registry.cancel(&super::user());
    assert!(!reading.expect("begun").leaves(now()));
    let _ = queued.drive();
    assert!(queued.answer.is_closed());
}

/// Whoever waits knows that an approval has come and is only being checked; of a request that was given up nobody waits for it.
#[tokio::test]
async fn o74_what_is_being_checked_has_a_time_of_its_own() {
    let registry = registry();
    let waiting = wait(&registry, "id-1");
    let (at, minute) = (now(), Duration::from_secs(60));
    let mut reading = None;
    let begin = |reading: &mut Option<_>| {
        let request = waiting.slot.begin(waiting.slot.begun(), true, at, |asking| {
            *reading = Some(asking);
            Box::pin(std::future::pending())
        });
        request.expect("nobody asks").0
    };
    let sees = || waiting.slot.see(0, |view| view.under_way).expect("not ended").0;
    let given_up = begin(&mut reading);
    let late = reading.take().expect("begun");
    waiting.slot.desert(&given_up, at, |_| ());
    let request = begin(&mut reading);
    let asking = reading.take().expect("begun");
    late.checks(at + minute);
    assert_eq!((sees(), request.overdue(minute)), (UnderWay::Sent, at + minute));
    let until = at + Duration::from_secs(13);
    asking.checks(until);
    assert_eq!((sees(), request.overdue(minute)), (UnderWay::Checking(until), until));
    assert!(request.is_sent());
    asking.end(at, |_, _, _, _| News::Undecided);
    assert_eq!(sees(), UnderWay::Nothing);
    drop(late);
}
