//! B-11: what a `slow_down` costs.

use super::{polls, seconds};
use crate::client::tests::{initiate, scripted};
use crate::clock::now;
use crate::transport::FaultKind;
use crate::transport::script::{Line, Script};

#[tokio::test(start_paused = true)]
async fn b11_slow_down_twice_raises_the_floor_for_good() {
    let script = Script::new([
        Line::ack(5, 300),
        Line::pending(),
        Line::slow_down(),
        Line::slow_down(),
        Line::pending(),
        Line::approved(),
    ]);
    let client = scripted(&script);
    let pending = initiate(&client).await;
    let start = now();
    let _ = pending.wait().await.expect("an outcome");
    assert_eq!(polls(&script, start), [5_000, 10_000, 20_000, 35_000, 50_000]);
}

#[tokio::test(start_paused = true)]
async fn b11_slow_down_holds_for_a_later_poll_of_the_id_and_faults_never_lower_it() {
    let script = Script::new([
        Line::ack(5, 300),
        Line::slow_down(),
        Line::fault(FaultKind::NotConnected),
        Line::pending(),
        Line::pending(),
    ]);
    let client = scripted(&script);
    let pending = initiate(&client).await;
    let start = now();
    let first = pending.wait().timeout(seconds(8)).await.expect("an outcome");
    assert_eq!(first.status(), "timeout");
    let second = pending.wait().timeout(seconds(40)).await.expect("an outcome");
    assert_eq!(second.status(), "timeout");
    // 5 s: slow_down, so 15 s: a fault, so 10 s and half a second; the next would leave no room before 48 s.
    assert_eq!(polls(&script, start), [5_000, 15_000, 25_250, 35_250, 48_000]);
}

#[tokio::test(start_paused = true)]
async fn b11_a_slow_down_that_names_a_longer_interval_is_obeyed() {
    let slow_down = Line::json(400, r#"{"error":"slow_down","interval":30}"#);
    let script = Script::new([Line::ack(5, 300), slow_down, Line::approved()]);
    let client = scripted(&script);
    let pending = initiate(&client).await;
    let start = now();
    let _ = pending.wait().await.expect("an outcome");
    assert_eq!(polls(&script, start), [5_000, 35_000]);
}

#[tokio::test(start_paused = true)]
async fn b11_b20_what_the_server_and_faults_add_comes_on_top_of_the_callers_interval() {
    let script = Script::new([
        Line::ack(5, 300),
        Line::slow_down(),
        Line::fault(FaultKind::NotConnected),
        Line::approved(),
    ]);
    let client = scripted(&script);
    let pending = initiate(&client).await;
    let start = now();
    let _ = pending.wait().interval(seconds(20)).await.expect("an outcome");
    assert_eq!(polls(&script, start), [20_000, 45_000, 70_250]);
}

/// B-10, B-12: what a caller wishes for itself ends with its wait. What the server has asked for stays.
#[tokio::test(start_paused = true)]
async fn b10_b12_a_callers_own_interval_ends_with_its_wait() {
    for (answer, next) in [(Line::slow_down(), 70_000), (Line::json(503, ""), 65_250)] {
        let script = Script::new([Line::ack(5, 600), answer]);
        let client = scripted(&script);
        let pending = initiate(&client).await;
        let start = now();
        drop(pending.wait().interval(seconds(60)).timeout(seconds(61)).await);
        drop(pending.wait().timeout(seconds(12)).await);
        assert_eq!(polls(&script, start)[..2], [60_000, next]);
    }
}

/// B-11: and while it waits, its own interval is raised as the server's is.
#[tokio::test(start_paused = true)]
async fn b11_a_callers_own_interval_is_raised_too() {
    let script = Script::new([Line::ack(5, 600), Line::slow_down()]);
    let client = scripted(&script);
    let pending = initiate(&client).await;
    let start = now();
    drop(pending.wait().interval(seconds(60)).timeout(seconds(400)).await);
    assert_eq!(polls(&script, start)[..3], [60_000, 125_000, 190_000]);
}
