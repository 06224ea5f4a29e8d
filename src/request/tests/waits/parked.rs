//! Waits that nobody drives any more.

use std::future::IntoFuture as _;
use std::sync::Arc;
use std::task::{Context, Wake, Waker};

use super::{EMAIL, millis, one_per_floor, seconds, status};
use crate::client::tests::initiate;
use crate::clock::now;
use crate::request::tests::server::Server;
use crate::{AuthReqId, CibaClient};

#[tokio::test(start_paused = true)]
async fn f05_b13_a_wait_that_is_kept_and_polled_no_more_holds_nobody_up() {
    // Parked before its first turn, in its sleep, or with its request under way, which left after 5 s.
    for (parked_after, round_trip) in [(None, 50), (Some(2_000), 50), (Some(6_000), 3_000), (Some(5_000), 0)]
    {
        let server = Server::new(millis(round_trip));
        let client = server.client();
        let pending = initiate(&client).await;
        let start = now();
        server.approves_at(start + seconds(12));
        let mut parked = pending.wait().into_future();
        if let Some(after) = parked_after {
            assert!(tokio::time::timeout(millis(after), &mut parked).await.is_err());
        }
        assert_eq!(status(pending.wait().await), "approved", "{parked_after:?}");
        assert_eq!(server.polls(start), one_per_floor(5, round_trip, 15_200), "{parked_after:?}");
        assert_eq!(server.most_under_way(), 1);
        assert_eq!(status(parked.await), "approved", "it was under way all the time");
    }
}

/// A place is not held by somebody's future that lies idle: neither on the wire nor in the queue.
#[tokio::test(start_paused = true)]
async fn f05_b82_a_wait_that_is_kept_and_polled_no_more_gives_its_place_back() {
    for in_the_queue in [false, true] {
        let server = Server::new(seconds(1));
        let client = server.client_with(|builder| builder.max_in_flight(1));
        let wait = |person: &str| {
            let id = AuthReqId::new(format!("id-of-{person}")).expect("valid");
            client.poll_for_approval(format!("{person}@example.com"), &id).timeout(seconds(30))
        };
        let before = in_the_queue.then(|| wait("before").spawn());
        tokio::task::yield_now().await;
        let mut parked = wait("parked").into_future();
        assert!(tokio::time::timeout(millis(100), &mut parked).await.is_err());
        let start = now();
        assert_eq!(status(wait("behind").timeout(seconds(3)).await), "timeout");
        // The parked one's request, its own, and that of the one before, where there is one.
        assert_eq!(server.polls(start).len(), 2 + usize::from(in_the_queue));
        drop((before, parked));
    }
}

#[tokio::test(start_paused = true)]
async fn f05_b13_a_request_whose_wait_is_parked_is_finished_for_those_who_sleep() {
    let server = Server::new(seconds(3));
    let client = server.client();
    let pending = initiate(&client).await;
    let start = now();
    server.approves_at(start);
    // It would not ask before a minute is over.
    let sleeping = pending.wait().interval(seconds(60)).spawn();
    let mut parked = pending.wait().into_future();
    assert!(tokio::time::timeout(seconds(6), &mut parked).await.is_err());
    assert_eq!(status(sleeping.await), "approved");
    assert_eq!(now() - start, seconds(8), "as soon as it is there");
    assert_eq!(server.polls(start), [5_000]);
    drop(parked);
}

#[tokio::test(start_paused = true)]
async fn f03_b13_a_second_wait_beside_a_request_under_way_ends_nothing() {
    let server = Server::new(seconds(1));
    let client = server.client();
    let pending = initiate(&client).await;
    let start = now();
    server.approves_at(start);
    let first = pending.wait().spawn();
    tokio::time::sleep(millis(5_150)).await;
    let second = pending.wait().await;
    assert_eq!((status(first.await), status(second)), ("approved", "approved"));
    assert_eq!(server.polls(start), [5_000]);
}

#[tokio::test(start_paused = true)]
async fn f02_b13_a_task_that_nobody_has_awaited_yet_shares_its_approval() {
    let server = Server::new(millis(50));
    let client = server.client();
    let pending = initiate(&client).await;
    server.approves_at(now());
    let task = pending.wait().spawn();
    tokio::time::sleep(seconds(6)).await;
    assert!(task.is_finished());
    assert_eq!(status(pending.wait().await), "approved");
    // The task counts as under way since it began, however late it is awaited.
    tokio::time::sleep(seconds(3_600)).await;
    assert_eq!(status(task.await), "approved");
}

#[tokio::test(start_paused = true)]
async fn f02_b42_a_cancel_reaches_who_has_not_received_beside_one_who_has() {
    let server = Server::new(millis(50));
    let client = server.client();
    let pending = initiate(&client).await;
    server.approves_at(now());
    let [one, two] = [pending.wait().spawn(), pending.wait().spawn()];
    tokio::time::sleep(seconds(6)).await;
    assert_eq!(status(one.await), "approved");
    assert_eq!(client.cancel_approval(EMAIL).await.expect("cancelled").polls_stopped(), 1);
    assert_eq!(status(two.await), "cancelled");
    assert_eq!(status(pending.wait().await), "cancelled");
}

/// Calls back into the client when it is woken, as an executor may that is written around this crate.
struct CallsBack(CibaClient);

impl Wake for CallsBack {
    fn wake(self: Arc<Self>) {
        assert!(self.0.usage().remembered_ids < 10);
        let mut cancelling = self.0.cancel_approval("other@example.com");
        assert!(cancelling.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready());
        assert!(!format!("{:?}", self.0).is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn f14_wakers_run_under_no_lock() {
    for how in ["cancel", "initiate", "shutdown", "answer"] {
        let server = Server::new(millis(50));
        let client = server.client();
        let pending = initiate(&client).await;
        let waker = Waker::from(Arc::new(CallsBack(client.clone())));
        let mut waits = [pending.wait().into_future(), pending.wait().into_future()];
        for wait in &mut waits {
            assert!(wait.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        }
        match how {
            "cancel" => drop(client.cancel_approval(EMAIL).await),
            "initiate" => drop(initiate(&client).await),
            "shutdown" => client.shutdown().await,
            _ => {
                server.approves_at(now());
                assert_eq!(status(pending.wait().await), "approved");
            }
        }
        for wait in waits {
            assert_eq!(status(wait.await), if how == "answer" { "approved" } else { "cancelled" }, "{how}");
        }
    }
}
