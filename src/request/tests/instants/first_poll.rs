//! B-12: when the first poll comes, and that asking often does not poll often.

use super::{elsewhere, polls, seconds};
use crate::PollStatus;
use crate::client::tests::{initiate, scripted};
use crate::clock::now;
use crate::transport::script::{Line, Script};

#[tokio::test(start_paused = true)]
async fn b12_repeated_one_second_status_checks_poll_once_per_floor() {
    let script = Script::new([Line::ack(5, 300)]);
    let client = scripted(&script);
    let pending = initiate(&client).await;
    let start = now();
    for _ in 0..20 {
        let outcome = pending.wait().timeout(seconds(1)).await.expect("an outcome");
        assert_eq!(outcome.status(), "timeout");
    }
    assert_eq!(now().duration_since(start), seconds(20), "each check takes its second");
    assert_eq!(polls(&script, start), [5_000, 10_000, 15_000, 20_000]);
}

#[tokio::test(start_paused = true)]
async fn b12_looking_once_a_second_polls_once_per_floor() {
    let script = Script::new([Line::ack(5, 300)]);
    let client = scripted(&script);
    let pending = initiate(&client).await;
    let start = now();
    for second in 0..12 {
        match pending.wait().once().await.expect("a status") {
            PollStatus::Pending { next_poll_in } => {
                let next = if second == 0 { 5 } else { 5 - second % 5 };
                assert_eq!(next_poll_in, seconds(next), "at second {second}");
            }
            PollStatus::Ended(outcome) => panic!("{outcome:?}"),
        }
        tokio::time::sleep(seconds(1)).await;
    }
    assert_eq!(polls(&script, start), [5_000, 10_000]);
}

#[tokio::test(start_paused = true)]
async fn b12_a_resumed_id_is_polled_at_once() {
    let script = Script::new([Line::pending(), Line::approved()]);
    let client = scripted(&script);
    let start = now();
    let outcome = client.poll_for_approval("user@example.com", &elsewhere()).await.expect("an outcome");
    assert_eq!(outcome.status(), "approved");
    assert_eq!(polls(&script, start), [0, 5_000]);
}
