//! What a poll leaves to the next one of the same id.

use std::time::Duration;

use crate::client::tests::{initiate, scripted};
use crate::clock::now;
use crate::transport::script::{Line, Script};
use crate::{ApprovalOutcome, PollStatus};

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[tokio::test(start_paused = true)]
async fn b23_an_approval_that_nobody_took_from_its_task_is_lost_and_not_expired() {
    let script = Script::new([Line::ack(5, 300), Line::approved(), Line::expired()]);
    let client = scripted(&script);
    let pending = initiate(&client).await;
    let task = pending.wait().spawn();
    tokio::time::sleep(seconds(6)).await;
    assert!(task.is_finished());
    drop(task);
    assert_eq!(pending.wait().await.expect("an outcome").status(), "approval_lost");
}

#[tokio::test(start_paused = true)]
async fn b23_an_approval_that_was_taken_is_not_lost() {
    let script = Script::new([Line::ack(5, 300), Line::approved(), Line::expired()]);
    let client = scripted(&script);
    let pending = initiate(&client).await;
    assert_eq!(pending.wait().await.expect("an outcome").status(), "approved");
    assert_eq!(pending.wait().await.expect("an outcome").status(), "expired_token");
}

#[tokio::test(start_paused = true)]
async fn b12_behind_a_dropped_request_the_floor_counts_from_the_drop() {
    let script = Script::new([Line::ack(5, 300), Line::pending().after(seconds(4)), Line::approved()]);
    let client = scripted(&script);
    let pending = initiate(&client).await;
    let start = now();
    // The request leaves after 5 s and is dropped after 8 s.
    let _ = tokio::time::timeout(seconds(8), std::future::IntoFuture::into_future(pending.wait())).await;
    let _ = pending.wait().await.expect("an outcome");
    assert_eq!(script.instants("/token", start), [5_000, 13_000]);
}

#[tokio::test(start_paused = true)]
async fn b12_behind_an_outcome_the_floor_counts_from_its_answer() {
    let denied = || Line::json(400, r#"{"error":"access_denied"}"#);
    let script = Script::new([Line::ack(5, 300), denied().after(seconds(3)), denied()]);
    let client = scripted(&script);
    let pending = initiate(&client).await;
    let start = now();
    for _ in 0..2 {
        assert_eq!(pending.wait().await.expect("an outcome").status(), "access_denied");
    }
    assert_eq!(script.instants("/token", start), [5_000, 13_000]);
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
    tokio::time::sleep(seconds(5)).await;
    assert_eq!(client.usage().remembered_ids, 0);
}

#[tokio::test(start_paused = true)]
async fn b61_an_expired_request_is_not_polled_and_leaves_nothing() {
    let script = Script::new([Line::ack(5, 12)]);
    let client = scripted(&script);
    let pending = initiate(&client).await;
    tokio::time::sleep(seconds(20)).await;
    assert_eq!(client.usage().remembered_ids, 0, "forgotten");
    let looked = pending.wait().once().await.expect("a status");
    assert!(matches!(looked, PollStatus::Ended(ApprovalOutcome::ExpiredToken)), "{looked:?}");
    assert_eq!(pending.wait().await.expect("an outcome").status(), "expired_token");
    assert_eq!(script.asked().len(), 1, "the initiate");
    assert_eq!(client.usage().remembered_ids, 0);
}
