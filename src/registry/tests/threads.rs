use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::{claim, id, key, registry, user};
use crate::outcome::CancelReason;

fn inside<T>(test: impl FnOnce() -> T) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let _inside = runtime.enter();
    test()
}

#[test]
fn b42_either_the_cancel_stops_the_poll_or_the_commit_was_first() {
    inside(|| {
        let (registry, turns) = (registry(), 4_000);
        let (start, end) = (Barrier::new(2), Barrier::new(2));
        let claims = std::sync::Mutex::new(None);
        let stopped = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for turn in 0..turns {
                    *crate::sync::lock(&claims) = Some(claim(&registry, &format!("id-{turn}")));
                    start.wait();
                    let claim = crate::sync::lock(&claims).take().expect("a claim");
                    let committed = claim.commit();
                    end.wait();
                    match stopped.load(Ordering::SeqCst) {
                        0 => assert_eq!(committed, Ok(()), "turn {turn}: nobody stopped it"),
                        1 => assert_eq!(committed, Err(CancelReason::Requested), "turn {turn}: cancel wins"),
                        more => panic!("turn {turn}: {more} polls of one"),
                    }
                    start.wait();
                }
            });
            scope.spawn(|| {
                for _ in 0..turns {
                    start.wait();
                    stopped.store(registry.cancel(&user()), Ordering::SeqCst);
                    end.wait();
                    start.wait();
                }
            });
        });
    });
}

#[test]
fn b42_nothing_that_was_claimed_before_a_cancel_comes_out_behind_it() {
    inside(|| {
        let (registry, cancels, at_work) = (registry(), AtomicUsize::new(0), AtomicUsize::new(4));
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let (registry, cancels, at_work) = (&registry, &cancels, &at_work);
                scope.spawn(move || {
                    for turn in 0..200 {
                        let claim = claim(registry, &format!("id-{thread}-{turn}"));
                        let before = cancels.load(Ordering::SeqCst);
                        // The second cancel from here began behind the claim, and has returned.
                        while cancels.load(Ordering::SeqCst) < before + 2 {
                            std::thread::yield_now();
                        }
                        assert!(!claim.is_live());
                        assert!(claim.commit().is_err(), "{thread} {turn}");
                    }
                    at_work.fetch_sub(1, Ordering::SeqCst);
                });
            }
            while at_work.load(Ordering::SeqCst) > 0 {
                registry.cancel(&user());
                cancels.fetch_add(1, Ordering::SeqCst);
                std::thread::yield_now();
            }
        });
        assert_eq!(registry.usage().0, 0, "no live slot is left");
    });
}

#[test]
fn b13_of_many_polls_of_one_id_one_is_left() {
    inside(|| {
        for _ in 0..200 {
            let registry = registry();
            let claims: Vec<_> = std::thread::scope(|scope| {
                let threads: Vec<_> =
                    (0..8).map(|_| scope.spawn(|| registry.claim(&user(), &id("id-1"), None))).collect();
                threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
            });
            assert_eq!(registry.usage(), (1, 1));
            let committed: Vec<_> = claims.into_iter().map(super::Claim::commit).collect();
            assert_eq!(committed.iter().filter(|committed| committed.is_ok()).count(), 1);
            let others = committed.iter().filter(|committed| **committed == Err(CancelReason::Superseded));
            assert_eq!(others.count(), 7);
        }
    });
}

#[test]
fn b32_c11_of_many_initiates_at_once_one_approval_is_left() {
    inside(|| {
        for _ in 0..100 {
            let registry = registry();
            std::thread::scope(|scope| {
                for thread in 0..8 {
                    let registry = &registry;
                    scope.spawn(move || super::initiate(registry, &format!("id-{thread}")));
                }
            });
            let live = (0..8).filter(|thread| claim(&registry, &format!("id-{thread}")).commit().is_ok());
            assert_eq!(live.count(), 1);
        }
    });
}

#[test]
fn c7_b43_people_do_not_meet_on_any_number_of_threads() {
    inside(|| {
        let registry = registry();
        std::thread::scope(|scope| {
            for thread in 0..8 {
                let registry = &registry;
                scope.spawn(move || {
                    for turn in 0..500 {
                        let key = key(&format!("user{thread}@example.com"));
                        let claim = registry.claim(&key, &id(&format!("id-{turn}")), None);
                        if turn % 2 == 0 {
                            assert_eq!(registry.cancel(&key), 1);
                            assert_eq!(claim.commit(), Err(CancelReason::Requested));
                        } else {
                            assert_eq!(claim.commit(), Ok(()), "{thread} {turn}");
                        }
                    }
                });
            }
        });
        assert_eq!(registry.usage().0, 0);
    });
}
