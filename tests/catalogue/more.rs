//! What shows only where a push takes its time, a wait is short, or the approval's time is over.

use authsec_ciba::ErrorKind;
use authsec_ciba::sandbox::{Call, Fault, Sandbox, User};
use tokio::time::Instant;

use crate::support::{
    CLIENT, EMAIL, SECRET, code, configured, leaves_nothing, pending, polled_at, seconds, start, with_header,
};

/// A push that takes a second, at a server that counts from its arrival. When the polls came and the wait ended, in
/// milliseconds since the acknowledgement.
async fn behind_a_slow_push(interval: u64, lifetime: u64) -> (&'static str, Vec<u128>, u128) {
    let sandbox = Sandbox::builder()
        .user(User::new(EMAIL))
        .client(CLIENT, Some(SECRET))
        .interval(seconds(interval))
        .lifetime(seconds(lifetime))
        .start()
        .await
        .expect("a free port");
    let client = configured(&sandbox).build().expect("valid");
    sandbox.faults().next(Call::Initiate, Fault::DelayAfter(seconds(1)));
    sandbox.faults().always(Call::Poll, pending());
    let acknowledged = client.initiate_app_approval(EMAIL).await.expect("pushed");
    let began = Instant::now();
    let outcome = acknowledged.wait().timeout(seconds(600)).await.expect("an outcome");
    let ended = began.elapsed().as_millis();
    let polls = polled_at(&sandbox, began);
    drop(acknowledged);
    leaves_nothing(&sandbox, &client).await;
    (outcome.status(), polls, ended)
}

#[tokio::test(start_paused = true)]
async fn j36_an_interval_beyond_the_lifetime_looks_where_the_server_may_count_its_end() {
    assert_eq!(behind_a_slow_push(900, 300).await, ("expired_token", vec![299_000], 300_000));
}

#[tokio::test(start_paused = true)]
async fn j38_a_lifetime_shorter_than_the_interval_looks_where_the_server_may_count_its_end() {
    for lifetime in [2, 3, 4] {
        let looked = u128::from(lifetime - 1) * 1_000;
        let expected = ("expired_token", vec![looked], u128::from(lifetime) * 1_000);
        assert_eq!(behind_a_slow_push(5, lifetime).await, expected);
    }
    // The server's time may have been over before the acknowledgement came: at once.
    assert_eq!(behind_a_slow_push(5, 1).await, ("expired_token", vec![0], 1_000));
}

#[tokio::test(start_paused = true)]
async fn j40_a_short_wait_does_not_undercut_retry_after() {
    let (sandbox, client) = start().await;
    let later = with_header(code(429, "authorization_pending"), "retry-after", "60");
    sandbox.faults().next(Call::Poll, later);
    let acknowledged = client.initiate_app_approval(EMAIL).await.expect("pushed");
    let began = Instant::now();
    let outcome = acknowledged.wait().timeout(seconds(20)).await.expect("an outcome");
    assert_eq!((outcome.status(), began.elapsed().as_secs()), ("timeout", 20));
    assert_eq!(polled_at(&sandbox, began), [5_000], "none at its deadline");
    let outcome = acknowledged.wait().timeout(seconds(60)).await.expect("an outcome");
    assert_eq!(outcome.status(), "timeout");
    assert_eq!(polled_at(&sandbox, began)[1], 65_000);
    drop(acknowledged);
    leaves_nothing(&sandbox, &client).await;
}

/// A page that looks again for as long as an error may heal comes to an end: behind the approval's own end nothing heals.
#[tokio::test(start_paused = true)]
async fn b22_behind_the_end_no_error_is_retryable() {
    let (sandbox, client) = start().await;
    let acknowledged = client.initiate_app_approval(EMAIL).await.expect("pushed");
    sandbox.go_down().await.expect("down");
    let began = Instant::now();
    let error = loop {
        match acknowledged.wait().once().await {
            Ok(_) => {}
            Err(error) if error.is_retryable() => assert!(began.elapsed() < seconds(310), "{error}"),
            Err(error) => break error,
        }
        tokio::time::sleep(seconds(1)).await;
    };
    assert_eq!(error.kind(), ErrorKind::Network, "the last cause");
    assert!(error.attempts() > 0 && began.elapsed() >= seconds(300));
    let error = acknowledged.wait().await.expect_err("still unknown");
    assert!(!error.is_retryable());
    drop(acknowledged);
    leaves_nothing(&sandbox, &client).await;
}
