//! TOTP logins: what counts as an attempt, and what does not.

use std::time::Duration;

use crate::client::tests::{initiate, scripted, scripted_with};
use crate::transport::FaultKind;
use crate::transport::script::{Line, Script};
use crate::{CibaClient, Email, ErrorKind, LockedBy, TotpLockout, TotpOutcome};

const EMAIL: &str = "user@example.com";

fn wrong() -> Line {
    Line::json(401, r#"{"success":false,"message":"Invalid TOTP code"}"#)
}

fn right() -> Line {
    Line::json(200, r#"{"success":true,"token":"totp-token","message":"ok"}"#)
}

async fn verify(client: &CibaClient) -> TotpOutcome {
    client.verify_totp(EMAIL, "123456").await.expect("a judgement")
}

async fn remaining(client: &CibaClient) -> (Option<&'static str>, u32) {
    let outcome = verify(client).await;
    (outcome.error_code(), outcome.remaining())
}

#[tokio::test(start_paused = true)]
async fn b50_three_wrong_codes_then_nothing_is_sent() {
    let script = Script::new([wrong(), wrong(), wrong()]);
    let client = scripted(&script);
    assert_eq!(remaining(&client).await, (Some("invalid_code"), 2));
    assert_eq!(remaining(&client).await, (Some("invalid_code"), 1));
    assert_eq!(remaining(&client.clone()).await, (Some("invalid_code"), 0));
    let TotpOutcome::TooManyRetries { retry_after, by } = verify(&client).await else { panic!("not locked") };
    assert_eq!((retry_after, by), (Some(Duration::from_secs(900)), LockedBy::Client));
    assert_eq!(script.asked().len(), 3);
    assert_eq!(client.verify_totp(" USER@example.com", "123456").await.expect("locked").remaining(), 0);
    assert_eq!(script.asked().len(), 3, "another case is the same person");
}

#[tokio::test(start_paused = true)]
async fn b52_success_cancel_and_time_reset_the_count_and_an_initiate_does_not() {
    let script = Script::new([wrong(), right(), wrong(), wrong(), wrong()]);
    let client = scripted(&script);
    let _ = verify(&client).await;
    assert_eq!(remaining(&client).await, (None, 3));
    for _ in 0..3 {
        let _ = verify(&client).await;
    }
    assert_eq!(remaining(&client).await, (Some("too_many_retries"), 0));
    script.then(Line::ack(5, 300));
    initiate(&client).await;
    assert_eq!(remaining(&client).await, (Some("too_many_retries"), 0), "an initiate changes nothing");
    client.cancel_approval(EMAIL).await.expect("cancelled");
    for _ in 0..3 {
        script.then(wrong());
    }
    assert_eq!(remaining(&client).await, (Some("invalid_code"), 2));
    let _ = (verify(&client).await, verify(&client).await);
    tokio::time::sleep(Duration::from_secs(899)).await;
    assert_eq!(remaining(&client).await, (Some("too_many_retries"), 0));
    tokio::time::sleep(Duration::from_secs(1)).await;
    script.then(right());
    assert_eq!(remaining(&client).await, (None, 3));
}

#[tokio::test(start_paused = true)]
async fn b52_a_strict_lock_is_not_reset_by_cancel() {
    let script = Script::new([wrong(), wrong(), wrong()]);
    let client = scripted_with(&script, |builder| {
        builder.totp_lockout(TotpLockout::Strict).totp_lock_duration(Duration::from_secs(60))
    });
    for _ in 0..3 {
        let _ = verify(&client).await;
    }
    client.cancel_approval(EMAIL).await.expect("cancelled");
    assert_eq!(remaining(&client).await, (Some("too_many_retries"), 0));
    tokio::time::sleep(Duration::from_secs(60)).await;
    script.then(right());
    assert_eq!(remaining(&client).await, (None, 3));
}

#[tokio::test(start_paused = true)]
async fn b51_only_a_definite_wrong_code_counts() {
    for (line, kind) in [
        (Line::fault(FaultKind::NotConnected), ErrorKind::Network),
        (Line::json(429, r#"{"error":"Rate limit exceeded","limit":100}"#), ErrorKind::RateLimited),
        (Line::json(404, r#"{"error":"User not found"}"#), ErrorKind::UserNotFound),
        (Line::json(404, "404 page not found"), ErrorKind::Config),
        (Line::json(400, r#"{"error":"no TOTP devices registered"}"#), ErrorKind::NoDeviceRegistered),
        (Line::json(401, r#"{"success":false,"message":"client is not mapped"}"#), ErrorKind::Config),
        (Line::json(401, r#"{"error":"invalid_client"}"#), ErrorKind::ClientAuth),
    ] {
        let script = Script::new([line]);
        let client = scripted(&script);
        let error = client.verify_totp(EMAIL, "123456").await.expect_err("not judged");
        assert_eq!(error.kind(), kind);
        assert_eq!(script.asked().len(), 1, "never repeated");
        assert_eq!(client.usage().totp_counts, 0, "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn b51_an_attempt_that_may_have_been_judged_keeps_its_place_for_one_code() {
    for line in [
        Line::fault(FaultKind::Broken),
        Line::fault(FaultKind::TimedOut),
        Line::json(502, "<html>"),
        Line::json(500, r#"{"success":false}"#),
        Line::json(200, "<html>"),
        Line::json(200, r#"{"success":true}"#),
        Line::json(200, r#"{"success":false,"token":"t"}"#),
    ] {
        let script = Script::new([line, wrong()]);
        let client = scripted(&script);
        client.verify_totp(EMAIL, "123456").await.expect_err("not judged");
        assert_eq!(remaining(&client).await, (Some("invalid_code"), 1), "one is wrong, one is held");
        tokio::time::sleep(Duration::from_secs(30)).await;
        script.then(wrong());
        assert_eq!(remaining(&client).await, (Some("invalid_code"), 1), "two are wrong, none is held");
    }
}

#[tokio::test(start_paused = true)]
async fn f40_b51_codes_dropped_while_they_dial_keep_no_place() {
    let script =
        Script::new((0..4).map(|_| right().dialling(Duration::from_secs(2)).after(Duration::from_secs(2))));
    let client = scripted(&script);
    for (after, left) in [(1_999, 3), (1_999, 3), (1_999, 3), (2_001, 2)] {
        let verifying = client.verify_totp(EMAIL, "123456");
        assert!(tokio::time::timeout(Duration::from_millis(after), verifying).await.is_err());
        assert_eq!(client.totp_attempts_left(EMAIL).expect("an address"), left, "dropped after {after} ms");
    }
}

#[tokio::test(start_paused = true)]
async fn f39_b51_codes_that_nobody_judged_are_not_called_wrong() {
    for line in [|| Line::json(503, ""), || Line::fault(FaultKind::Broken), || Line::json(200, "<html>")] {
        let script = Script::new((0..3).map(|_| line()));
        let client = scripted(&script);
        for _ in 0..3 {
            client.verify_totp(EMAIL, "123456").await.expect_err("not judged");
        }
        let outcome = verify(&client).await;
        let TotpOutcome::TooManyRetries { retry_after, by } = outcome else { panic!("{outcome:?}") };
        assert_eq!((retry_after, by), (Some(Duration::from_secs(30)), LockedBy::Unjudged));
        assert!(!outcome.verified().expect_err("no token").to_string().contains("wrong codes"));
        assert_eq!(script.asked().len(), 3, "nothing was sent");
        tokio::time::sleep(Duration::from_secs(30)).await;
        script.then(right());
        let verified = verify(&client).await.verified().expect("a right code");
        assert_eq!(verified.remaining(), 3);
    }
}

#[tokio::test(start_paused = true)]
async fn b53_a_code_is_exactly_six_ascii_digits() {
    let script = Script::new([]);
    let client = scripted(&script);
    for code in ["", "12345", "1234567", "12345a", "123 456", "+12345", "1e5   ", "１２３４５６", "12345\n"]
    {
        let error = client.verify_totp(EMAIL, code).await.expect_err(code);
        assert_eq!((error.kind(), error.field()), (ErrorKind::Input, Some("code")), "{code:?}");
        assert!(code.is_empty() || !error.to_string().contains(code), "{error}");
    }
    assert_eq!((script.asked().len(), client.usage().totp_counts), (0, 0));
    script.then(right());
    let outcome = client.verify_totp(EMAIL, "000000").await.expect("a judgement");
    assert!(matches!(outcome, TotpOutcome::Verified(_)));
    assert!(script.asked()[0].body.contains(r#""totp_code":"000000""#), "leading zeros stay");
}

#[tokio::test(start_paused = true)]
async fn b54_the_servers_lock_is_not_ours() {
    for line in [
        Line::json(429, r#"{"error":"account temporarily locked"}"#),
        Line::json(401, r#"{"success":false,"message":"Account locked: too many failed attempts"}"#),
    ] {
        let client = scripted(&Script::new([line]));
        let TotpOutcome::TooManyRetries { retry_after, by } = verify(&client).await else {
            panic!("not locked")
        };
        assert_eq!((retry_after, by), (None, LockedBy::Server));
        assert_eq!(client.usage().totp_counts, 0, "the local count is untouched");
    }
}

#[tokio::test(start_paused = true)]
async fn b55_verified_needs_a_200_with_a_token_and_no_contradiction() {
    let client = scripted(&Script::new([right()]));
    let login = verify(&client).await.verified().expect("verified");
    assert_eq!(login.token().expose_secret(), "totp-token");
    for (status, body) in [
        (200, r#"{"success":true}"#),
        (200, r#"{"success":true,"token":""}"#),
        (200, r#"{"success":true,"token":null}"#),
        (200, r#"{"success":false,"token":"t"}"#),
        (200, r#"{"success":"true","token":"t"}"#),
        (200, r#"{"success":true,"token":"t","error":"x"}"#),
        (200, r#"[{"success":true,"token":"t"}]"#),
        (201, r#"{"success":true,"token":"t"}"#),
        (202, r#"{"success":true,"token":"t"}"#),
        (400, r#"{"success":true,"token":"t"}"#),
        (500, r#"{"success":true,"token":"t"}"#),
    ] {
        let client = scripted(&Script::new([Line::json(status, body)]));
        client.verify_totp(EMAIL, "123456").await.expect_err(body);
    }
}

#[tokio::test(start_paused = true)]
async fn b50_a_thousand_wrong_codes_at_once_are_three_requests() {
    let script = Script::new((0..1_000).map(|_| wrong().after(Duration::from_secs(1))));
    let client = scripted(&script);
    let calls: Vec<_> = (0..1_000)
        .map(|n| {
            let email = if n % 2 == 0 { "User@Example.com" } else { "uSER@example.COM" };
            tokio::spawn(client.verify_totp(email, "123456"))
        })
        .collect();
    let mut wrong = 0;
    for call in calls {
        match call.await.expect("no panic").expect("a judgement") {
            TotpOutcome::InvalidCode { .. } => wrong += 1,
            outcome => assert_eq!(outcome.error_code(), Some("too_many_retries")),
        }
    }
    assert_eq!((wrong, script.asked().len()), (3, 3));
}

#[tokio::test(start_paused = true)]
async fn b50_b52_the_attempts_left_are_told_without_a_code_and_cost_nothing() {
    let script = Script::new([wrong().after(Duration::from_secs(1)), wrong(), wrong()]);
    let client = scripted(&script);
    let left = || client.totp_attempts_left(" USER@example.com").expect("a number");
    assert_eq!(left(), 3, "of somebody who is not known");
    assert_eq!(client.usage().totp_counts, 0, "asking leaves nothing behind");

    let first = tokio::spawn(client.verify_totp(EMAIL, "123456"));
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(left(), 2, "one is under way");
    assert_eq!(first.await.expect("no panic").expect("a judgement").remaining(), left());
    assert_eq!((remaining(&client).await.1, left()), (1, 1));
    assert_eq!((remaining(&client).await.1, left()), (0, 0));
    assert_eq!(remaining(&client).await, (Some("too_many_retries"), left()));
    assert_eq!(client.totp_attempts_left("other@example.com").expect("a number"), 3);

    tokio::time::sleep(Duration::from_secs(900)).await;
    assert_eq!(left(), 3, "the lock is over");
    script.then(Line::fault(FaultKind::Broken));
    client.verify_totp(EMAIL, "123456").await.expect_err("not judged");
    assert_eq!(left(), 2, "it may have been judged");
    client.cancel_approval(EMAIL).await.expect("cancelled");
    assert_eq!((left(), script.asked().len()), (3, 4));
    client.shutdown().await;
    assert_eq!(left(), 3);

    let error = client.totp_attempts_left("nobody").expect_err("refused");
    assert_eq!((error.kind(), error.field()), (ErrorKind::Input, Some("email")));
}

/// An application that keys its own map by `Email::key` means the same people as this crate.
#[tokio::test(start_paused = true)]
async fn b60_addresses_share_their_attempts_exactly_if_their_keys_are_equal() {
    let addresses = [
        "user@example.com",
        " User@EXAMPLE.com",
        "u.ser@example.com",
        "user+x@example.com",
        "É@x.org",
        "é@x.org",
    ]
    .map(|address| Email::new(address).expect("an address"));
    for counted in &addresses {
        let client = scripted(&Script::new([wrong()]));
        let _ = client.verify_totp(counted, "123456").await.expect("a judgement");
        for asked in &addresses {
            let left = client.totp_attempts_left(asked).expect("a number");
            assert_eq!(left == 2, asked.key() == counted.key(), "{asked} {counted}");
        }
    }
}
