use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use tokio::sync::Barrier;

use super::{Departure, TotpLockout, attempts, free, locked, user};
use crate::attempts::LIMIT;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn c28_of_a_thousand_wrong_codes_at_once_three_leave() {
    for _ in 0..5 {
        let (attempts, sent) = (attempts(TotpLockout::ResetByCancel), Arc::new(AtomicU32::new(0)));
        let start = Arc::new(Barrier::new(1_000));
        let tasks: Vec<_> = (0..1_000)
            .map(|_| {
                let (attempts, sent, start) = (Arc::clone(&attempts), Arc::clone(&sent), Arc::clone(&start));
                tokio::spawn(async move {
                    start.wait().await;
                    if let Ok(mut attempt) = attempts.claim(user()) {
                        attempt.sending(Departure::gone());
                        sent.fetch_add(1, Ordering::SeqCst);
                        tokio::task::yield_now().await;
                        attempt.wrong();
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.expect("no panic");
        }
        assert_eq!(sent.load(Ordering::SeqCst), LIMIT);
        locked(&attempts);
    }
}

#[test]
fn b50_the_count_is_exact_between_threads() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let _inside = runtime.enter();
    for _ in 0..200 {
        let (attempts, sent) = (attempts(TotpLockout::Strict), AtomicU32::new(0));
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for turn in 0..20 {
                        let Ok(mut attempt) = attempts.claim(user()) else { continue };
                        attempt.sending(Departure::gone());
                        match turn % 4 {
                            0 => attempt.refund(),
                            1 => {
                                sent.fetch_add(1, Ordering::SeqCst);
                                attempt.hold();
                            }
                            2 => drop(attempt),
                            _ => {
                                sent.fetch_add(1, Ordering::SeqCst);
                                attempt.wrong();
                            }
                        }
                    }
                });
            }
        });
        assert!(sent.load(Ordering::SeqCst) <= LIMIT, "each wrong or held one keeps a place");
        assert_eq!(free(&attempts), 0, "dropped and held ones fill what the wrong ones left");
    }
}

#[test]
fn c29_right_and_wrong_codes_in_parallel_lose_no_update() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let _inside = runtime.enter();
    for turn in 0..500 {
        let attempts = attempts(TotpLockout::ResetByCancel);
        let mut claimed = (0..LIMIT).map(|_| attempts.claim(user()).unwrap_or_else(|_| panic!("free")));
        let [right, one, two] = std::array::from_fn(|_| claimed.next().expect("three"));
        let after_right = std::thread::scope(|scope| {
            let right = scope.spawn(move || right.right());
            let wrongs = [one, two].map(|attempt| scope.spawn(move || attempt.wrong()));
            let full = right.join().expect("no panic");
            for wrong in wrongs {
                wrong.join().expect("no panic");
            }
            full
        });
        assert_eq!(after_right, LIMIT, "turn {turn}");
        // A wrong code counts where its answer came behind the right one's, and is forgiven where it came before.
        let free = free(&attempts);
        assert!((1..=LIMIT).contains(&free), "turn {turn}: {free}");
        attempts.reset_by_cancel(&user());
        assert_eq!(attempts.remembered(), 0, "turn {turn}: nothing is left under way");
    }
}
