//! B-13, B-84: waits of one id on several runtimes, each with a paused clock of its own.

#![allow(clippy::async_yields_async, reason = "what one runtime has begun is awaited on another")]

use std::future::IntoFuture as _;
use std::sync::Arc;

use tokio::runtime::{Builder, Runtime};

use super::{EMAIL, millis, seconds, status};
use crate::clock::now;
use crate::request::tests::server::{Server, an_id};
use crate::{CibaClient, PollForApproval};

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().start_paused(true).build().expect("a runtime")
}

fn wait(client: &CibaClient) -> PollForApproval {
    client.poll_for_approval(EMAIL, &an_id()).timeout(seconds(200))
}

/// A wait of a runtime whose request has left, and which is driven no more.
fn begun_on(runtime: &Runtime, client: &CibaClient) -> crate::ApprovalTask {
    runtime.block_on(async {
        let task = wait(client).spawn();
        tokio::time::sleep(millis(10)).await;
        task
    })
}

#[test]
fn b13_b84_a_request_on_a_runtime_that_stands_still_counts_as_unanswered_after_its_timeout() {
    let server = Server::new(millis(100));
    let client = server.client();
    let [still, live] = [runtime(), runtime()];
    let task = begun_on(&still, &client);
    live.block_on(async {
        let start = now();
        server.approves_at(start + seconds(1));
        assert_eq!(status(wait(&client).await), "approved");
        let took = now() - start;
        assert!(took <= seconds(10 + 5 + 2), "the request timeout, a floor, a back-off: {took:?}");
    });
    // The runtime is driven again: its wait was under way all the time.
    assert_eq!(status(still.block_on(task)), "approved");
    assert_eq!(server.polls(now_of(&live)).len(), 2);
}

/// A wait is polled where it was made, and awaited somewhere else: its timer is of the runtime that awaits it.
#[test]
fn f05_b84_b14_a_wait_can_be_awaited_on_another_runtime() {
    for home_ends in [false, true] {
        let server = Server::new(millis(100));
        let client = server.client();
        let [home, live] = [runtime(), runtime()];
        let moved = home.block_on(async {
            let mut moved = wait(&client).into_future();
            assert!(tokio::time::timeout(seconds(1), &mut moved).await.is_err(), "it sleeps");
            moved
        });
        let home = if home_ends { None } else { Some(home) };
        live.block_on(async {
            let start = now();
            let ended = tokio::time::timeout(seconds(1_000), moved).await.expect("it ends");
            assert_eq!(status(ended), "timeout");
            let took = now() - start;
            assert!(took <= seconds(200 + 2), "its own time and the grace: {took:?}");
        });
        drop(home);
    }
}

/// F-53's neighbour: what times an approval that nobody received runs where there are timers, not where a task was dropped.
#[test]
fn b25_f53_a_drop_on_a_runtime_without_timers_begins_nothing_there() {
    let server = Server::new(millis(100));
    let client = server.client();
    let home = runtime();
    let bare = Builder::new_current_thread().build().expect("a runtime");
    let finished = home.block_on(async {
        server.approves_at(now());
        let task = wait(&client).spawn();
        tokio::time::sleep(seconds(2)).await;
        assert!(task.is_finished());
        task
    });
    bare.block_on(async move { drop(finished) });
    assert_eq!(bare.metrics().num_alive_tasks(), 0, "it would panic there");
    assert_eq!(home.metrics().num_alive_tasks(), 1, "one timer");
}

#[test]
fn f05_b84_a_request_of_a_wait_that_is_parked_is_finished_for_the_wait_of_another_runtime() {
    let server = Server::new(millis(100));
    let client = server.client();
    let [home, live] = [runtime(), runtime()];
    let parked = home.block_on(async {
        server.approves_at(now());
        let mut parked = wait(&client).into_future();
        assert!(tokio::time::timeout(millis(10), &mut parked).await.is_err());
        parked
    });
    let mut other = live.block_on(async {
        let mut other = wait(&client).into_future();
        assert!(tokio::time::timeout(millis(10), &mut other).await.is_err());
        other
    });
    // The first runtime goes about its business, and the wait there is not driven.
    home.block_on(async { tokio::time::sleep(seconds(1)).await });
    live.block_on(async {
        let start = now();
        assert_eq!(status((&mut other).await), "approved");
        assert_eq!(now(), start, "at once");
    });
    assert_eq!(server.polls(now_of(&live)).len(), 1);
    assert_eq!(status(home.block_on(parked)), "approved");
}

fn now_of(runtime: &Runtime) -> crate::clock::Instant {
    runtime.block_on(async { now() })
}

#[test]
fn b13_what_a_request_still_brings_that_was_given_up_is_taken() {
    let server = Server::new(millis(100));
    let client = server.client();
    let [still, live] = [runtime(), runtime()];
    let _task = begun_on(&still, &client);
    let other = live.block_on(async {
        let other = wait(&client).spawn();
        // Given up after 10 s; the next one would leave a floor and a back-off later.
        tokio::time::sleep(seconds(12)).await;
        assert!(!other.is_finished());
        other
    });
    still.block_on(async {
        server.approves_at(now());
        tokio::time::sleep(seconds(1)).await;
    });
    assert_eq!(status(live.block_on(other)), "approved");
    let polls = server.polls(now_of(&live)).len();
    assert_eq!(polls, 1, "the first request brought it");
}

