//! The push guard, on tokio's paused clock (B-33, C11, C12).

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::{Push, PushGuard, PushLedger};
use crate::ErrorKind;
use crate::transport::Departure;
use crate::types::{Email, PersonKey};

fn key(email: &str) -> PersonKey {
    Email::new(email).expect("an email").key()
}

fn user() -> PersonKey {
    key("user@example.com")
}

fn refused(ledger: &PushLedger) -> Duration {
    match ledger.claim(user()) {
        Ok(_) => panic!("a push was let out"),
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::TooManyPushes);
            assert!(error.is_retryable() && !error.may_have_reached_server());
            error.retry_after().expect("the time to wait")
        }
    }
}

/// A push that may have left.
fn sent(ledger: &PushLedger, key: PersonKey) -> Push<'_> {
    let mut push = ledger.claim(key).unwrap_or_else(|error| panic!("{error}"));
    push.sending(&Departure::gone());
    push
}

fn enter(ledger: &PushLedger) {
    drop(sent(ledger, user()));
}

/// No push can have gone out.
fn strike(mut push: Push<'_>) {
    push.not_sent();
}

async fn advance(seconds: u64) {
    tokio::time::advance(Duration::from_secs(seconds)).await;
}

#[tokio::test(start_paused = true)]
async fn b33_five_pushes_in_five_minutes_then_a_refusal_with_the_time_to_wait() {
    let ledger = PushLedger::new(PushGuard::default());
    for _ in 0..5 {
        enter(&ledger);
        advance(10).await;
    }
    assert_eq!(refused(&ledger), Duration::from_secs(250));
    assert!(ledger.claim(key("other@example.com")).is_ok(), "nobody else is held up");
    assert!(ledger.claim(key("User@Example.COM")).is_err(), "another letter case is the same person");
}

#[tokio::test(start_paused = true)]
async fn b33_the_window_slides() {
    let ledger = PushLedger::new(PushGuard::at_most(2).per(Duration::from_secs(60)));
    enter(&ledger);
    advance(40).await;
    enter(&ledger);
    assert_eq!(refused(&ledger), Duration::from_secs(20));
    advance(19).await;
    assert_eq!(refused(&ledger), Duration::from_secs(1));
    advance(1).await;
    enter(&ledger);
    assert_eq!(refused(&ledger), Duration::from_secs(40), "the second one is still in it");
}

#[tokio::test(start_paused = true)]
async fn b33_refusals_do_not_lengthen_the_wait() {
    let ledger = PushLedger::new(PushGuard::at_most(1).per(Duration::from_secs(60)));
    enter(&ledger);
    for waited in 0..60 {
        assert_eq!(refused(&ledger), Duration::from_secs(60 - waited));
        advance(1).await;
    }
    enter(&ledger);
}

#[tokio::test(start_paused = true)]
async fn b33_a_push_that_did_not_go_out_is_struck() {
    let ledger = PushLedger::new(PushGuard::at_most(2));
    for _ in 0..20 {
        strike(sent(&ledger, user()));
    }
    assert_eq!(ledger.remembered(), 0);
    enter(&ledger);
    advance(5).await;
    let second = sent(&ledger, user());
    refused(&ledger);
    strike(second);
    enter(&ledger);
    assert_eq!(refused(&ledger), Duration::from_secs(295), "the older one stayed");
}

#[tokio::test(start_paused = true)]
async fn b33_striking_one_of_two_at_the_same_instant_leaves_the_other() {
    let ledger = PushLedger::new(PushGuard::at_most(2));
    enter(&ledger);
    strike(sent(&ledger, user()));
    enter(&ledger);
    refused(&ledger);
}

#[tokio::test(start_paused = true)]
async fn b61_a_strike_behind_the_window_finds_nothing_and_harms_nobody() {
    let ledger = PushLedger::new(PushGuard::at_most(1).per(Duration::from_secs(10)));
    let late = sent(&ledger, user());
    advance(11).await;
    assert_eq!(ledger.remembered(), 0);
    enter(&ledger);
    strike(late);
    refused(&ledger);
}

#[tokio::test(start_paused = true)]
async fn b33_it_can_be_set_switched_off_and_closed() {
    let off = PushLedger::new(PushGuard::off());
    for _ in 0..1_000 {
        enter(&off);
    }
    assert_eq!(off.remembered(), 0, "nothing to remember");
    let none = PushLedger::new(PushGuard::at_most(0));
    assert_eq!(refused(&none), Duration::from_secs(300));
    assert_eq!(none.remembered(), 0);
    let longest = PushLedger::new(PushGuard::at_most(1).per(Duration::MAX));
    enter(&longest);
    assert_eq!(refused(&longest), Duration::from_secs(24 * 60 * 60), "a day at most, and no overflow");
}

