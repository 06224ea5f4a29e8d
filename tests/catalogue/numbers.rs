//! J35 to J40: the server's numbers.

use std::time::Duration;

use authsec_ciba::sandbox::{Call, Fault};
use authsec_ciba::{ErrorKind, PendingApproval, Usage};
use tokio::time::Instant;

use crate::support::{
    EMAIL, code, json, leaves_nothing, poll_through, seconds, start, totp_through, with_header,
};

const NUMBERS_OF_NOBODY: [&str; 9] =
    ["null", "true", "{}", "[5]", r#""""#, r#""five""#, r#""NaN""#, r#""inf""#, r#""0x5""#];

const WEEK: u64 = 7 * 24 * 60 * 60;

async fn acknowledged(members: &str) -> (crate::support::Once<PendingApproval>, PendingApproval) {
    let initiated =
        crate::support::initiate_through(json(200, format!(r#"{{"auth_req_id":"an-id"{members}}}"#))).await;
    let pending = initiated.result.as_ref().expect(members).clone();
    (initiated, pending)
}

/// Waits for an approval that was acknowledged so; every poll meets the fault. Gives the outcome, when each poll came
/// and when it ended, in milliseconds.
async fn waited(members: &str, fault: Fault, timeout: Duration) -> (&'static str, Vec<u128>, u128) {
    let (sandbox, client) = start().await;
    sandbox.faults().next(Call::Initiate, json(200, format!(r#"{{"auth_req_id":"an-id"{members}}}"#)));
    sandbox.faults().always(Call::Poll, fault);
    let pending = client.initiate_app_approval(EMAIL).await.expect(members);
    let start = Instant::now();
    let outcome = pending.wait().timeout(timeout).await.expect("an outcome");
    let ended = start.elapsed().as_millis();
    let polls = crate::support::polled_at(&sandbox, start);
    drop(pending);
    tokio::time::sleep(seconds(8 * 24 * 60 * 60)).await;
    assert_eq!(client.usage(), Usage::default());
    (outcome.status(), polls, ended)
}

#[tokio::test(start_paused = true)]
async fn j35_interval_and_lifetime_missing() {
    for members in ["", r#","interval":null,"expires_in":null"#] {
        let (_, pending) = acknowledged(members).await;
        assert_eq!((pending.interval(), pending.expires_in()), (seconds(5), seconds(300)), "{members}");
    }
    for number in NUMBERS_OF_NOBODY {
        let (_, pending) = acknowledged(&format!(r#","interval":{number},"expires_in":{number}"#)).await;
        assert_eq!((pending.interval(), pending.expires_in()), (seconds(5), seconds(300)), "{number}");
    }
    let (status, polls, ended) = waited("", crate::support::pending(), seconds(600)).await;
    assert_eq!((status, polls.len(), ended), ("expired_token", 60, 300_000));
}

#[tokio::test(start_paused = true)]
async fn j36_intervals() {
    for (interval, expected) in [
        ("0", 5),
        ("-1", 5),
        ("-0.0", 5),
        ("-1e300", 5),
        ("0.5", 1),
        ("1e-300", 1),
        ("5.0", 5),
        ("5.2", 6),
        (r#""5""#, 5),
        (r#"" 7 ""#, 7),
        (r#""5.5""#, 6),
        (r#""-5""#, 5),
        ("7", 7),
        ("1e1", 10),
        // Beyond the lifetime: one look, at the end.
        ("301", 301),
        ("1e9", WEEK),
        ("18446744073709551615", WEEK),
        ("18446744073709551616", WEEK),
        ("1e308", WEEK),
        (r#""1e400""#, WEEK),
    ] {
        let members = format!(r#","interval":{interval},"expires_in":300"#);
        let (_, pending) = acknowledged(&members).await;
        assert_eq!(pending.interval(), seconds(expected), "{interval}");
        if !["0", "-1", "0.5", "5.2", r#""5""#, "1e9", "18446744073709551616"].contains(&interval) {
            continue;
        }
        let (status, polls, ended) = waited(&members, crate::support::pending(), seconds(600)).await;
        assert_eq!((status, ended), ("expired_token", 300_000), "{interval}");
        let expected = expected.min(300);
        assert_eq!(polls[0], u128::from(expected) * 1_000, "{interval}");
        assert!(polls.len() as u64 <= 300_u64.div_ceil(expected) + 1, "B-17: {interval}: {}", polls.len());
        assert!(polls.windows(2).all(|pair| pair[1] - pair[0] >= u128::from(expected) * 1_000), "{interval}");
    }
}

#[tokio::test(start_paused = true)]
async fn f35_numbers_that_no_float_can_hold() {
    for (members, interval, lifetime) in [
        (r#","interval":1e400"#, WEEK, 300),
        (r#","interval":-1e400"#, 5, 300),
        (r#","expires_in":1e400"#, 5, WEEK),
        (r#","expires_in":-1e400"#, 5, 0),
        (r#","x":[1e400,{"y":-1e400}]"#, 5, 300),
    ] {
        let (_, pending) = acknowledged(members).await;
        let read = (pending.interval(), pending.expires_in());
        assert_eq!(read, (seconds(interval), seconds(lifetime)), "{members}");
    }
}

#[tokio::test(start_paused = true)]
async fn j37_lifetimes() {
    for (lifetime, expected) in [
        ("0", 0),
        ("-1", 0),
        ("-1e308", 0),
        ("0.9", 0),
        (r#""0""#, 0),
        ("300.9", 300),
        (r#""300""#, 300),
        ("604800", WEEK),
        ("604801", WEEK),
        ("18446744073709551615", WEEK),
        ("1e308", WEEK),
        ("-9223372036854775808", 0),
    ] {
        let members = format!(r#","interval":5,"expires_in":{lifetime}"#);
        let (_, pending) = acknowledged(&members).await;
        assert_eq!(pending.expires_in(), seconds(expected), "{lifetime}");
        if expected == 0 {
            let (status, polls, ended) = waited(&members, crate::support::pending(), seconds(600)).await;
            assert_eq!((status, polls.len(), ended), ("expired_token", 0, 0), "at once: {lifetime}");
        }
    }
    let week = r#","interval":3600,"expires_in":18446744073709551615"#;
    let (status, polls, ended) = waited(week, crate::support::pending(), Duration::MAX).await;
    assert_eq!((status, polls.len() as u64, ended), ("expired_token", WEEK / 3600, u128::from(WEEK) * 1000));
}

#[tokio::test(start_paused = true)]
async fn j38_a_lifetime_shorter_than_the_interval() {
    for lifetime in [1, 2, 3, 4] {
        let members = format!(r#","interval":5,"expires_in":{lifetime}"#);
        let (status, polls, ended) = waited(&members, crate::support::pending(), seconds(600)).await;
        assert_eq!((status, ended), ("expired_token", lifetime * 1_000), "{lifetime}");
        assert_eq!(polls, [lifetime * 1_000], "one look, at the end");
    }
}

#[tokio::test(start_paused = true)]
async fn j39_the_interval_grows_beyond_what_is_left() {
    let slow = Fault::slow_down(400);
    // From 5 s on nobody may look before 15 s: the request is over then.
    let (status, polls, ended) = waited(r#","interval":5,"expires_in":12"#, slow.clone(), seconds(600)).await;
    assert_eq!((status, &polls[..], ended), ("expired_token", &[5_000][..], 12_000));
    // At 15 s one more look would come too late: the last gap stretches to the end.
    let (status, polls, ended) = waited(r#","interval":5,"expires_in":18"#, slow.clone(), seconds(600)).await;
    assert_eq!((status, &polls[..], ended), ("expired_token", &[5_000, 18_000][..], 18_000));
    // The caller's time, not the server's.
    let (status, polls, ended) = waited(r#","interval":5,"expires_in":300"#, slow, seconds(18)).await;
    assert_eq!((status, &polls[..], ended), ("timeout", &[5_000, 18_000][..], 18_000));
}

#[tokio::test(start_paused = true)]
async fn j40_retry_after() {
    let date = "Sun, 06 Nov 1994 08:49:37 GMT";
    // What the server says, and when the poll after the one at 5 s may come, in milliseconds.
    for (retry_after, earliest, latest) in [
        ("7", 12_000, 12_000),
        (" 7 ", 12_000, 12_000),
        ("0", 10_250, 11_000),
        ("Sun, 06 Nov 1994 08:49:57 GMT", 25_000, 25_000),
        ("Sun, 06 Nov 1994 08:00:00 GMT", 10_250, 11_000),
        ("soon", 10_250, 11_000),
        ("-1", 10_250, 11_000),
        // F-35: rounded up, and lists of one value.
        ("7.2", 13_000, 13_000),
        ("120, 120", 125_000, 125_000),
        ("", 10_250, 11_000),
        ("\u{ff}", 10_250, 11_000),
        ("1000000000000000000000000000000", 300_000, 300_000),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 300_000, 300_000),
    ] {
        for status in [429, 503] {
            let fault = Fault::Respond {
                status,
                headers: vec![
                    ("date".to_owned(), date.to_owned()),
                    ("retry-after".to_owned(), retry_after.to_owned()),
                ],
                body: b"later".to_vec(),
            };
            let polled = poll_through([fault]).await;
            // The phone has approved, and the last look at the end still finds it.
            assert_eq!(polled.came_to(), ("approved", 2), "{retry_after:?}");
            let second = polled.at[1];
            assert!((earliest..=latest).contains(&second), "{retry_after:?}: {second}");
        }
    }
    // TOTP: the general rate limit is no lockout, and costs no attempt.
    let verified = totp_through(Fault::too_many_requests_429(Some("7"))).await;
    assert_eq!(verified.failed_as(), (ErrorKind::RateLimited, Some(429), false));
    assert_eq!(verified.error().retry_after(), Some(seconds(7)));
    let initiated = crate::support::initiate_through(Fault::too_many_requests_429(Some("7"))).await;
    assert_eq!(initiated.failed_as(), (ErrorKind::RateLimited, Some(429), false));
    assert_eq!(initiated.error().retry_after(), Some(seconds(7)));
}

#[tokio::test(start_paused = true)]
async fn f20_retry_after_beside_a_pending_code() {
    for status in [200, 429, 503] {
        let pending = with_header(code(status, "authorization_pending"), "retry-after", "60");
        let polled = poll_through([pending]).await;
        assert_eq!((polled.came_to(), &polled.at[..]), (("approved", 2), &[5_000, 65_000][..]), "{status}");
    }
}

#[tokio::test(start_paused = true)]
async fn two_retry_afters_are_no_reason_to_panic() {
    let fault = with_header(Fault::unavailable_503(Some("7")), "retry-after", "9");
    let polled = poll_through([fault]).await;
    assert_eq!(polled.came_to(), ("approved", 2));
    assert!((12_000..=14_000).contains(&polled.at[1]), "{:?}", polled.at);
}

#[tokio::test(start_paused = true)]
async fn retry_after_on_slow_down_counts_and_on_pending_does_not_shorten() {
    let polled = poll_through([with_header(Fault::slow_down(429), "retry-after", "30")]).await;
    assert_eq!(polled.at, [5_000, 35_000]);
    let polled = poll_through([with_header(crate::support::pending(), "retry-after", "1")]).await;
    assert_eq!(polled.at, [5_000, 10_000]);
    let (sandbox, client) = start().await;
    leaves_nothing(&sandbox, &client).await;
}
