//! Who stops a poll, and what comes out of it.

use std::future::IntoFuture as _;
use std::time::Duration;

use crate::client::tests::{initiate, scripted, scripted_with};
use crate::clock::now;
use crate::transport::script::{Line, Script};
use crate::{ApprovalOutcome, AuthReqId, CancelReason, CibaClient, ErrorKind, PollStatus};

const EMAIL: &str = "user@example.com";

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[track_caller]
fn assert_cancelled(outcome: Result<ApprovalOutcome, crate::Error>, reason: CancelReason) {
    match outcome {
        Ok(ApprovalOutcome::Cancelled(why)) => assert_eq!(why, reason),
        other => panic!("{other:?}"),
    }
}

async fn cancel(client: &CibaClient) -> usize {
    client.cancel_approval(EMAIL).await.expect("a valid email").polls_stopped()
}

#[tokio::test(start_paused = true)]
async fn b40_cancel_stops_a_poll_in_its_sleep_and_in_its_request() {
    for asleep in [true, false] {
        let script = Script::new([Line::ack(5, 300), Line::pending().after(seconds(4))]);
        let client = scripted(&script);
        let pending = initiate(&client).await;
        let task = pending.wait().spawn();
        tokio::time::sleep(seconds(if asleep { 2 } else { 6 })).await;
        let at = now();
        assert_eq!(cancel(&client).await, 1);
        assert_cancelled(task.await, CancelReason::Requested);
        assert_eq!(now(), at, "at once");
        assert_eq!(script.asked().len(), if asleep { 1 } else { 2 });
        tokio::time::sleep(seconds(60)).await;
        assert_eq!(script.asked().len(), if asleep { 1 } else { 2 }, "and for good");
        assert_eq!(client.usage().live_polls, 0);
    }
}

#[tokio::test(start_paused = true)]
async fn b40_cancel_is_safe_when_nothing_runs_and_twice() {
    let client = scripted(&Script::new([Line::ack(5, 300)]));
    assert_eq!(cancel(&client).await, 0);
    assert_eq!(
        client.cancel_approval("stranger@example.com").await.expect("cancelled").status(),
        "cancelled"
    );
    let task = initiate(&client).await.wait().spawn();
    assert_eq!(cancel(&client).await, 1);
    assert_eq!(cancel(&client).await, 0, "the second finds nothing more to stop");
    assert_cancelled(task.await, CancelReason::Requested);
    assert_eq!(cancel(&client).await, 0);
    assert_eq!(client.cancel_approval("no address").await.expect_err("refused").kind(), ErrorKind::Input);
}

#[tokio::test(start_paused = true)]
async fn b41_cancel_before_poll_is_not_lost() {
    let script = Script::new([Line::ack(5, 300)]);
    let client = scripted(&script);
    let pending = initiate(&client).await;
    assert_eq!(cancel(&client).await, 0);
    assert_cancelled(pending.wait().await, CancelReason::Requested);
    assert_cancelled(pending.wait().spawn().await, CancelReason::Requested);
    let look = pending.wait().once().await.expect("a status");
    assert!(
        matches!(look, PollStatus::Ended(ApprovalOutcome::Cancelled(CancelReason::Requested))),
        "{look:?}"
    );
    assert_eq!(script.asked().len(), 1, "no poll was sent");
}

