//! B-10: the time between an answer and the next poll.

use std::time::Duration;

use super::{elsewhere, polls, seconds};
use crate::PollPolicy;
use crate::client::tests::{initiate, scripted, scripted_with};
use crate::clock::now;
use crate::transport::script::{Line, Script};

#[tokio::test(start_paused = true)]
async fn b10_b12_a_plain_approval_is_polled_one_floor_after_the_acknowledgement() {
    let script = Script::new([Line::ack(5, 300), Line::pending(), Line::pending(), Line::approved()]);
    let client = scripted(&script);
    let pending = initiate(&client).await;
    let start = now();
    let outcome = pending.wait().await.expect("an outcome");
    assert_eq!(outcome.status(), "approved");
    assert_eq!(polls(&script, start), [5_000, 10_000, 15_000]);
}

#[tokio::test(start_paused = true)]
async fn b10_the_floor_counts_from_the_end_of_an_answer() {
    let slow = Line::pending().after(Duration::from_millis(700));
    let script = Script::new([Line::ack(5, 300), slow, Line::approved()]);
    let client = scripted(&script);
    let pending = initiate(&client).await;
    let start = now();
    let _ = pending.wait().await.expect("an outcome");
    assert_eq!(polls(&script, start), [5_000, 10_700]);
}

#[tokio::test(start_paused = true)]
async fn b10_a_caller_cannot_undercut_the_server() {
    let script = Script::new([Line::ack(10, 300), Line::pending(), Line::approved()]);
    let client = scripted(&script);
    let pending = initiate(&client).await;
    let start = now();
    let _ = pending.wait().interval(seconds(2)).await.expect("an outcome");
    assert_eq!(polls(&script, start), [10_000, 20_000]);
}

#[tokio::test(start_paused = true)]
async fn b10_a_caller_can_lengthen_the_interval() {
    let script = Script::new([Line::ack(5, 300), Line::pending(), Line::approved()]);
    let client = scripted(&script);
    let pending = initiate(&client).await;
    let start = now();
    let _ = pending.wait().interval(seconds(12)).await.expect("an outcome");
    assert_eq!(polls(&script, start), [12_000, 24_000]);
}

#[tokio::test(start_paused = true)]
async fn b10_the_clients_minimum_holds_and_five_seconds_where_nobody_said() {
    let script = Script::new([]);
    let client = scripted(&script);
    let start = now();
    let _ = client
        .poll_for_approval("user@example.com", &elsewhere())
        .interval(Duration::from_millis(10))
        .timeout(seconds(3))
        .await;
    assert_eq!(polls(&script, start), [0, 1_000, 2_000, 3_000], "the client's minimum is 1 s");

    let script = Script::new([]);
    let client = scripted(&script);
    let start = now();
    let _ = client.poll_for_approval("user@example.com", &elsewhere()).timeout(seconds(15)).await;
    assert_eq!(polls(&script, start), [0, 5_000, 10_000, 15_000]);
}

#[tokio::test(start_paused = true)]
async fn b10_the_minimum_of_the_clients_policy_holds_and_that_of_the_calls_own() {
    let patient = PollPolicy::default().minimum_interval(seconds(8));
    for is_the_calls in [false, true] {
        let script = Script::new([Line::ack(5, 300), Line::pending(), Line::approved()]);
        let client = match is_the_calls {
            true => scripted(&script),
            false => scripted_with(&script, |builder| builder.poll_policy(patient)),
        };
        let pending = initiate(&client).await;
        let start = now();
        let wait = pending.wait();
        let wait = if is_the_calls { wait.policy(patient) } else { wait };
        let _ = wait.await.expect("an outcome");
        assert_eq!(polls(&script, start), [8_000, 16_000], "the call's own: {is_the_calls}");
    }
}
