//! B-15: looks.

use std::time::Duration;

use super::{EMAIL, millis, seconds, status};
use crate::client::tests::{initiate, scripted, scripted_with};
use crate::clock::now;
use crate::request::tests::server::{Server, an_id};
use crate::transport::FaultKind;
use crate::transport::script::{Line, Script};
use crate::{ApprovalOutcome, AuthReqId, Error, PollStatus};

#[track_caller]
fn pending_for(look: Result<PollStatus, Error>) -> Duration {
    match look.expect("a status") {
        PollStatus::Pending { next_poll_in } => next_poll_in,
        PollStatus::Ended(outcome) => panic!("{outcome:?}"),
    }
}

#[track_caller]
fn ended(look: Result<PollStatus, Error>) -> ApprovalOutcome {
    match look.expect("a status") {
        PollStatus::Ended(outcome) => outcome,
        pending => panic!("{pending:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn f06_b15_a_look_joins_a_request_that_is_on_the_wire() {
    // Slower than the floor.
    let server = Server::new(seconds(9));
    let client = server.client();
    let pending = initiate(&client).await;
    let start = now();
    server.approves_at(start + seconds(20));
    let task = pending.wait().spawn();
    tokio::time::sleep(seconds(6)).await;
    assert_eq!(pending_for(pending.wait().once().await), seconds(5), "a floor behind the answer");
    assert_eq!(now() - start, seconds(14), "it took as long as the request");
    tokio::time::sleep(seconds(6)).await;
    assert_eq!(ended(pending.wait().once().await).status(), "approved");
    assert_eq!(status(task.await), "approved");
    assert_eq!(server.polls(start), [5_000, 19_000]);
}

#[tokio::test(start_paused = true)]
async fn f06_b15_a_look_beside_a_finished_task_gets_the_outcome() {
    let server = Server::new(millis(50));
    let client = server.client();
    let pending = initiate(&client).await;
    server.approves_at(now());
    let task = pending.wait().spawn();
    tokio::time::sleep(seconds(6)).await;
    for _ in 0..3 {
        assert_eq!(ended(pending.wait().once().await).status(), "approved");
    }
    assert_eq!(status(task.await), "approved");
}

#[tokio::test(start_paused = true)]
async fn f06_b15_whoever_sleeps_as_long_as_a_look_says_does_not_spin() {
    let server = Server::new(millis(300));
    let client = server.client();
    let pending = initiate(&client).await;
    let start = now();
    server.approves_at(start + seconds(60));
    let task = pending.wait().spawn();
    let mut looks = 0;
    loop {
        looks += 1;
        match pending.wait().once().await.expect("a status") {
            PollStatus::Pending { next_poll_in } => {
                assert!(next_poll_in >= millis(100), "{next_poll_in:?}");
                tokio::time::sleep(next_poll_in).await;
            }
            PollStatus::Ended(outcome) => break assert_eq!(outcome.status(), "approved"),
        }
    }
    assert!(looks <= 30, "{looks} looks in {:?}", now() - start);
    assert_eq!(server.polls(start).len(), 12, "one per floor");
    assert_eq!(status(task.await), "approved");
}

#[tokio::test(start_paused = true)]
async fn f07_b15_a_look_sleeps_for_no_place() {
    let hang = Line::pending().after(seconds(100));
    let script = Script::new([hang]);
    let client = scripted_with(&script, |builder| builder.max_in_flight(1));
    let hanging = client.poll_for_approval("other@example.com", &an_id()).spawn();
    tokio::task::yield_now().await;
    let mine = AuthReqId::new("mine").expect("a valid id");
    let start = now();
    let look = client.poll_for_approval(EMAIL, &mine).once().await;
    assert_eq!(pending_for(look), millis(100), "no place, and the floor allows it: soon again");
    assert!(now() - start <= millis(250), "{:?}", now() - start);
    // Nor beside one that stands in the queue.
    let waiting = client.poll_for_approval(EMAIL, &mine).spawn();
    tokio::task::yield_now().await;
    let start = now();
    assert_eq!(pending_for(client.poll_for_approval(EMAIL, &mine).once().await), millis(100));
    assert_eq!(now(), start);
    assert_eq!(script.asked().len(), 1);
    drop((hanging, waiting));
}

#[tokio::test(start_paused = true)]
async fn f08_b15_a_wait_of_next_to_no_time_looks_awaited_or_spawned() {
    for timeout in [Duration::ZERO, Duration::from_nanos(1), millis(1)] {
        for spawned in [false, true] {
            let server = Server::new(Duration::ZERO);
            let client = server.client();
            server.approves_at(now());
            let wait = client.poll_for_approval(EMAIL, &an_id()).timeout(timeout);
            let outcome = if spawned {
                let task = wait.spawn();
                // Others are faster.
                tokio::time::advance(millis(2)).await;
                task.await
            } else {
                wait.await
            };
            assert_eq!(status(outcome), "approved", "{timeout:?}, spawned: {spawned}");
            // Too early for another, and told so.
            let other = AuthReqId::new("other").expect("a valid id");
            let poll = || client.poll_for_approval(EMAIL, &other).timeout(timeout);
            let polls = server.polls(now()).len();
            let _ = poll().await;
            assert_eq!(server.polls(now()).len(), polls + 1);
            let _ = poll().spawn().await;
            assert_eq!(server.polls(now()).len(), polls + 1, "the floor");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn b15_a_look_whose_one_request_fails_is_an_error() {
    let script = Script::new([Line::fault(FaultKind::NotConnected), Line::json(503, ""), Line::approved()]);
    let client = scripted(&script);
    for attempts in [1, 2] {
        let error = client.poll_for_approval(EMAIL, &an_id()).once().await.expect_err("it failed");
        assert_eq!(error.attempts(), attempts);
        let next = pending_for(client.poll_for_approval(EMAIL, &an_id()).once().await);
        assert!(next > seconds(5), "behind the back-off, and nothing failed just now: {next:?}");
        tokio::time::sleep(next).await;
    }
    let zero = client.poll_for_approval(EMAIL, &an_id()).timeout(Duration::ZERO);
    assert_eq!(status(zero.await), "approved");
    assert_eq!(script.asked().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn b15_b25_a_look_behind_the_ids_end_sends_nothing() {
    let script = Script::new([Line::ack(5, 60)]);
    let client = scripted(&script);
    let pending = initiate(&client).await;
    tokio::time::sleep(seconds(60) + millis(1)).await;
    assert_eq!(ended(pending.wait().once().await).status(), "expired_token");
    assert_eq!(script.asked().len(), 1);
}
