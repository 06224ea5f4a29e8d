//! B-15: a look that does not sleep.

use std::time::Duration;

use super::{elsewhere, polls, seconds};
use crate::PollStatus;
use crate::client::tests::{initiate, scripted};
use crate::clock::now;
use crate::transport::script::{Line, Script};

#[tokio::test(start_paused = true)]
async fn b15_a_timeout_of_zero_is_one_look() {
    let script = Script::new([Line::pending(), Line::approved()]);
    let client = scripted(&script);
    let start = now();
    let look = || client.poll_for_approval("user@example.com", &elsewhere()).timeout(Duration::ZERO);
    assert_eq!(look().await.expect("an outcome").status(), "timeout");
    assert_eq!(look().await.expect("an outcome").status(), "timeout", "too early: nothing is sent");
    tokio::time::sleep(seconds(5)).await;
    assert_eq!(look().await.expect("an outcome").status(), "approved");
    assert_eq!(polls(&script, start), [0, 5_000]);
}

#[tokio::test(start_paused = true)]
async fn b15_looking_once_gives_the_outcome_and_does_not_disturb_a_running_poll() {
    let script = Script::new([Line::ack(5, 300), Line::pending(), Line::approved()]);
    let client = scripted(&script);
    let pending = initiate(&client).await;
    let running = pending.wait().spawn();
    tokio::time::sleep(seconds(6)).await;
    match pending.wait().once().await.expect("a status") {
        PollStatus::Pending { next_poll_in } => assert_eq!(next_poll_in, seconds(4)),
        PollStatus::Ended(outcome) => panic!("{outcome:?}"),
    }
    assert_eq!(running.await.expect("an outcome").status(), "approved");
}

#[tokio::test(start_paused = true)]
async fn b15_a_look_where_the_id_ends_still_asks_and_none_behind_it() {
    for (late, expected) in [(0, [12_000].as_slice()), (1, &[])] {
        let script = Script::new([Line::ack(5, 12)]);
        let client = scripted(&script);
        let pending = initiate(&client).await;
        let start = now();
        tokio::time::sleep(seconds(12) + Duration::from_millis(late)).await;
        let looked = pending.wait().once().await.expect("a status");
        assert_eq!(polls(&script, start), expected);
        assert_eq!(matches!(looked, PollStatus::Pending { .. }), late == 0, "{looked:?}");
    }
}
