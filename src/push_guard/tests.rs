//! The push guard, on tokio's paused clock (B-33, C11, C12).

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::{PushGuard, PushLedger};
use crate::ErrorKind;
use crate::types::{Email, EmailKey};

fn key(email: &str) -> EmailKey {
    Email::new(email).expect("an email").key()
}

fn user() -> EmailKey {
    key("user@example.com")
}

fn refused(ledger: &PushLedger) -> Duration {
    match ledger.enter(&user()) {
        Ok(_) => panic!("a push was let out"),
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::TooManyPushes);
            assert!(error.is_retryable() && !error.may_have_reached_server());
            error.retry_after().expect("the time to wait")
        }
    }
}

fn enter(ledger: &PushLedger) {
    assert!(ledger.enter(&user()).is_ok());
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
    assert!(ledger.enter(&key("other@example.com")).is_ok(), "nobody else is held up");
    assert!(ledger.enter(&key("User@Example.COM")).is_err(), "another letter case is the same person");
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
        ledger.enter(&user()).expect("free").strike(&user());
    }
    assert_eq!(ledger.remembered(), 0);
    enter(&ledger);
    advance(5).await;
    let second = ledger.enter(&user()).expect("free");
    refused(&ledger);
    second.strike(&user());
    enter(&ledger);
    assert_eq!(refused(&ledger), Duration::from_secs(295), "the older one stayed");
}

#[tokio::test(start_paused = true)]
async fn b33_striking_one_of_two_at_the_same_instant_leaves_the_other() {
    let ledger = PushLedger::new(PushGuard::at_most(2));
    enter(&ledger);
    ledger.enter(&user()).expect("free").strike(&user());
    enter(&ledger);
    refused(&ledger);
}

#[tokio::test(start_paused = true)]
async fn b61_a_strike_behind_the_window_finds_nothing_and_harms_nobody() {
    let ledger = PushLedger::new(PushGuard::at_most(1).per(Duration::from_secs(10)));
    let late = ledger.enter(&user()).expect("free");
    advance(11).await;
    assert_eq!(ledger.remembered(), 0);
    enter(&ledger);
    late.strike(&user());
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
        assert!(ledger.enter(&key(&format!("user{n}@flood.example"))).is_ok());
    }
    assert_eq!(ledger.remembered(), 20_000);
    advance(300).await;
    enter(&ledger);
    let swept = crate::sync::lock(&ledger.book).pushes.len();
    assert_eq!(swept, 1, "swept by an entry, without being asked how many there are");
    advance(300).await;
    assert_eq!(ledger.remembered(), 0);
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
                        if ledger.enter(&user()).is_ok() {
                            out.fetch_add(1, Ordering::SeqCst);
                        }
                    }
                });
            }
        });
        assert_eq!(out.load(Ordering::SeqCst), 5);
    }
}
