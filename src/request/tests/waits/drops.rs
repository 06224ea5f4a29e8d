//! B-43: what a drop ends, and what it does not.

use std::future::IntoFuture as _;

use super::{EMAIL, millis, seconds, status};
use crate::client::tests::initiate;
use crate::clock::now;
use crate::request::tests::server::Server;

fn alive_tasks() -> usize {
    tokio::runtime::Handle::current().metrics().num_alive_tasks()
}

#[tokio::test(start_paused = true)]
async fn f11_b43_the_last_wait_is_dropped_in_its_request_and_the_next_has_the_approval_at_once() {
    for spawned in [false, true] {
        let server = Server::new(seconds(3));
        let client = server.client();
        let pending = initiate(&client).await;
        let start = now();
        server.approves_at(start);
        if spawned {
            let task = pending.wait().spawn();
            tokio::time::sleep(seconds(6)).await;
            drop(task);
        } else {
            assert!(tokio::time::timeout(seconds(6), pending.wait().into_future()).await.is_err());
        }
        tokio::time::sleep(seconds(1)).await;
        assert_eq!((client.usage().live_polls, alive_tasks()), (0, 1), "what finishes the request");
        tokio::time::sleep(seconds(13)).await;
        assert_eq!(alive_tasks(), 1, "the timer of what is kept");
        let asked = now();
        assert_eq!(status(pending.wait().await), "approved");
        assert_eq!(now(), asked, "at once");
        assert_eq!(server.polls(start), [5_000]);
        tokio::time::sleep(seconds(11)).await;
        assert_eq!(alive_tasks(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn f11_b43_a_wait_that_is_not_the_last_is_dropped_in_its_request() {
    let server = Server::new(seconds(3));
    let client = server.client();
    let pending = initiate(&client).await;
    let start = now();
    server.approves_at(start);
    let asking = tokio::spawn(pending.wait().into_future());
    tokio::time::sleep(millis(5_100)).await;
    let joining = tokio::spawn(pending.wait().interval(seconds(60)).into_future());
    tokio::time::sleep(millis(400)).await;
    asking.abort();
    assert_eq!(status(joining.await.expect("no panic")), "approved");
    assert_eq!(now() - start, seconds(8));
    assert_eq!(server.polls(start), [5_000]);
}

#[tokio::test(start_paused = true)]
async fn f11_b43_a_wait_is_dropped_in_its_request_and_the_other_is_not_driven() {
    let server = Server::new(seconds(3));
    let client = server.client();
    let pending = initiate(&client).await;
    let start = now();
    server.approves_at(start);
    let asking = tokio::spawn(pending.wait().into_future());
    tokio::time::sleep(millis(5_100)).await;
    let undriven = pending.wait().into_future();
    asking.abort();
    tokio::time::sleep(seconds(3)).await;
    assert_eq!(server.under_way(), 0, "it was finished all the same");
    assert_eq!(status(undriven.await), "approved");
    assert_eq!(server.polls(start), [5_000]);
}

#[tokio::test(start_paused = true)]
async fn b43_a_task_that_is_cancelled_alone_loses_no_approval() {
    let server = Server::new(seconds(3));
    let client = server.client();
    let pending = initiate(&client).await;
    server.approves_at(now());
    let task = pending.wait().spawn();
    tokio::time::sleep(seconds(6)).await;
    task.cancel();
    assert_eq!(status(task.await), "cancelled");
    assert_eq!(status(pending.wait().await), "approved");
}

#[tokio::test(start_paused = true)]
async fn b43_a_request_that_is_not_sent_yet_ends_with_the_last_wait() {
    let server = Server::new(seconds(3));
    let client = server.client_with(|builder| builder.max_in_flight(1));
    let pending = initiate(&client).await;
    let start = now();
    let other = crate::AuthReqId::new("other").expect("a valid id");
    tokio::time::sleep(millis(4_900)).await;
    let first = client.poll_for_approval("other@example.com", &other).timeout(seconds(1)).spawn();
    assert!(tokio::time::timeout(seconds(1), pending.wait().into_future()).await.is_err());
    tokio::time::sleep(seconds(20)).await;
    assert_eq!(server.polls(start), [4_900], "it never had a place");
    assert_eq!(status(first.await), "timeout");
    assert_eq!(client.usage().live_polls, 0);
}

#[tokio::test(start_paused = true)]
async fn b43_a_cancel_ends_also_a_request_that_is_only_being_finished() {
    let server = Server::new(seconds(3));
    let client = server.client();
    let pending = initiate(&client).await;
    server.approves_at(now());
    assert!(tokio::time::timeout(seconds(6), pending.wait().into_future()).await.is_err());
    assert_eq!(client.cancel_approval(EMAIL).await.expect("cancelled").polls_stopped(), 0, "nobody waits");
    tokio::task::yield_now().await;
    assert_eq!(alive_tasks(), 0);
    assert_eq!(status(pending.wait().await), "cancelled");
}
