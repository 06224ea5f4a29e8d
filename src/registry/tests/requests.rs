//! The one request of an id: who drives it, and who is told (B-13).

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};

use super::super::Companion;
use super::{denied, registry, wait, word};
use crate::clock::now;
use crate::poll::UnderWay;
use crate::registry::{Asking, News, Request};

pub(super) fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().expect("a runtime")
}

/// Counts how often it is woken.
#[derive(Default)]
pub(super) struct Counter(AtomicUsize);

impl Wake for Counter {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl Counter {
    pub(super) fn new() -> (Arc<Self>, Waker) {
        let counter = Arc::new(Self::default());
        (Arc::clone(&counter), Waker::from(counter))
    }

    pub(super) fn woken(&self) -> usize {
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