#[tokio::test(start_paused = true)]
async fn b41_cancel_while_the_initiate_is_under_way_is_not_lost() {
    let script = Script::new([Line::ack(5, 300).after(seconds(3))]);
    let client = scripted(&script);
    let initiate = tokio::spawn(client.initiate_app_approval(EMAIL).into_future());
    tokio::time::sleep(seconds(1)).await;
    assert_eq!(cancel(&client).await, 0);
    let pending = initiate.await.expect("no panic").expect("an acknowledgement");
    assert_cancelled(pending.wait().await, CancelReason::Requested);
    assert_eq!(script.asked().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn c03_cancel_between_making_the_future_and_polling_it() {
    let script = Script::new([]);
    let client = scripted(&script);
    let id = AuthReqId::new("of-another-process").expect("a valid id");
    let future = client.poll_for_approval(EMAIL, &id).into_future();
    assert_eq!(cancel(&client).await, 1);
    assert_cancelled(future.await, CancelReason::Requested);
    assert_eq!(script.asked().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn b42_cancel_wins_over_an_approval_that_nobody_has_taken_yet() {
    let script = Script::new([Line::ack(5, 300), Line::approved()]);
    let client = scripted(&script);
    let task = initiate(&client).await.wait().spawn();
    tokio::time::sleep(seconds(6)).await;
    assert!(task.is_finished(), "the token is there");
    assert_eq!(cancel(&client).await, 1);
    assert_cancelled(task.await, CancelReason::Requested);
}

#[tokio::test(start_paused = true)]
async fn b43_dropping_a_future_or_a_task_frees_all_it_held() {
    let script = Script::new([Line::ack(5, 300)]);
    let client = scripted(&script);
    let pending = initiate(&client).await;
    let dropped = tokio::time::timeout(seconds(7), pending.wait().into_future()).await;
    assert!(dropped.is_err());
    assert_eq!(client.usage().live_polls, 0);
    drop(pending.wait().spawn());
    tokio::task::yield_now().await;
    assert_eq!(client.usage().live_polls, 0);
    let asked = script.asked().len();
    tokio::time::sleep(seconds(100)).await;
    assert_eq!(script.asked().len(), asked, "nobody polls any more");
    tokio::time::sleep(seconds(300 + 10 * 60)).await;
    assert_eq!(client.usage().remembered_ids, 0, "and the id is forgotten ten minutes behind its end");
}

#[tokio::test(start_paused = true)]
async fn b43_a_detached_poll_outlives_its_handle() {
    let script = Script::new([Line::ack(5, 300), Line::pending(), Line::approved()]);
    let client = scripted(&script);
    initiate(&client).await.wait().spawn().detach();
    tokio::time::sleep(seconds(11)).await;
    assert_eq!(script.asked().len(), 3);
    assert_eq!(client.usage().live_polls, 0, "it ended by itself");
}

#[tokio::test(start_paused = true)]
async fn b43_shutdown_ends_all_and_waits() {
    let script = Script::new([Line::ack(5, 300), Line::ack(5, 300)]);
    let client = scripted_with(&script, |builder| builder.concurrent_approvals(true));
    let first = client.initiate_app_approval("a@example.com").await.expect("an acknowledgement");
    let task = first.wait().spawn();
    first.wait().spawn().detach();
    let other = AuthReqId::new("other").expect("a valid id");
    let awaited = client.poll_for_approval("b@example.com", &other).into_future();
    client.shutdown().await;
    assert_cancelled(task.await, CancelReason::Shutdown);
    assert_cancelled(awaited.await, CancelReason::Shutdown);
    assert_cancelled(first.wait().await, CancelReason::Shutdown);
    let error = client.initiate_app_approval(EMAIL).await.expect_err("shut down");
    assert_eq!(error.kind(), ErrorKind::Shutdown);
    assert_eq!(client.verify_totp(EMAIL, "123456").await.expect_err("shut down").kind(), ErrorKind::Shutdown);
    assert_eq!(script.asked().len(), 1);
    client.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn f71_b43_b61_after_a_shutdown_only_what_nobody_has_taken_is_left() {
    let wrong = Line::json(401, r#"{"success":false,"message":"Invalid TOTP code"}"#);
    let script =
        Script::new([wrong, Line::ack(5, 120), Line::json(200, r#"{"auth_req_id":"two","expires_in":120}"#)]);
    let client = scripted(&script);
    let _ = client.verify_totp(EMAIL, "123456").await.expect("a judgement");
    let task = initiate(&client).await.wait().spawn();
    client
        .initiate_app_approval("other@example.com")
        .await
        .expect("an acknowledgement")
        .wait()
        .spawn()
        .detach();
    let usage = client.usage();
    assert_eq!((usage.live_polls, usage.remembered_ids), (2, 2));

    client.shutdown().await;
    let usage = client.usage();
    assert_eq!((usage.live_polls, usage.remembered_ids), (1, 0), "one is still to be taken");
    assert_eq!((usage.totp_counts, usage.push_counts), (1, 2), "the guards forget nothing");
    assert_cancelled(task.await, CancelReason::Shutdown);
    assert_eq!(client.usage().live_polls, 0);
    tokio::time::sleep(seconds(15 * 60)).await;
    assert_eq!(client.usage(), crate::Usage::default());
}

#[tokio::test(start_paused = true)]
async fn a_task_can_be_cancelled_alone_and_its_id_polled_again() {
    let script = Script::new([Line::ack(5, 300), Line::approved()]);
    let client = scripted(&script);
    let pending = initiate(&client).await;
    let task = pending.wait().spawn();
    task.cancel();
    assert_cancelled(task.await, CancelReason::Requested);
    assert_eq!(pending.wait().await.expect("an outcome").status(), "approved");
}

#[tokio::test(start_paused = true)]
async fn c02_b32_a_wait_never_ends_another_id_of_the_same_email() {
    let [one, two] = ["one", "two"].map(|id| AuthReqId::new(id).expect("a valid id"));
    for several in [false, true] {
        let client = scripted_with(&Script::new([]), |builder| builder.concurrent_approvals(several));
        let first = client.poll_for_approval(EMAIL, &one).spawn();
        let second = client.poll_for_approval("USER@example.com ", &two).spawn();
        tokio::time::sleep(seconds(20)).await;
        assert!(!first.is_finished() && !second.is_finished());
        assert_eq!(client.usage().live_polls, 2);
        assert_eq!(cancel(&client).await, 2);
        assert_cancelled(first.await, CancelReason::Requested);
        assert_cancelled(second.await, CancelReason::Requested);
    }
}

#[tokio::test(start_paused = true)]
async fn c07_cancel_for_one_does_not_touch_another() {
    let client = scripted(&Script::new([]));
    let id = AuthReqId::new("one").expect("a valid id");
    let task = client.poll_for_approval("other@example.com", &id).spawn();
    assert_eq!(cancel(&client).await, 0);
    tokio::time::sleep(seconds(1)).await;
    assert!(!task.is_finished());
}

#[tokio::test(start_paused = true)]
async fn c24_a_poll_goes_on_when_the_last_client_is_dropped() {
    let script = Script::new([Line::ack(5, 300), Line::approved()]);
    let client = scripted(&script);
    let task = initiate(&client).await.wait().spawn();
    drop(client);
    assert_eq!(task.await.expect("an outcome").status(), "approved");
}

#[test]
fn c15_outside_a_runtime_everything_is_a_clear_error() {
    let client = scripted(&Script::new([]));
    let id = AuthReqId::new("one").expect("a valid id");
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime without timers");
    let task = client.poll_for_approval(EMAIL, &id).spawn();
    let errors = runtime.block_on(async {
        [
            task.await.expect_err("no runtime"),
            client.poll_for_approval(EMAIL, &id).await.expect_err("no timers"),
            client.poll_for_approval(EMAIL, &id).once().await.expect_err("no timers"),
            client.initiate_app_approval(EMAIL).await.expect_err("no timers"),
            client.verify_totp(EMAIL, "123456").await.expect_err("no timers"),
        ]
    });
    for error in errors {
        assert_eq!(error.kind(), ErrorKind::Runtime, "{error}");
        assert!(!error.may_have_reached_server());
    }
    // No runtime at all: polled by hand.
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    let mut poll = client.poll_for_approval(EMAIL, &id).into_future();
    let std::task::Poll::Ready(outcome) = poll.as_mut().poll(&mut context) else { panic!("ready at once") };
    assert_eq!(outcome.expect_err("no runtime").kind(), ErrorKind::Runtime);
}

#[test]
fn c14_a_runtime_that_ends_in_the_middle_of_a_poll() {
    let client = scripted(&Script::new([Line::ack(5, 300)]));
    let first = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let pending = first.block_on(initiate(&client));
    let entered = first.enter();
    let task = pending.wait().spawn();
    drop(entered);
    drop(first);
    let second = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    assert_cancelled(second.block_on(task), CancelReason::Shutdown);
    assert_eq!(client.usage().live_polls, 0);
}

#[test]
fn f41_a_shutdown_does_not_wait_for_a_runtime_that_stands_still() {
    let build = || {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        builder.enable_all().start_paused(true).build().expect("a runtime")
    };
    let client = scripted(&Script::new([Line::ack(5, 300)]));
    let (still, other) = (build(), build());
    let pending = still.block_on(initiate(&client));
    let entered = still.enter();
    let task = pending.wait().spawn();
    drop(entered);
    other.block_on(async {
        let start = now();
        client.shutdown().await;
        assert_eq!(now().duration_since(start), seconds(2), "the grace, and no longer");
    });
    assert_cancelled(still.block_on(task), CancelReason::Shutdown);
}
