//! B-14: where the last look falls.

use std::time::Duration;

use super::{polls, seconds};
use crate::client::tests::{initiate, scripted};
use crate::clock::now;
use crate::transport::script::{Line, Script};

#[tokio::test(start_paused = true)]
async fn b14_the_last_look_lands_on_the_deadline() {
    let script = Script::new([Line::ack(5, 300)]);
    let client = scripted(&script);
    let pending = initiate(&client).await;
    let start = now();
    let outcome = pending.wait().timeout(seconds(18)).await.expect("an outcome");
    assert_eq!(outcome.status(), "timeout");
    assert_eq!(polls(&script, start), [5_000, 10_000, 18_000]);
    assert_eq!(now().duration_since(start), seconds(18));
}

#[tokio::test(start_paused = true)]
async fn b14_an_approval_in_the_last_second_is_not_thrown_away() {
    let script = Script::new([Line::ack(5, 12), Line::pending(), Line::approved()]);
    let client = scripted(&script);
    let pending = initiate(&client).await;
    let start = now();
    let outcome = pending.wait().await.expect("an outcome");
    assert_eq!(outcome.status(), "approved");
    assert_eq!(polls(&script, start), [5_000, 12_000]);
}

#[tokio::test(start_paused = true)]
async fn b14_a_timeout_shorter_than_the_floor_sends_nothing() {
    let script = Script::new([Line::ack(5, 300)]);
    let client = scripted(&script);
    let pending = initiate(&client).await;
    let start = now();
    let outcome = pending.wait().timeout(seconds(4)).await.expect("an outcome");
    assert_eq!(outcome.status(), "timeout");
    assert_eq!(polls(&script, start), [0_u128; 0]);
    assert_eq!(now().duration_since(start), seconds(4));
}

#[tokio::test(start_paused = true)]
async fn b14_a_request_in_flight_at_the_deadline_has_two_seconds_of_grace() {
    // The token arrives 1.9 s behind the deadline.
    let late = Line::approved().after(Duration::from_millis(1_900));
    let script = Script::new([Line::ack(5, 300), late]);
    let client = scripted(&script);
    let pending = initiate(&client).await;
    let outcome = pending.wait().timeout(seconds(5)).await.expect("an outcome");
    assert_eq!(outcome.status(), "approved");

    // And too late.
    let script = Script::new([Line::ack(5, 300), Line::pending(), Line::approved().after(seconds(9))]);
    let client = scripted(&script);
    let pending = initiate(&client).await;
    let start = now();
    let outcome = pending.wait().timeout(seconds(10)).await.expect("an outcome");
    assert_eq!(outcome.status(), "timeout");
    assert_eq!(
        now().duration_since(start),
        seconds(12),
        "nothing outlives the deadline by more than the grace"
    );
}

#[tokio::test(start_paused = true)]
async fn b14_b43_without_grace_it_is_polled_to_the_deadline_too_and_what_comes_is_kept() {
    let script = Script::new([Line::ack(5, 300), Line::pending(), Line::approved().after(seconds(1))]);
    let client = scripted(&script);
    let pending = initiate(&client).await;
    let start = now();
    let hasty = crate::PollPolicy::default().grace(Duration::ZERO);
    let outcome = pending.wait().policy(hasty).timeout(seconds(10)).await.expect("an outcome");
    assert_eq!((outcome.status(), now().duration_since(start)), ("timeout", seconds(10)));
    // What is left of it is finished by a task.
    tokio::time::sleep(Duration::from_millis(1)).await;
    assert_eq!(polls(&script, start), [5_000, 10_000]);
    assert_eq!(pending.wait().await.expect("an outcome").status(), "approved");
    assert_eq!(polls(&script, start), [5_000, 10_000]);
}
