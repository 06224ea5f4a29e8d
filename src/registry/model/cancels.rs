//! A cancel or a shutdown against whatever comes beside it (B-25, B-41 to B-43).

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::{World, check, drive, join};

/// B-42: a cancel has stopped a wait if and only if no approval comes out of it; and the id stays cancelled.
#[test]
fn b42_a_cancel_against_an_arriving_token() {
    check(|| {
        let world = World::new();
        let mut waiting = world.wait("a");
        let request = waiting.asks().expect("nobody asks");
        let cancelling = world.spawn(|world| world.cancel());
        drive(&request);
        let told = waiting.told();
        match (told, join(cancelling)) {
            ("approved", 0) | ("requested", 1) => {}
            other => panic!("{other:?}"),
        }
        assert_eq!((world.told("a"), world.live()), ("requested", 0));
    });
}

/// B-42: two waits share what arrives; whoever has not received it when the cancel comes is cancelled.
#[test]
fn b42_two_waits_and_a_cancel_against_an_arriving_token() {
    check(|| {
        let world = World::new();
        let (mut first, mut second) = (world.wait("a"), world.wait("a"));
        let request = first.asks().expect("nobody asks");
        let receiving = world.spawn(move |_| {
            drive(&request);
            first.told()
        });
        assert_eq!(world.cancel(), 1, "the second waits");
        assert_eq!(second.told(), "requested");
        assert!(matches!(join(receiving), "approved" | "requested"));
        assert_eq!((world.told("a"), world.live()), ("requested", 0));
    });
}

/// B-42, as the caller sees it: what is received after a cancel has returned is never an approval.
#[test]
fn b42_nothing_comes_out_after_a_cancel_has_returned() {
    check(|| {
        let world = World::new();
        let mut waiting = world.wait("a");
        let request = waiting.asks().expect("nobody asks");
        let returned = Arc::new(loom::sync::atomic::AtomicBool::new(false));
        let cancelling = world.spawn({
            let returned = Arc::clone(&returned);
            move |world| {
                let _ = world.cancel();
                returned.store(true, Ordering::Release);
            }
        });
        drive(&request);
        let too_late = returned.load(Ordering::Acquire);
        assert!(!too_late || waiting.joined.token.is_cancelled(), "stopped, and left asleep");
        assert!(waiting.told() != "approved" || !too_late);
        join(cancelling);
    });
}

/// B-42: a task has finished with an approval and is awaited beside a cancel.
#[test]
fn b42_a_finished_task_against_a_cancel() {
    check(|| {
        let world = World::new();
        let mut finished = world.wait("a").approved();
        let cancelling = world.spawn(|world| world.cancel());
        let told = finished.told();
        match (told, join(cancelling)) {
            ("approved", 0) | ("requested", 1) => {}
            other => panic!("{other:?}"),
        }
        assert_eq!(world.told("a"), "requested");
    });
}

/// B-42: of two waits one has received; the other decides for itself.
#[test]
fn b42_one_of_two_has_received_against_a_cancel() {
    check(|| {
        let world = World::new();
        let (mut first, mut second) = (world.wait("a"), world.wait("a").approved());
        assert_eq!(first.told(), "approved");
        let cancelling = world.spawn(|world| world.cancel());
        let told = second.told();
        match (told, join(cancelling)) {
            ("approved", 0) | ("requested", 1) => {}
            other => panic!("{other:?}"),
        }
        assert_eq!((world.told("a"), world.live()), ("requested", 0));
    });
}

/// B-25, B-42: what was kept goes to the next wait, or is wiped by the cancel.
#[test]
fn b25_a_kept_approval_between_a_new_wait_and_a_cancel() {
    check(|| {
        let world = World::new();
        drop(world.wait("a").approved());
        let cancelling = world.spawn(|world| world.cancel());
        let told = world.told("a");
        match (told, join(cancelling)) {
            ("approved", 0) | ("requested", 0 | 1) => {}
            other => panic!("{other:?}"),
        }
        assert_eq!((world.told("a"), world.live()), ("requested", 0));
    });
}

/// B-41: a cancel that runs beside a wait either stops it or comes too early to know the id.
#[test]
fn b41_a_cancel_against_a_join() {
    check(|| {
        let world = World::new();
        let cancelling = world.spawn(|world| world.cancel());
        let mut waiting = world.wait("a");
        match (join(cancelling), waiting.told()) {
            (0, "nothing") | (1, "requested") => {}
            other => panic!("{other:?}"),
        }
    });
}

/// B-43: a shutdown is for good: a wait beside it is stopped, or was never let in.
#[test]
fn b43_a_shutdown_against_a_join() {
    check(|| {
        let world = World::new();
        let closing = world.spawn(|world| world.registry.close());
        let mut waiting = world.wait("a");
        join(closing);
        assert_eq!(waiting.told(), "shutdown");
        assert_eq!(world.registry.usage(), (0, 0));
    });
}

/// B-43: nor is an id left that is acknowledged beside it.
#[test]
fn b43_a_shutdown_against_an_acknowledgement() {
    check(|| {
        let world = World::new();
        let closing = world.spawn(|world| world.registry.close());
        world.initiate("a");
        join(closing);
        assert_eq!((world.told("a"), world.registry.usage()), ("shutdown", (0, 0)));
    });
}

/// Three at once: a token arrives, somebody cancels, somebody joins. Each wait has one outcome, and the cancel stops what it finds.
#[test]
fn b42_a_token_a_cancel_and_a_new_wait_at_once() {
    check(|| {
        let world = World::new();
        let mut first = world.wait("a");
        let request = first.asks().expect("nobody asks");
        let cancelling = world.spawn(|world| world.cancel());
        let joining = world.spawn(|world| world.told("a"));
        drive(&request);
        let first = first.told();
        let (stopped, second) = (join(cancelling), join(joining));
        assert!(
            matches!(first, "approved" | "requested")
                && matches!(second, "approved" | "requested" | "nothing")
        );
        assert!(stopped == 1 || first == "approved", "{first} {second} {stopped}");
        assert_eq!((world.told("a"), world.live()), ("requested", 0));
    });
}
