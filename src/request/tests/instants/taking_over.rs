//! B-13: one id, one request at a time.

use std::future::IntoFuture as _;

use super::{polls, seconds};
use crate::client::tests::{initiate, scripted};
use crate::clock::now;
use crate::transport::script::{Line, Script};
use crate::{ApprovalOutcome, CancelReason};

#[tokio::test(start_paused = true)]
async fn b13_the_floor_is_kept_when_a_second_poll_takes_over() {
    let script = Script::new([Line::ack(5, 300)]);
    let client = scripted(&script);
    let pending = initiate(&client).await;
    let start = now();
    let first = pending.wait().spawn();
    tokio::time::sleep(seconds(7)).await;
    let second = pending.wait().timeout(seconds(20)).spawn();
    let first = first.await.expect("an outcome");
    assert!(matches!(first, ApprovalOutcome::Cancelled(CancelReason::Superseded)), "{first:?}");
    assert_eq!(now().duration_since(start), seconds(7), "at once");
    let _ = second.await.expect("an outcome");
    assert_eq!(polls(&script, start), [5_000, 10_000, 15_000, 20_000, 27_000]);
    assert_eq!(script.most_under_way(), 1);
}

#[tokio::test(start_paused = true)]
async fn b13_never_two_requests_of_one_id_even_if_the_first_is_not_dropped() {
    let hang = Line::pending().after(seconds(9));
    let script = Script::new([Line::ack(2, 300), hang]);
    let client = scripted(&script);
    let pending = initiate(&client).await;
    let mut first = pending.wait().into_future();
    // Drive the first into its request, then leave it lying.
    let _ = tokio::time::timeout(seconds(3), &mut first).await;
    let second = pending.wait().timeout(seconds(20)).await.expect("an outcome");
    assert_eq!(second.status(), "timeout");
    assert_eq!(script.most_under_way(), 1, "the first still has its request");
    drop(first);
    let third = pending.wait().timeout(seconds(5)).await.expect("an outcome");
    assert_eq!(third.status(), "timeout");
    assert!(script.asked().len() > 2, "free again");
}
