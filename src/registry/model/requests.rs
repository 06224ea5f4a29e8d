//! The one request of an id: who drives it, who leaves it, who gives it up (B-13, B-23, B-43).

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Waker};

use loom::thread;

use super::{Bell, Line, World, approved, check, drive, join};
use crate::clock::now;
use crate::registry::{Ended, News};

/// B-13: one id, one request.
#[test]
fn b13_two_waits_that_would_ask() {
    check(|| {
        let world = World::new();
        let (first, second) = (world.wait("a"), world.wait("a"));
        let asking = world.spawn(move |_| {
            let asked = first.asks().is_some();
            (first, asked)
        });
        let asked = second.asks().is_some();
        let (first, other) = join(asking);
        assert!(asked != other, "one of them");
        assert!(drive(&second.sees().expect("it is under way")));
        assert_eq!([first, second].map(|mut waiting| waiting.told()), ["approved"; 2]);
        assert_eq!(world.live(), 0);
    });
}

/// B-13: the last wait leaves with a request in flight, and a new one comes: the request survives, and nobody asks anew.
#[test]
fn b13_b43_the_last_wait_leaves_against_a_new_one() {
    check(|| {
        let world = World::new();
        let first = world.wait("a");
        let _request = first.asks().expect("nobody asks");
        let leaving = world.spawn(move |world| {
            drop(first);
            world.run_tasks();
        });
        let mut second = world.wait("a");
        assert!(second.asks().is_none(), "asked anew");
        if let Some(request) = second.sees() {
            drive(&request);
        }
        join(leaving);
        world.run_tasks();
        assert_eq!((second.told(), world.live()), ("approved", 0));
    });
}

/// B-43: the answer comes while the last wait leaves: it is kept.
#[test]
fn b43_the_last_wait_leaves_against_an_arriving_token() {
    check(|| {
        let world = World::new();
        let waiting = world.wait("a");
        let request = waiting.asks().expect("nobody asks");
        let leaving = world.spawn(move |_| drop(waiting));
        drive(&request);
        join(leaving);
        world.run_tasks();
        assert_eq!((world.live(), world.told("a")), (0, "approved"));
    });
}

/// B-43: a drop beside a cancel leaves nothing, and loses neither.
#[test]
fn b43_a_drop_against_a_cancel() {
    check(|| {
        let world = World::new();
        let waiting = world.wait("a");
        let request = waiting.asks().expect("nobody asks");
        let dropping = world.spawn(move |_| drop(waiting));
        assert!(world.cancel() <= 1);
        join(dropping);
        assert!(drive(&request), "its request is over");
        assert_eq!((world.live(), world.told("a")), (0, "requested"));
    });
}

/// B-13: a wait that was woken is dropped before it is polled: the other one was woken, too.
#[test]
fn b13_a_woken_wait_is_dropped_before_it_is_polled() {
    check(|| {
        let world = World::new();
        let (first, mut second) = (world.wait("a"), world.wait("a"));
        let line = Arc::new(Line::default());
        let request = first.begins(|asking| line.request(asking)).expect("nobody asks");
        let (one, two) = (Arc::new(Bell::default()), Arc::new(Bell::default()));
        for bell in [&one, &two] {
            let waker = Waker::from(Arc::clone(bell));
            assert!(
                request
                    .drive(&mut crate::registry::Companion::default(), &mut Context::from_waker(&waker))
                    .is_pending()
            );
        }
        let answering = thread::spawn(move || line.answers());
        drop(first);
        join(answering);
        assert!(two.rang(), "left asleep");
        assert!(drive(&request));
        assert_eq!(second.told(), "approved");
    });
}

