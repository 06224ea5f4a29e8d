//! B-94: what a wait reports while it goes on.

use std::future::IntoFuture as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::client::tests::{initiate, scripted};
use crate::clock::{Instant, now};
use crate::transport::FaultKind;
use crate::transport::script::{Line, Script};
use crate::{CibaClient, PendingApproval, PollForApproval, Progress};

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// What was told, and when, in seconds.
#[derive(Clone, Default)]
struct Diary(Arc<Mutex<Vec<(u64, String)>>>);

impl Diary {
    fn wait(&self, pending: &PendingApproval, start: Instant) -> PollForApproval {
        let diary = self.clone();
        pending.wait().on_progress(move |progress| {
            let words = match progress {
                Progress::Polled { next_poll_in } => format!("polled, next in {}", next_poll_in.as_secs()),
                Progress::SlowedDown { interval } => format!("slowed down to {}", interval.as_secs()),
                Progress::Unreachable { error, since } => {
                    format!("unreachable, {} times, for {} s", error.attempts(), since.as_secs())
                }
                Progress::Reachable => "reachable".to_owned(),
                Progress::DeadlineNear { left } => format!("{} s left", left.as_secs()),
            };
            diary.0.lock().expect("no panic").push((now().duration_since(start).as_secs(), words));
        })
    }

    fn read(&self) -> Vec<(u64, String)> {
        std::mem::take(&mut self.0.lock().expect("no panic"))
    }
}

fn entries(entries: &[(u64, &str)]) -> Vec<(u64, String)> {
    entries.iter().map(|(at, words)| (*at, (*words).to_owned())).collect()
}

#[tokio::test(start_paused = true)]
async fn b94_a_wait_tells_how_it_goes_on() {
    let script = Script::new([
        Line::ack(5, 300),
        Line::pending(),
        Line::slow_down(),
        Line::fault(FaultKind::NotConnected),
        Line::json(503, ""),
        Line::pending(),
        Line::approved(),
    ]);
    let client = scripted(&script);
    let pending = initiate(&client).await;
    let (diary, start) = (Diary::default(), now());
    let outcome = diary.wait(&pending, start).timeout(seconds(90)).await.expect("an outcome");
    assert_eq!(outcome.status(), "approved");
    let told = [
        (5, "polled, next in 5"),
        (10, "slowed down to 10"),
        (20, "unreachable, 1 times, for 0 s"),
        (30, "unreachable, 2 times, for 10 s"),
        (40, "reachable"),
        (40, "polled, next in 10"),
    ];
    assert_eq!(diary.read(), entries(&told), "the outcome itself is no progress");
}

#[tokio::test(start_paused = true)]
async fn b94_every_wait_of_the_id_hears_of_every_poll_and_of_its_own_deadline() {
    let script = Script::new([Line::ack(20, 300)]);
    let client = scripted(&script);
    let pending = initiate(&client).await;
    let (first, second, start) = (Diary::default(), Diary::default(), now());
    let long = first.wait(&pending, start).timeout(seconds(85)).spawn();
    tokio::time::sleep(seconds(30)).await;
    let short = second.wait(&pending, start).timeout(seconds(15)).spawn();
    assert_eq!(short.await.expect("an outcome").status(), "timeout");
    assert_eq!(long.await.expect("an outcome").status(), "timeout");
    let told = [
        (20, "polled, next in 20"),
        (40, "polled, next in 20"),
        (60, "polled, next in 20"),
        (60, "25 s left"),
        (85, "polled, next in 20"),
    ];
    assert_eq!(first.read(), entries(&told));
    assert_eq!(
        second.read(),
        entries(&[(40, "polled, next in 20"), (40, "5 s left")]),
        "and nothing behind its end"
    );
}

