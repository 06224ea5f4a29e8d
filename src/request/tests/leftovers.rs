//! What a wait leaves to the next one of the same id.

use std::future::IntoFuture as _;
use std::time::Duration;

use crate::client::tests::{initiate, scripted};
use crate::clock::now;
use crate::transport::script::{Line, Script};
use crate::{ApprovalOutcome, ErrorKind, PollStatus};

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[tokio::test(start_paused = true)]
async fn b25_an_approval_that_nobody_took_from_its_task_is_kept_for_the_next_wait() {
    let script = Script::new([Line::ack(5, 300), Line::approved(), Line::expired()]);
    let client = scripted(&script);
    let pending = initiate(&client).await;
    let task = pending.wait().spawn();
    tokio::time::sleep(seconds(6)).await;
    assert!(task.is_finished());
    drop(task);
    assert_eq!(client.usage().live_polls, 0);
    assert_eq!(pending.wait().await.expect("an outcome").status(), "approved");
    assert_eq!(script.asked().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn f10_b25_an_approval_that_was_taken_is_given_again_for_ten_seconds_and_then_told() {
    let script = Script::new([Line::ack(5, 300), Line::approved(), Line::expired()]);
    let client = scripted(&script);
    let pending = initiate(&client).await;
    assert_eq!(pending.wait().await.expect("an outcome").status(), "approved");
    tokio::time::sleep(Duration::from_millis(9_999)).await;
    assert_eq!(pending.wait().await.expect("an outcome").status(), "approved", "a reload");
    tokio::time::sleep(Duration::from_millis(1)).await;
    for _ in 0..2 {
        let error = pending.wait().await.expect_err("ten seconds behind the first");
        assert_eq!((error.kind(), error.may_have_reached_server()), (ErrorKind::AlreadyAnswered, false));
        let error = pending.wait().once().await.expect_err("a look, too");
        assert_eq!(error.kind(), ErrorKind::AlreadyAnswered);
        tokio::time::sleep(seconds(400)).await;
    }
    assert_eq!(script.asked().len(), 2, "nothing more was sent");
}

#[tokio::test(start_paused = true)]
async fn f11_b43_a_dropped_request_is_finished_and_the_floor_counts_from_its_answer() {
    let script = Script::new([Line::ack(5, 300), Line::pending().after(seconds(4)), Line::approved()]);
    let client = scripted(&script);
    let pending = initiate(&client).await;
    let start = now();
    // The request leaves after 5 s; its wait is dropped after 8 s; the answer comes after 9 s.
    let _ = tokio::time::timeout(seconds(8), pending.wait().into_future()).await;
    let _ = pending.wait().await.expect("an outcome");
    assert_eq!(script.instants("/token", start), [5_000, 14_000]);
    assert_eq!(script.most_under_way(), 1);
}

#[tokio::test(start_paused = true)]
async fn f10_b25_a_denial_is_told_again_and_nothing_is_sent() {
    let denied = || Line::json(400, r#"{"error":"access_denied"}"#);
    let gone = Line::json(400, r#"{"error":"invalid_grant"}"#);
    let script = Script::new([Line::ack(5, 300), denied().after(seconds(3)), gone]);
    let client = scripted(&script);
    let pending = initiate(&client).await;
    let start = now();
    for _ in 0..3 {
        assert_eq!(pending.wait().await.expect("an outcome").status(), "access_denied");
    }
    assert_eq!(script.instants("/token", start), [5_000]);
}

#[tokio::test(start_paused = true)]
async fn b12_the_floor_behind_a_last_look_outlives_the_id() {
    let script = Script::new([Line::ack(5, 12)]);
    let client = scripted(&script);
    let pending = initiate(&client).await;
    let start = now();
    assert_eq!(pending.wait().await.expect("an outcome").status(), "expired_token");
    tokio::time::sleep(seconds(1)).await;
    assert_eq!(client.usage().remembered_ids, 1, "it was polled a second ago");
    assert_eq!(pending.wait().await.expect("an outcome").status(), "expired_token");
    assert_eq!(script.instants("/token", start), [5_000, 12_000]);
    tokio::time::sleep(seconds(10 * 60)).await;
    assert_eq!(client.usage().remembered_ids, 0);
}

#[tokio::test(start_paused = true)]
async fn b61_an_expired_request_is_not_polled_and_leaves_nothing() {
    let script = Script::new([Line::ack(5, 12)]);
    let client = scripted(&script);
    let pending = initiate(&client).await;
    for later in [1, 10 * 60] {
        tokio::time::sleep(seconds(12 + later)).await;
        assert_eq!(client.usage().remembered_ids, usize::from(later == 1));
        let looked = pending.wait().once().await.expect("a status");
        assert!(matches!(looked, PollStatus::Ended(ApprovalOutcome::ExpiredToken)), "{looked:?}");
        assert_eq!(pending.wait().await.expect("an outcome").status(), "expired_token");
        assert_eq!(script.asked().len(), 1, "the initiate");
    }
    tokio::time::sleep(seconds(10 * 60)).await;
    assert_eq!(client.usage().remembered_ids, 0);
}
