//! What is still taken of a request that was given up (B-13, B-23, B-41, B-94).

use std::sync::Arc;

use super::{Asked, Waiting, approved, denied, registry, wait};
use crate::clock::now;
use crate::poll::Listener;
use crate::registry::{Asking, News};

type Says = fn() -> News;

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