/// B-13: two drive a request while its answer comes, and one of them is never polled again: the other knows of it.
#[test]
fn b13_driving_from_two_threads_loses_no_wake_up() {
    check(|| {
        let world = World::new();
        let (first, second) = (world.wait("a"), world.wait("a"));
        let line = Arc::new(Line::default());
        let request = first.begins(|asking| line.request(asking)).expect("nobody asks");
        let answering = thread::spawn(move || line.answers());
        let driving = thread::spawn({
            let request = Arc::clone(&request);
            move || {
                drive(&request);
                drop(first);
            }
        });
        let bell = Arc::new(Bell::default());
        let waker = Waker::from(Arc::clone(&bell));
        let is_over = request
            .drive(&mut crate::registry::Companion::default(), &mut Context::from_waker(&waker))
            .is_ready();
        join(answering);
        join(driving);
        assert!(is_over || bell.rang(), "left asleep");
        assert!(drive(&request) && !second.goes_on());
    });
}

/// B-13: a request is dropped while somebody polls it: it is dropped by whoever comes last, and everybody knows.
#[test]
fn b42_a_cancel_against_somebody_who_drives() {
    check(|| {
        let world = World::new();
        let mut waiting = world.wait("a");
        let line = Arc::new(Line::default());
        let dropped = Arc::new(AtomicUsize::new(0));
        let counted = Counted(Arc::clone(&dropped));
        let request = waiting.begins(|asking| {
            let work = line.request(asking);
            Box::pin(async move {
                let _counted = counted;
                work.await;
            })
        });
        let request = request.expect("nobody asks");
        let driving = thread::spawn({
            let request = Arc::clone(&request);
            move || drive(&request)
        });
        assert_eq!(world.cancel(), 1);
        let _ = join(driving);
        assert_eq!(dropped.load(Ordering::SeqCst), 1, "its socket work has stopped");
        assert!(drive(&request));
        assert_eq!(waiting.told(), "requested");
    });
}

/// Counts that it was dropped.
struct Counted(Arc<AtomicUsize>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// B-23: a request is given up while its answer comes: an approval counts, whichever is first.
#[test]
fn b23_giving_up_against_a_late_approval() {
    check(|| {
        let world = World::new();
        let mut waiting = world.wait("a");
        let (request, asking) = waiting.reads();
        let answering = thread::spawn(move || asking.end(now(), |_, _, _, _| approved()));
        waiting.slot.desert(&request, now(), |_| {});
        join(answering);
        assert_eq!(waiting.told(), "approved");
    });
}

/// B-23: a request is given up, and a newer one begins, while the old one's word comes: it ends the id in time or not at all.
#[test]
fn b23_giving_up_against_a_late_word() {
    check(|| {
        let world = World::new();
        let mut waiting = world.wait("a");
        let (request, asking) = waiting.reads();
        let answering = thread::spawn(move || asking.end(now(), |_, _, _, _| News::Ended(Ended::Expired)));
        waiting.slot.desert(&request, now(), |_| {});
        let newer = waiting.asks();
        join(answering);
        match (newer, waiting.sees()) {
            (None, None) => assert_eq!(waiting.told(), "expired_token"),
            (Some(newer), Some(seen)) => {
                assert!(Arc::ptr_eq(&newer, &seen) && drive(&newer));
                assert_eq!(waiting.told(), "approved");
            }
            _ => panic!("an old request has touched the newer one"),
        }
    });
}

/// F-12, B-23: a request is given up, and a newer one begins, while the old one is dropped without a word. The newer one knows
/// that an answer is missing, whichever is first.
#[test]
fn f12_b23_giving_up_against_a_request_that_is_cut_off() {
    check(|| {
        let world = World::new();
        let waiting = world.wait("a");
        let (request, asking) = waiting.reads();
        let dropping = thread::spawn(move || drop(asking));
        waiting.slot.desert(&request, now(), |_| {});
        let (newer, reading) = waiting.reads();
        join(dropping);
        assert!(waiting.sees().is_some_and(|seen| Arc::ptr_eq(&seen, &newer)), "not the newer one's");
        let mut missing = false;
        reading.end(now(), |_, _, _, answer_was_lost| {
            missing = answer_was_lost;
            News::Undecided
        });
        assert!(missing, "its mark is gone");
    });
}
