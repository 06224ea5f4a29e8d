//! What shows only where a push takes its time, a wait is short, the approval's time is over, or nobody has received it.

use std::future::IntoFuture as _;
use std::time::Duration;

use authsec_ciba::sandbox::{Call, Fault, Reaction, Sandbox, User};
use authsec_ciba::{CibaClient, ErrorKind, LockedBy, PendingApproval, TotpOutcome};
use tokio::time::{Instant, timeout};

use crate::support::{
    CLIENT, EMAIL, OTHER, SECRET, code, configured, json, leaves_nothing, pending, polled_at, seconds, start,
    with_header,
};

/// A push that takes a second, at a server that counts from its arrival. When the polls came and the wait ended, in
/// milliseconds since the acknowledgement.
async fn behind_a_slow_push(interval: u64, lifetime: u64) -> (&'static str, Vec<u128>, u128) {
    let sandbox = Sandbox::builder()
        .routes(crate::ROUTES)
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

/// An approval that a request brought whose wait was dropped, and that nobody has received.
async fn kept() -> (Sandbox, CibaClient, PendingApproval) {
    let (sandbox, client) = start().await;
    sandbox.phone(EMAIL).react(Reaction::Approve);
    sandbox.faults().next(Call::Poll, Fault::DelayAfter(seconds(2)));
    let acknowledged = client.initiate_app_approval(EMAIL).await.expect("pushed");
    let dropped = timeout(seconds(6), acknowledged.wait().into_future()).await;
    assert!(dropped.is_err(), "its request is under way");
    tokio::time::sleep(seconds(3)).await;
    assert_eq!((client.usage().live_polls, sandbox.calls(Call::Poll).len()), (0, 1));
    (sandbox, client, acknowledged)
}

#[tokio::test(start_paused = true)]
async fn c08_c09_what_a_dropped_wait_would_have_received_goes_to_the_next() {
    let (sandbox, client, acknowledged) = kept().await;
    let began = Instant::now();
    assert_eq!(acknowledged.wait().await.expect("an outcome").status(), "approved");
    assert_eq!((began.elapsed(), sandbox.calls(Call::Poll).len()), (Duration::ZERO, 1), "from memory");
    drop(acknowledged);
    leaves_nothing(&sandbox, &client).await;
}

#[tokio::test(start_paused = true)]
async fn c05_c10_a_cancel_and_a_newer_initiate_end_what_is_kept() {
    let (sandbox, client, acknowledged) = kept().await;
    client.cancel_approval(EMAIL).await.expect("cancelled");
    assert_eq!(acknowledged.wait().await.expect("an outcome").status(), "cancelled");
    drop(acknowledged);
    leaves_nothing(&sandbox, &client).await;
    let (sandbox, client, acknowledged) = kept().await;
    let newer = client.initiate_app_approval(EMAIL).await.expect("pushed");
    assert_eq!(acknowledged.wait().await.expect("an outcome").status(), "cancelled");
    assert_eq!(newer.wait().await.expect("an outcome").status(), "approved");
    assert_eq!(sandbox.calls(Call::Poll).len(), 2);
    drop((acknowledged, newer));
    leaves_nothing(&sandbox, &client).await;
}

#[tokio::test(start_paused = true)]
async fn c23_another_wait_gets_what_a_handle_holds() {
    let (sandbox, client) = start().await;
    sandbox.phone(EMAIL).react(Reaction::Approve);
    let acknowledged = client.initiate_app_approval(EMAIL).await.expect("pushed");
    let held = acknowledged.wait().spawn();
    tokio::time::sleep(seconds(30)).await;
    assert!(held.is_finished());
    assert_eq!(acknowledged.wait().await.expect("an outcome").status(), "approved");
    tokio::time::sleep(seconds(11)).await;
    let error = acknowledged.wait().await.expect_err("too late");
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::AlreadyAnswered, false));
    assert_eq!(held.await.expect("an outcome").status(), "approved", "it was under way");
    assert_eq!(sandbox.calls(Call::Poll).len(), 1);
    drop(acknowledged);
    leaves_nothing(&sandbox, &client).await;
}

#[tokio::test(start_paused = true)]
async fn j27_all_waits_hear_of_invalid_client_and_the_id_can_be_asked_again() {
    let (sandbox, client) = start().await;
    sandbox.phone(EMAIL).react(Reaction::Approve);
    sandbox.faults().next(Call::Poll, code(401, "invalid_client"));
    let acknowledged = client.initiate_app_approval(EMAIL).await.expect("pushed");
    for task in [acknowledged.wait().spawn(), acknowledged.wait().spawn()] {
        assert_eq!(task.await.expect_err("refused").kind(), ErrorKind::ClientAuth);
    }
    assert_eq!(acknowledged.wait().await.expect("an outcome").status(), "approved");
    assert_eq!(sandbox.calls(Call::Poll).len(), 2);
    drop(acknowledged);
    leaves_nothing(&sandbox, &client).await;
}

#[tokio::test(start_paused = true)]
async fn j43_three_codes_that_nobody_judged() {
    let (sandbox, client) = start().await;
    sandbox.faults().always(Call::Totp, json(502, "<html>"));
    for _ in 0..3 {
        client.verify_totp(EMAIL, "123456").await.expect_err("not judged");
    }
    let outcome = client.verify_totp(EMAIL, "123456").await.expect("refused here");
    assert!(matches!(outcome, TotpOutcome::TooManyRetries { by: LockedBy::Unjudged, .. }), "{outcome:?}");
    assert_eq!(sandbox.calls(Call::Totp).len(), 3);
    leaves_nothing(&sandbox, &client).await;
}

#[tokio::test(start_paused = true)]
async fn i18_an_id_that_was_initiated_for_another_person() {
    let (sandbox, client) = start().await;
    let acknowledged = client.initiate_app_approval(EMAIL).await.expect("pushed");
    let error = client.poll_for_approval(OTHER, acknowledged.auth_req_id()).await.expect_err("another's");
    assert_eq!((error.kind(), error.field()), (ErrorKind::Input, Some("auth_req_id")));
    assert_eq!(sandbox.calls(Call::Poll).len(), 0);
    drop(acknowledged);
    leaves_nothing(&sandbox, &client).await;
}

#[tokio::test(start_paused = true)]
async fn i19_a_spawned_wait_of_no_time_is_one_look() {
    let (sandbox, client) = start().await;
    sandbox.phone(EMAIL).react(Reaction::Approve);
    let acknowledged = client.initiate_app_approval(EMAIL).await.expect("pushed");
    let early = acknowledged.wait().timeout(Duration::ZERO).spawn().await.expect("an outcome");
    assert_eq!((early.status(), sandbox.calls(Call::Poll).len()), ("timeout", 0));
    tokio::time::sleep(seconds(5)).await;
    let looked = acknowledged.wait().timeout(Duration::ZERO).spawn().await.expect("an outcome");
    assert_eq!((looked.status(), sandbox.calls(Call::Poll).len()), ("approved", 1));
    drop(acknowledged);
    leaves_nothing(&sandbox, &client).await;
}
