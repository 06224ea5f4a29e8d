use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::{Waiting, approved, id, initiate, key, registry, told, user, wait};
use crate::clock::now;

fn inside<T>(test: impl FnOnce() -> T) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let _inside = runtime.enter();
    test()
}

/// A wait whose approval has come, unless it was cancelled before.
fn answered(registry: &std::sync::Arc<crate::registry::Registry>, text: &str) -> Waiting {
    let waiting = wait(registry, text);
    let mut reading = None;
    let _request = waiting.slot.begin(waiting.slot.begun(), true, now(), |asking| {
        reading = Some(asking);
        Box::pin(std::future::pending())
    });
    if let Some(asking) = reading {
        asking.end(now(), |_, _, _, _| approved());
    }
    waiting
}

#[test]
fn b42_either_the_cancel_stops_the_wait_or_it_had_received() {
    inside(|| {
        let (registry, turns) = (registry(), 4_000);
        let (start, end) = (Barrier::new(2), Barrier::new(2));
        let waits = std::sync::Mutex::new(None);
        let stopped = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for turn in 0..turns {
                    *crate::sync::lock(&waits) = Some(answered(&registry, &format!("id-{turn}")));
                    start.wait();
                    let mut waiting = crate::sync::lock(&waits).take().expect("a wait");
                    let told = waiting.told();
                    end.wait();
                    match stopped.load(Ordering::SeqCst) {
                        0 => assert_eq!(told, "approved", "turn {turn}: nobody stopped it"),
                        1 => assert_eq!(told, "requested", "turn {turn}: cancel wins"),
                        more => panic!("turn {turn}: {more} approvals of one"),
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
fn b42_no_approval_that_was_there_before_a_cancel_comes_out_behind_it() {
    inside(|| {
        let (registry, cancels, at_work) = (registry(), AtomicUsize::new(0), AtomicUsize::new(4));
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let (registry, cancels, at_work) = (&registry, &cancels, &at_work);
                scope.spawn(move || {
                    for turn in 0..200 {
                        let mut waiting = answered(registry, &format!("id-{thread}-{turn}"));
                        let before = cancels.load(Ordering::SeqCst);
                        // The second cancel from here began behind the approval, and has returned.
                        while cancels.load(Ordering::SeqCst) < before + 2 {
                            std::thread::yield_now();
                        }
                        assert!(waiting.is_told());
                        assert_eq!(waiting.told(), "requested", "{thread} {turn}");
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
        assert_eq!(registry.usage().0, 0, "nobody is left");
    });
}

#[test]
fn b13_of_many_who_would_ask_one_does() {
    inside(|| {
        for _ in 0..200 {
            let (registry, asked) = (registry(), AtomicUsize::new(0));
            let waits: Vec<_> = std::thread::scope(|scope| {
                let join = || {
                    let waiting = wait(&registry, "id-1");
                    asked.fetch_add(usize::from(waiting.asks().is_some()), Ordering::SeqCst);
                    waiting
                };
                let threads: Vec<_> = (0..8).map(|_| scope.spawn(join)).collect();
                threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
            });
            assert_eq!((asked.load(Ordering::SeqCst), registry.usage()), (1, (1, 1)));
            waits[0].sees().expect("one is under way").end();
            waits[0].hears(approved());
            assert!(waits.into_iter().all(|mut waiting| waiting.told() == "approved"));
            assert_eq!(registry.usage().0, 0);
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
                    scope.spawn(move || initiate(registry, &format!("id-{thread}")));
                }
            });
            let left = (0..8).filter(|thread| told(&registry, &format!("id-{thread}")) == "nothing");
            assert_eq!(left.count(), 1);
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
                    let key = key(&format!("user{thread}@example.com"));
                    for turn in 0..500 {
                        let text = format!("id-{thread}-{turn}");
                        let mut waiting = Waiting::joins(registry, &key, &text, None).expect("theirs");
                        if turn % 2 == 0 {
                            assert_eq!(registry.cancel(&key), 1);
                            assert_eq!(waiting.told(), "requested");
                        } else {
                            waiting.hears(approved());
                            assert_eq!(waiting.told(), "approved", "{thread} {turn}");
                        }
                        assert_eq!(*waiting.slot.id(), id(&text));
                    }
                });
            }
        });
        assert_eq!(registry.usage().0, 0);
    });
}
