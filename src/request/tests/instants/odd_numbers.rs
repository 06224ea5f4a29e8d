//! B-16, B-17: the server's numbers, however odd.

use super::{polls, seconds};
use crate::client::tests::{initiate, scripted};
use crate::clock::now;
use crate::transport::script::{Line, Script};

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

/// Only what the server's own two numbers forbid is undercut, never the caller's interval.
#[tokio::test(start_paused = true)]
async fn b16_an_interval_as_long_as_the_lifetime_allows_a_poll_at_the_end_unless_the_caller_wants_none() {
    for (caller, expected) in [(1, [20_000].as_slice()), (20, &[20_000]), (21, &[])] {
        let script = Script::new([Line::ack(20, 20)]);
        let client = scripted(&script);
        let pending = initiate(&client).await;
        let start = now();
        let outcome = pending.wait().interval(seconds(caller)).await.expect("an outcome");
        assert_eq!(outcome.status(), "expired_token");
        assert_eq!(polls(&script, start), expected, "{caller}");
    }
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