#[test]
fn b13_b84_a_request_on_a_runtime_that_is_dropped_holds_nobody_up() {
    for waits_before in [false, true] {
        let server = Server::new(millis(100));
        let client = server.client();
        let [gone, live] = [runtime(), runtime()];
        let sleeping = waits_before.then(|| {
            live.block_on(async {
                let sleeping = wait(&client).interval(seconds(20)).spawn();
                tokio::time::sleep(millis(200)).await;
                sleeping
            })
        });
        let begins = now_of(&live);
        let task = if waits_before {
            // The other one has asked: the next request leaves a floor later.
            gone.block_on(async {
                let task = wait(&client).spawn();
                tokio::time::sleep(millis(5_600)).await;
                task
            })
        } else {
            begun_on(&gone, &client)
        };
        drop(gone);
        let outcome = live.block_on(async {
            server.approves_at(now());
            match sleeping {
                Some(sleeping) => status(sleeping.await),
                None => status(wait(&client).await),
            }
        });
        assert_eq!(outcome, "approved");
        let took = now_of(&live) - begins;
        assert!(took <= seconds(27), "no request timeout is waited for: {took:?}");
        assert_eq!(status(live.block_on(task)), "cancelled", "its runtime was shut down");
        assert_eq!(client.usage().live_polls, 0);
    }
}

#[test]
fn b43_a_runtime_is_dropped_with_the_only_wait_in_its_request() {
    let server = Server::new(millis(100));
    let client = server.client();
    let gone = runtime();
    let task = begun_on(&gone, &client);
    drop(gone);
    assert_eq!(client.usage().live_polls, 0);
    let next = runtime();
    next.block_on(async {
        server.approves_at(now());
        let start = now();
        assert_eq!(status(wait(&client).await), "approved");
        assert!(now() - start <= seconds(6), "a floor");
        assert_eq!(status(task.await), "cancelled");
        client.shutdown().await;
    });
}

#[test]
fn b43_a_drop_outside_any_runtime_is_no_panic_and_loses_nothing() {
    let server = Server::new(millis(100));
    let client = server.client();
    let home = runtime();
    let mut asking = home.block_on(async { wait(&client).into_future() });
    // Never polled, asleep, and with its request under way.
    let never = home.block_on(async { wait(&client).into_future() });
    let asleep = home.block_on(async {
        let other = crate::AuthReqId::new("other").expect("a valid id");
        let mut asleep = client.poll_for_approval("other@example.com", &other).into_future();
        assert!(tokio::time::timeout(seconds(1), &mut asleep).await.is_err());
        server.approves_at(now());
        asleep
    });
    home.block_on(async { assert!(tokio::time::timeout(millis(10), &mut asking).await.is_err()) });
    drop((never, asleep, asking));
    assert_eq!(client.usage().live_polls, 0);
    assert_eq!(status(home.block_on(async { wait(&client).await })), "approved");
}

#[test]
fn b25_an_approval_that_is_kept_outside_any_runtime_is_wiped_all_the_same() {
    let server = Server::new(millis(100));
    let client = server.client();
    let home = runtime();
    let task = home.block_on(async {
        server.approves_at(now());
        let task = wait(&client).spawn();
        tokio::time::sleep(seconds(1)).await;
        assert!(task.is_finished());
        task
    });
    drop(task);
    home.block_on(async {
        tokio::time::sleep(seconds(301)).await;
        assert_eq!(status(wait(&client).await), "approval_lost");
    });
}

#[test]
fn b43_a_shutdown_does_not_wait_for_a_runtime_that_stands_still() {
    let server = Server::new(millis(100));
    let client = server.client();
    let [still, live] = [runtime(), runtime()];
    let task = begun_on(&still, &client);
    live.block_on(async {
        let mine = wait(&client).spawn();
        tokio::task::yield_now().await;
        let start = now();
        client.shutdown().await;
        assert!(now() - start <= seconds(2), "the grace");
        assert!(mine.is_finished());
        assert_eq!(status(mine.await), "cancelled");
    });
    assert_eq!(status(still.block_on(task)), "cancelled");
    // And without any runtime it does what it can.
    let mut shutdown = std::pin::pin!(Arc::new(client).shutdown());
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(std::future::Future::poll(shutdown.as_mut(), &mut context).is_ready());
}

#[test]
fn b84_a_look_goes_along_with_a_request_of_another_runtime_as_long_as_that_may_take() {
    let server = Server::new(millis(100));
    let client = server.client();
    let [still, live] = [runtime(), runtime()];
    let _task = begun_on(&still, &client);
    live.block_on(async {
        let start = now();
        let looked = client.poll_for_approval(EMAIL, &an_id()).once().await.expect("a status");
        assert!(matches!(looked, crate::PollStatus::Pending { .. }), "{looked:?}");
        assert!(now() - start <= seconds(10), "the request timeout");
    });
}
