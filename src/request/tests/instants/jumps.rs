//! C18, C19: a clock that jumps.

use super::{polls, seconds};
use crate::client::tests::{initiate, scripted};
use crate::clock::now;
use crate::transport::script::{Line, Script};

#[tokio::test(start_paused = true)]
async fn c19_waits_advance_with_the_paused_clock_and_suspension_makes_no_burst() {
    let script = Script::new([Line::ack(5, 300)]);
    let client = scripted(&script);
    let pending = initiate(&client).await;
    let start = now();
    let task = pending.wait().timeout(seconds(200)).spawn();
    tokio::time::sleep(seconds(11)).await;
    // Time jumps by 40 s at once, as it does for a process that was stopped.
    tokio::time::advance(seconds(40)).await;
    tokio::time::sleep(seconds(7)).await;
    let polled = polls(&script, start);
    assert_eq!(polled[..2], [5_000, 10_000]);
    assert_eq!(polled.len(), 4, "one poll on waking, not eight: {polled:?}");
    task.cancel();
}

/// C18, B-14: where the clock has jumped far over the deadline, nothing is sent whose answer nobody would wait for.
#[tokio::test(start_paused = true)]
async fn c18_a_jump_over_the_deadline_sends_nothing() {
    let script = Script::new([Line::ack(5, 300), Line::pending(), Line::approved()]);
    let client = scripted(&script);
    let task = initiate(&client).await.wait().spawn();
    let start = now();
    tokio::time::sleep(seconds(6)).await;
    tokio::time::advance(seconds(600)).await;
    assert_eq!(task.await.expect("an outcome").status(), "expired_token");
    assert_eq!(polls(&script, start), [5_000]);
}