#[tokio::test(start_paused = true)]
async fn b61_it_forgets_by_itself() {
    let ledger = PushLedger::new(PushGuard::default());
    for n in 0..20_000 {
        drop(sent(&ledger, key(&format!("user{n}@flood.example"))));
    }
    assert_eq!(ledger.remembered(), 20_000);
    advance(300).await;
    for _ in 0..20_000 {
        strike(sent(&ledger, user()));
    }
    assert_eq!(ledger.people.len(), 0, "swept by the calls, without being asked how many there are");
}

#[tokio::test(start_paused = true)]
async fn f40_b33_a_push_that_never_left_the_queue_never_was() {
    let ledger = PushLedger::new(PushGuard::default());
    let mut waiting: Vec<_> = (0..5).map(|_| ledger.claim(user()).expect("free")).collect();
    assert_eq!(refused(&ledger), Duration::from_secs(300), "they may all be sent yet");
    waiting.truncate(2);
    let three: Vec<_> = (0..3).map(|_| ledger.claim(user()).expect("free")).collect();
    drop(waiting);
    advance(60).await;
    three.into_iter().for_each(|mut push| push.sending(&Departure::gone()));
    enter(&ledger);
    enter(&ledger);
    assert_eq!(refused(&ledger), Duration::from_secs(300), "it counts from when it left");
    advance(300).await;
    assert_eq!(ledger.remembered(), 0);
}

/// Dropped while its connection is made; what comes of the connection sends nothing any more.
#[tokio::test(start_paused = true)]
async fn f40_b33_a_push_that_was_dropped_before_it_left_never_was() {
    let ledger = PushLedger::new(PushGuard::at_most(2));
    let departures = [Departure::default(), Departure::default()];
    let pushes: Vec<_> = departures
        .iter()
        .map(|departure| {
            let mut push = ledger.claim(user()).expect("free");
            push.sending(departure);
            push
        })
        .collect();
    assert_eq!(refused(&ledger), Duration::from_secs(300), "while they are under way they count");
    assert!(departures[0].leaves());
    drop(pushes);
    assert!(!departures[1].leaves());
    drop(ledger.claim(user()).expect("one of them never was"));
    enter(&ledger);
    assert_eq!(refused(&ledger), Duration::from_secs(300), "and the other was");
}

#[tokio::test(start_paused = true)]
async fn f40_a_claim_given_back_behind_its_window_takes_nobody_elses() {
    let ledger = PushLedger::new(PushGuard::at_most(1).per(Duration::from_secs(10)));
    let mut late = sent(&ledger, user());
    advance(11).await;
    assert_eq!(ledger.remembered(), 0);
    late.not_sent();
    refused(&ledger);
    drop(late);
    let claimed = ledger.claim(user()).expect("free");
    refused(&ledger);
    drop(claimed);
    assert_eq!(ledger.remembered(), 0);
}

#[test]
fn f40_b33_of_a_thousand_at_once_never_more_than_five_have_left() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let _inside = runtime.enter();
    let (ledger, out) = (PushLedger::new(PushGuard::default()), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for thread in 0..10 {
            let (ledger, out) = (&ledger, &out);
            scope.spawn(move || {
                for turn in 0..100 {
                    let Ok(mut push) = ledger.claim(user()) else { continue };
                    match (thread + turn) % 3 {
                        // Dropped in the queue; not connected.
                        0 => continue,
                        1 => {
                            push.sending(&Departure::gone());
                            push.not_sent();
                        }
                        _ => {
                            push.sending(&Departure::gone());
                            out.fetch_add(1, Ordering::SeqCst);
                        }
                    }
                }
            });
        }
    });
    assert_eq!(out.load(Ordering::SeqCst), 5);
    refused(&ledger);
}

#[test]
fn c11_of_fifty_at_once_five_go_out() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let _inside = runtime.enter();
    for _ in 0..50 {
        let (ledger, out) = (PushLedger::new(PushGuard::default()), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for _ in 0..10 {
                scope.spawn(|| {
                    for _ in 0..5 {
                        if let Ok(mut push) = ledger.claim(user()) {
                            push.sending(&Departure::gone());
                            out.fetch_add(1, Ordering::SeqCst);
                        }
                    }
                });
            }
        });
        assert_eq!(out.load(Ordering::SeqCst), 5);
    }
}

#[tokio::test(start_paused = true)]
async fn f54_a_refused_push_names_the_setting_and_the_time() {
    let ledger = PushLedger::new(PushGuard::at_most(1).per(Duration::from_secs(300)));
    let key = || crate::Email::new("user@example.com").expect("an email").key();
    ledger.claim(key()).expect("the first").sending(&Departure::gone());
    tokio::time::advance(Duration::from_secs(16)).await;
    let error = ledger.claim(key()).map(drop).expect_err("one too many");
    assert_eq!(
        error.to_string(),
        "this client's push_guard allows no further push to this person for now (try again in 284 s)"
    );
}
