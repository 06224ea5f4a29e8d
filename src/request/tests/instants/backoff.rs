//! B-20, B-22: what faults add.

use super::{polls, seconds};
use crate::client::tests::{initiate, scripted};
use crate::clock::now;
use crate::transport::FaultKind;
use crate::transport::script::{Line, Script};
use crate::{ErrorKind, PollPolicy};

#[tokio::test(start_paused = true)]
async fn b20_faults_add_a_doubling_backoff_to_the_floor_and_an_answer_resets_it() {
    let script = Script::new([
        Line::ack(5, 300),
        Line::fault(FaultKind::NotConnected),
        Line::fault(FaultKind::Broken),
        Line::json(503, "<html>"),
        Line::pending(),
        Line::fault(FaultKind::TimedOut),
        Line::approved(),
    ]);
    let client = scripted(&script);
    let pending = initiate(&client).await;
    let start = now();
    let _ = pending.wait().await.expect("an outcome");
    // A quarter of 1, 2, 4 s without jitter, each on top of the floor of 5 s.
    assert_eq!(polls(&script, start), [5_000, 10_250, 15_750, 21_750, 26_750, 32_000]);
}

#[test]
fn b20_backoff_doubles_up_to_its_cap_and_jitter_stays_inside() {
    use crate::poll::Jitter;

    let policy = PollPolicy::default();
    let full: Vec<_> = (1..=8).map(|faults| policy.backoff(faults, Jitter(u16::MAX)).as_millis()).collect();
    assert_eq!(full, [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
    let least: Vec<_> = (1..=6).map(|faults| policy.backoff(faults, Jitter(0)).as_millis()).collect();
    assert_eq!(least, [250, 500, 1_000, 2_000, 4_000, 7_500]);
    assert_eq!(policy.backoff(u32::MAX, Jitter(u16::MAX)).as_secs(), 30);
}

#[tokio::test(start_paused = true)]
async fn b20_retry_after_is_a_minimum_that_the_ids_end_caps() {
    let lines = |life| {
        [
            Line::ack(5, life),
            Line::json(429, r#"{"error":"Rate limit exceeded"}"#).retry_after(seconds(17)),
            Line::json(503, "").retry_after(seconds(1)),
            Line::json(429, "").retry_after(seconds(100_000)),
        ]
    };
    let script = Script::new(lines(60));
    let client = scripted(&script);
    let pending = initiate(&client).await;
    let start = now();
    let outcome = pending.wait().await.expect("an outcome");
    assert_eq!(outcome.status(), "expired_token");
    assert_eq!(polls(&script, start), [5_000, 22_000, 27_500, 60_000], "one last look at the id's end");

    let script = Script::new(lines(300));
    let client = scripted(&script);
    let pending = initiate(&client).await;
    let start = now();
    let error = pending.wait().timeout(seconds(60)).await.expect_err("the attempts have failed");
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::RateLimited, 3));
    assert_eq!(now().duration_since(start), seconds(60));
    assert_eq!(polls(&script, start), [5_000, 22_000, 27_500], "none at a wait's own deadline");
}

/// The server may count from the initiate's arrival: there it is looked once, and not again before its own end.
#[tokio::test(start_paused = true)]
async fn b20_retry_after_is_undercut_once_where_the_id_may_end_and_not_behind_it() {
    let busy = || Line::json(503, "").retry_after(seconds(1_000));
    let script = Script::new([Line::ack(5, 60).after(seconds(12)), busy(), busy(), busy()]);
    let client = scripted(&script);
    let pending = initiate(&client).await;
    let start = now();
    let error = pending.wait().await.expect_err("the attempts have failed");
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Server, 2));
    assert_eq!(now().duration_since(start), seconds(60));
    assert_eq!(polls(&script, start), [5_000, 48_000]);
}

#[tokio::test(start_paused = true)]
async fn b20_five_unreadable_answers_in_a_row_are_a_wrong_address() {
    let html = || Line::json(200, "<html>hello</html>");
    let script =
        Script::new([Line::ack(5, 300), html(), html(), html(), html(), Line::pending(), html(), html()]);
    for line in [html(), html(), html()] {
        script.then(line);
    }
    let client = scripted(&script);
    let pending = initiate(&client).await;
    let error = pending.wait().await.expect_err("not an outcome");
    assert_eq!(error.kind(), ErrorKind::Protocol);
    assert_eq!(error.attempts(), 5);
    assert_eq!(script.asked().len(), 11, "one initiate, and ten polls: the pending one began the count anew");
}

#[tokio::test(start_paused = true)]
async fn b20_five_server_errors_on_a_200_end_the_poll_as_the_servers_fault() {
    let failing = || Line::json(200, r#"{"error":"server_error"}"#);
    let script = Script::new([Line::ack(5, 300), failing(), failing(), failing(), failing(), failing()]);
    let client = scripted(&script);
    let error = initiate(&client).await.wait().await.expect_err("not an outcome");
    assert_eq!(error.kind(), ErrorKind::Server);
    assert_eq!(error.code().map(ToString::to_string).as_deref(), Some("server_error"));
}

#[tokio::test(start_paused = true)]
async fn b22_a_deadline_behind_failed_attempts_is_an_error() {
    let script = Script::new([Line::ack(5, 300)]);
    for _ in 0..40 {
        script.then(Line::fault(FaultKind::NotConnected));
    }
    let client = scripted(&script);
    let pending = initiate(&client).await;
    let start = now();
    let error = pending.wait().timeout(seconds(30)).await.expect_err("not an outcome");
    assert_eq!(error.kind(), ErrorKind::Network);
    assert_eq!(error.attempts(), 5);
    assert_eq!(polls(&script, start), [5_000, 10_250, 15_750, 21_750, 30_000]);
    assert!(!error.may_have_reached_server());
}
