//! B-13: one id, one request at a time, and all who wait for it share what it brings.

use std::future::IntoFuture as _;

use super::{polls, seconds};
use crate::client::tests::{initiate, scripted};
use crate::clock::now;
use crate::transport::script::{Line, Script};

#[tokio::test(start_paused = true)]
async fn b13_a_second_wait_joins_and_the_floor_is_kept() {
    let script = Script::new([Line::ack(5, 300)]);
    let client = scripted(&script);
    let pending = initiate(&client).await;
    let start = now();
    let first = pending.wait().timeout(seconds(100)).spawn();
    tokio::time::sleep(seconds(7)).await;
    let second = pending.wait().timeout(seconds(20)).await.expect("an outcome");
    assert_eq!(second.status(), "timeout");
    assert_eq!(now().duration_since(start), seconds(27), "each has its own deadline");
    assert!(!first.is_finished());
    assert_eq!(polls(&script, start), [5_000, 10_000, 15_000, 20_000, 25_000], "no stretch: another goes on");
    script.then(Line::approved());
    assert_eq!(first.await.expect("an outcome").status(), "approved");
    assert_eq!(script.most_under_way(), 1);
}

#[tokio::test(start_paused = true)]
async fn b13_never_two_requests_of_one_id_even_if_the_first_is_not_dropped() {
    let hang = Line::pending().after(seconds(9));
    let script = Script::new([Line::ack(2, 300), hang]);
    let client = scripted(&script);
    let pending = initiate(&client).await;
    let start = now();
    let mut first = pending.wait().into_future();
    // Drive the first into its request, then leave it lying.
    let _ = tokio::time::timeout(seconds(3), &mut first).await;
    let second = pending.wait().timeout(seconds(20)).await.expect("an outcome");
    assert_eq!(second.status(), "timeout");
    assert_eq!(script.most_under_way(), 1);
    // The second drives the request that the first has begun, and goes on by itself.
    assert_eq!(polls(&script, start), [2_000, 13_000, 15_000, 17_000, 19_000, 21_000, 23_000]);
    drop(first);
}
