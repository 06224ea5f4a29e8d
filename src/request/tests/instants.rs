//! The list of poll instants, in milliseconds since the acknowledgement or the call. No tolerance.

use std::future::IntoFuture as _;
use std::time::Duration;

use crate::client::tests::{initiate, scripted};
use crate::clock::{Instant, now};
use crate::transport::FaultKind;
use crate::transport::script::{Line, Script};
use crate::{ApprovalOutcome, AuthReqId, CancelReason, ErrorKind, PollPolicy, PollStatus};

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn polls(script: &Script, start: Instant) -> Vec<u128> {
    script.instants("/token", start)
}

fn elsewhere() -> AuthReqId {
    AuthReqId::new("id-of-another-process").expect("a valid id")
}

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
async fn b16_an_interval_beyond_the_lifetime_means_one_look_at_the_end() {
    for interval in ["1e9", "18446744073709551615", "301"] {
        let ack =
            Line::json(200, &format!(r#"{{"auth_req_id":"x","expires_in":300,"interval":{interval}}}"#));
        let script = Script::new([ack]);
        let client = scripted(&script);
        let pending = initiate(&client).await;
        let start = now();
        let outcome = pending.wait().await.expect("an outcome");
        assert_eq!(outcome.status(), "expired_token", "{interval}");
        assert_eq!(polls(&script, start), [300_000], "{interval}");
    }
}

#[tokio::test(start_paused = true)]
async fn b16_odd_numbers_of_the_server_are_read_as_the_contract_says() {
    for (interval, first) in [
        ("null", 5),
        ("0", 5),
        ("-3", 5),
        (r#""5""#, 5),
        ("5.0", 5),
        ("0.5", 1),
        ("6.2", 7),
        ("{}", 5),
        (r#""soon""#, 5),
    ] {
        let ack =
            Line::json(200, &format!(r#"{{"auth_req_id":"x","expires_in":300,"interval":{interval}}}"#));
        let script = Script::new([ack, Line::approved()]);
        let client = scripted(&script);
        let pending = initiate(&client).await;
        let start = now();
        let _ = pending.wait().await.expect("an outcome");
        assert_eq!(polls(&script, start), [first * 1_000], "{interval}");
    }
}

#[tokio::test(start_paused = true)]
async fn b16_a_lifetime_of_nothing_is_over_at_once_and_a_missing_one_is_300_s() {
    for lifetime in ["0", "-1", "-1e300"] {
        let ack = Line::json(200, &format!(r#"{{"auth_req_id":"x","expires_in":{lifetime},"interval":5}}"#));
        let script = Script::new([ack]);
        let client = scripted(&script);
        let pending = initiate(&client).await;
        let start = now();
        let outcome = pending.wait().await.expect("an outcome");
        assert_eq!(outcome.status(), "expired_token", "{lifetime}");
        assert_eq!(now(), start, "{lifetime}");
        assert_eq!(polls(&script, start), [0_u128; 0], "{lifetime}");
    }
    let script = Script::new([Line::json(200, r#"{"auth_req_id":"x"}"#)]);
    let client = scripted(&script);
    let pending = initiate(&client).await;
    assert_eq!((pending.expires_in(), pending.interval()), (seconds(300), seconds(5)));
    let huge = r#"{"auth_req_id":"x","expires_in":18446744073709551615}"#;
    let script = Script::new([Line::json(200, huge)]);
    let client = scripted(&script);
    assert_eq!(initiate(&client).await.expires_in(), seconds(7 * 24 * 60 * 60));
}

#[tokio::test(start_paused = true)]
async fn b16_a_lifetime_shorter_than_the_interval_is_one_look_at_the_end() {
    let script = Script::new([Line::ack(5, 3)]);
    let client = scripted(&script);
    let pending = initiate(&client).await;
    let start = now();
    let outcome = pending.wait().await.expect("an outcome");
    assert_eq!(outcome.status(), "expired_token");
    assert_eq!(polls(&script, start), [3_000]);
}

#[tokio::test(start_paused = true)]
async fn b17_a_server_that_ignores_its_own_expiry_is_polled_so_often_and_no_more() {
    let script = Script::new([Line::ack(5, 300)]);
    let client = scripted(&script);
    let pending = initiate(&client).await;
    let start = now();
    let outcome = pending.wait().timeout(seconds(900)).await.expect("an outcome");
    assert_eq!(outcome.status(), "expired_token");
    assert_eq!(now().duration_since(start), seconds(300));
    assert_eq!(polls(&script, start).len(), 60);
}

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
async fn b20_retry_after_is_a_minimum_that_the_deadline_caps() {
    let script = Script::new([
        Line::ack(5, 300),
        Line::json(429, r#"{"error":"Rate limit exceeded"}"#).retry_after(seconds(17)),
        Line::json(503, "").retry_after(seconds(1)),
        Line::json(429, "").retry_after(seconds(100_000)),
    ]);
    let client = scripted(&script);
    let pending = initiate(&client).await;
    let start = now();
    let outcome = pending.wait().timeout(seconds(60)).await.expect("an outcome");
    assert_eq!(outcome.status(), "timeout");
    assert_eq!(polls(&script, start), [5_000, 22_000, 27_500, 60_000]);
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