/// A page that asks again and again makes a wait for each time that it asks.
#[tokio::test(start_paused = true)]
async fn b94_a_wait_that_begins_while_polls_fail_hears_that_they_do_and_that_they_do_no_more() {
    let failed = || Line::json(502, "");
    let script = Script::new([Line::ack(5, 300), failed(), failed(), failed(), Line::pending()]);
    let client = scripted(&script);
    let pending = initiate(&client).await;
    let (diary, start) = (Diary::default(), now());
    while now() < start + seconds(60) {
        let page = diary.wait(&pending, start).timeout(seconds(1));
        // A timeout, or the fault, where the last poll has failed.
        drop(page.await);
    }
    let told: Vec<_> = diary.read().into_iter().filter(|(_, words)| !words.ends_with("left")).collect();
    let words: Vec<_> = told.iter().map(|(_, words)| words.as_str()).collect();
    let times = |number: usize| {
        let since = told[number].0 - told[0].0;
        format!("unreachable, {} times, for {since} s", number + 1)
    };
    assert_eq!(words[..3], [times(0), times(1), times(2)], "{told:?}");
    assert_eq!(words[3..5], ["reachable", "polled, next in 5"], "{told:?}");
    assert!(words[5..].iter().all(|words| words.starts_with("polled")), "{told:?}");

    // Nobody listened while they failed.
    let script = Script::new([Line::ack(5, 300), failed(), Line::pending()]);
    let client = scripted(&script);
    let pending = initiate(&client).await;
    let fault = pending.wait().timeout(seconds(6)).await.expect_err("the last poll has failed");
    assert_eq!(fault.attempts(), 1);
    let (diary, start) = (Diary::default(), now());
    assert_eq!(
        diary.wait(&pending, start).timeout(seconds(20)).await.expect("an outcome").status(),
        "timeout"
    );
    assert_eq!(diary.read()[0].1, "reachable");
}

#[tokio::test(start_paused = true)]
async fn b94_a_wait_that_ends_takes_its_own_listener_along_and_no_other() {
    let script = Script::new([Line::ack(20, 300)]);
    let client = scripted(&script);
    let pending = initiate(&client).await;
    let (first, second, start) = (Diary::default(), Diary::default(), now());
    let short = first.wait(&pending, start).timeout(seconds(45)).spawn();
    let long = second.wait(&pending, start).timeout(seconds(65)).spawn();
    for wait in [short, long] {
        assert_eq!(wait.await.expect("an outcome").status(), "timeout");
    }
    let told =
        |diary: Diary| diary.read().into_iter().filter(|(_, words)| words.starts_with("polled")).count();
    assert_eq!((told(first), told(second)), (2, 3));
}

#[tokio::test(start_paused = true)]
async fn b94_a_panic_of_a_listener_harms_nobody_and_it_may_use_the_client() {
    let script = Script::new([Line::ack(5, 300), Line::pending(), Line::approved()]);
    let client = scripted(&script);
    let pending = initiate(&client).await;
    let other = client.clone();
    let listened = pending.wait().on_progress(move |_| {
        assert_eq!(other.usage().live_polls, 1, "no lock is held");
        panic!("a listener's own fault");
    });
    assert_eq!(listened.await.expect("an outcome").status(), "approved");
}

/// Looks at every id when it is dropped, as what a listener owns may.
struct CallsBack(CibaClient);

impl Drop for CallsBack {
    fn drop(&mut self) {
        assert_eq!(self.0.usage().remembered_ids, 1);
    }
}

#[tokio::test(start_paused = true)]
async fn f14_b94_what_a_listener_owns_is_dropped_under_no_lock() {
    let script = Script::new([Line::ack(5, 300)]);
    let client = scripted(&script);
    let pending = initiate(&client).await;
    let mut waits = [(); 2].map(|()| {
        let owned = CallsBack(client.clone());
        pending.wait().on_progress(move |_| assert_eq!(owned.0.usage().live_polls, 1)).into_future()
    });
    for wait in &mut waits {
        assert!(tokio::time::timeout(seconds(7), wait).await.is_err());
    }
    for wait in waits {
        drop(wait);
    }
    assert_eq!(client.usage().live_polls, 0);
}
