//! The same engine at an OpenID provider: when it polls, to the millisecond, and that it stops (O-35 to O-43). Conformance cases
//! have a `c` in their names, and the numbers of `tests/openid`.

#![allow(clippy::arithmetic_side_effects, reason = "a test's numbers")]

use std::time::Duration;

use crate::client::tests::openid::{approved, approved_by, initiate, scripted, scripted_with};
use crate::clock::{Instant, now};
use crate::openid::Quirks;
use crate::transport::FaultKind;
use crate::transport::script::{Line, Script};
use crate::{ApprovalOutcome, ErrorKind};

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn polls(script: &Script, start: Instant) -> Vec<u128> {
    script.instants("/token", start)
}

fn pending() -> Line {
    Line::json(400, r#"{"error":"authorization_pending"}"#)
}

fn code(status: u16, code: &str) -> Line {
    Line::json(status, &format!(r#"{{"error":"{code}"}}"#))
}

/// No further request in the next 10 s.
async fn stops(script: &Script) {
    let before = script.asked().len();
    tokio::time::sleep(seconds(10)).await;
    assert_eq!(script.asked().len(), before);
}

/// Waits through these lines behind an acknowledgement, and gives what it came to, and when the polls were.
async fn through(
    ack: Line,
    lines: impl IntoIterator<Item = Line>,
) -> (Result<ApprovalOutcome, crate::Error>, Vec<u128>) {
    let script = Script::new([ack]);
    lines.into_iter().for_each(|line| script.then(line));
    let client = scripted(&script);
    let waiting = initiate(&client).await;
    let start = now();
    let outcome = waiting.wait().await;
    let polls = polls(&script, start);
    stops(&script).await;
    (outcome, polls)
}

fn status(outcome: &Result<ApprovalOutcome, crate::Error>) -> &'static str {
    outcome.as_ref().unwrap_or_else(|error| panic!("{error:?}")).status()
}

#[tokio::test(start_paused = true)]
async fn c01_c05_the_floor_is_the_providers_interval_behind_each_answer() {
    let (outcome, polls) = through(Line::ack(5, 120), [pending(), pending(), approved()]).await;
    assert_eq!((status(&outcome), polls), ("approved", vec![5_000, 10_000, 15_000]));

    let slow = || pending().after(Duration::from_millis(2_500));
    let (outcome, polls) = through(Line::ack(31, 300), [slow(), slow(), approved()]).await;
    assert_eq!((status(&outcome), polls), ("approved", vec![31_000, 64_500, 98_000]));
}

/// What a provider asks for stays, what a fault adds goes with the next answer.
#[tokio::test(start_paused = true)]
async fn c06_c32_c33_c34_o37_o38_o39_what_comes_between_polls_is_kept_to_the_millisecond() {
    let (outcome, polls) = through(
        Line::ack(5, 600),
        [
            pending(),
            code(400, "slow_down"),
            Line::fault(FaultKind::NotConnected),
            Line::json(503, "<html>"),
            code(429, "slow_down").retry_after(seconds(40)),
            pending(),
            pending().retry_after(seconds(20)),
            code(500, "server_error"),
            Line::json(503, "").retry_after(seconds(60)),
            pending().retry_after(seconds(3)),
            approved(),
        ],
    )
    .await;
    assert_eq!(status(&outcome), "approved");
    let gaps: Vec<_> = polls.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert_eq!(polls[0], 5_000);
    assert_eq!(
        gaps,
        [
            5_000,  // pending
            10_000, // slow_down: 5 s more, for good
            10_250, // a quarter of a second for the first fault in a row
            10_500, // half a second for the second
            40_000, // slow_down again: 15 s from now on, and this once what Retry-After says
            15_000, // pending
            20_000, // Retry-After is the larger
            15_250, // server_error heals on any status
            60_000, // Retry-After is the larger
            15_000, // and here the floor
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn c34_a_503_with_and_without_retry_after() {
    let with = code(503, "temporarily_unavailable").retry_after(seconds(20));
    let (outcome, polls) = through(Line::ack(5, 120), [with, approved()]).await;
    assert_eq!((status(&outcome), polls), ("approved", vec![5_000, 25_000]));
    let (outcome, polls) = through(Line::ack(5, 120), [Line::json(503, "<html>"), approved()]).await;
    assert_eq!((status(&outcome), polls), ("approved", vec![5_000, 10_250]));
}

#[tokio::test(start_paused = true)]
async fn c37_o43_an_answer_that_was_lost_is_asked_for_once_more_and_that_is_the_end() {
    for lost in [FaultKind::Broken, FaultKind::TimedOut] {
        let (outcome, polls) =
            through(Line::ack(5, 120), [Line::fault(lost), code(400, "invalid_grant")]).await;
        assert_eq!((status(&outcome), polls), ("approval_lost", vec![5_000, 10_250]), "{lost:?}");
    }
    // Nothing was lost: nobody was reached.
    let (outcome, polls) =
        through(Line::ack(5, 120), [Line::fault(FaultKind::NotConnected), code(400, "invalid_grant")]).await;
    let error = outcome.expect_err("refused");
    assert_eq!((error.kind(), polls), (ErrorKind::Refused, vec![5_000, 10_250]));
}

/// An answer may be held back until the person has answered; the next floor counts from its end.
#[tokio::test(start_paused = true)]
async fn o40_an_answer_is_waited_for_30_s_and_no_longer() {
    let held = |seconds| pending().after(Duration::from_secs(seconds));
    let (outcome, polls) = through(Line::ack(5, 300), [held(29), held(31), approved()]).await;
    assert_eq!(status(&outcome), "approved");
    assert_eq!(polls, [5_000, 39_000, 74_250]);
}

/// Each final answer ends every wait of the id, and what the provider has said of the id itself is told again from memory.
#[tokio::test(start_paused = true)]
async fn c12_to_c14_c35_c36_o41_o43_behind_a_final_answer_nothing_is_sent() {
    for (answer, ended, is_the_ids) in [
        (code(400, "access_denied"), Ok("access_denied"), true),
        (code(400, "expired_token"), Ok("expired_token"), true),
        (code(400, "transaction_failed"), Err(ErrorKind::Refused), true),
        (code(400, "invalid_grant"), Err(ErrorKind::Refused), true),
        (code(400, "invalid_request"), Err(ErrorKind::Refused), false),
        (code(400, "unauthorized_client"), Err(ErrorKind::Refused), false),
        (code(400, "invalid_scope"), Err(ErrorKind::Refused), false),
        (code(400, "unsupported_grant_type"), Err(ErrorKind::Config), false),
        (code(400, "invalid_client"), Err(ErrorKind::ClientAuth), false),
        (code(401, "invalid_client"), Err(ErrorKind::ClientAuth), false),
        (code(400, "a_code_of_its_own"), Err(ErrorKind::Protocol), false),
        (Line::fault(FaultKind::Tls), Err(ErrorKind::Tls), false),
    ] {
        let script =
            Script::new([Line::ack(5, 120), pending(), Line::fault(FaultKind::NotConnected), answer]);
        let client = scripted(&script);
        let started = initiate(&client).await;
        let start = now();
        let waits: Vec<_> = (0..3).map(|_| started.wait().spawn()).collect();
        for wait in waits {
            let outcome = wait.await;
            match (&outcome, ended) {
                (Ok(outcome), Ok(status)) => assert_eq!(outcome.status(), status),
                (Err(error), Err(kind)) => assert_eq!(error.kind(), kind, "{error}"),
                _ => panic!("{ended:?}: {outcome:?}"),
            }
        }
        assert_eq!(now().duration_since(start).as_millis(), 15_250, "{ended:?}");
        stops(&script).await;
        assert_eq!(polls(&script, start), [5_000, 10_000, 15_250], "{ended:?}");
        if is_the_ids {
            let told = started.wait().await;
            match (&told, ended) {
                (Ok(outcome), Ok(status)) => assert_eq!(outcome.status(), status),
                (Err(error), Err(kind)) => assert_eq!(error.kind(), kind, "{error}"),
                _ => panic!("{ended:?}: {told:?}"),
            }
            drop(started.wait().once().await);
            stops(&script).await;
            assert_eq!(script.asked().len(), 4, "{ended:?}: told from memory");
        }
    }
}

/// One answer, and nothing behind it, whatever is wrong with its ID Token.
#[tokio::test(start_paused = true)]
async fn c15_to_c25_o71_behind_an_id_token_that_is_none_nothing_is_sent() {
    const HEADER: &str = r#"{"alg":"HS256"}"#;
    for (header, claims, check) in [
        (HEADER, r#"{"iss":"https://other.example","sub":"a","aud":"client","exp":%exp,"iat":%now}"#, "iss"),
        (HEADER, r#"{"iss":"https://op.example/","sub":"a","aud":"client","exp":%exp,"iat":%now}"#, "iss"),
        (HEADER, r#"{"iss":"https://op.example","sub":"a","aud":"other","exp":%exp,"iat":%now}"#, "aud"),
        (
            HEADER,
            r#"{"iss":"https://op.example","sub":"a","aud":["client","b"],"exp":%exp,"iat":%now}"#,
            "aud",
        ),
        (
            r#"{"alg":"none"}"#,
            r#"{"iss":"https://op.example","sub":"a","aud":"client","exp":%exp,"iat":%now}"#,
            "alg",
        ),
        (
            r#"{"alg":"ES256"}"#,
            r#"{"iss":"https://op.example","sub":"a","aud":"client","exp":%exp,"iat":%now}"#,
            "alg",
        ),
        (HEADER, r#"{"iss":"https://op.example","sub":"a","aud":"client","exp":%past,"iat":%now}"#, "exp"),
        (HEADER, r#"{"iss":"https://op.example","sub":"a","aud":"client","exp":%exp,"iat":%week}"#, "iat"),
        (HEADER, r#"{"iss":"https://op.example","sub":"a","exp":%exp,"iat":%now}"#, "aud"),
        (HEADER, r#"{"iss":"https://op.example","sub":"a","aud":"client","iat":%now}"#, "exp"),
        (HEADER, r#"{"sub":"a","aud":"client","exp":%exp,"iat":%now}"#, "iss"),
    ] {
        let script = Script::new([Line::ack(5, 120), pending(), approved_by(header, claims)]);
        let client = scripted(&script);
        let started = initiate(&client).await;
        let start = now();
        let waits = [started.wait().spawn(), started.wait().spawn()];
        for wait in waits {
            let error = wait.await.expect_err(claims);
            assert_eq!((error.kind(), error.field()), (ErrorKind::IdToken, Some(check)), "{claims}");
        }
        assert_eq!(started.wait().await.expect_err("from memory").kind(), ErrorKind::IdToken);
        stops(&script).await;
        assert_eq!(polls(&script, start), [5_000, 10_000], "{claims}");
    }
}

/// Polls at the floor, one last look at the end, and what it says then is the end.
#[tokio::test(start_paused = true)]
async fn c14_o35_o42_at_the_end_of_life_there_is_one_last_look() {
    for last in [code(400, "expired_token"), code(400, "invalid_grant"), pending()] {
        let script = Script::new([Line::ack(7, 30), pending(), pending(), pending(), last]);
        let client = scripted(&script);
        let started = initiate(&client).await;
        let start = now();
        assert_eq!(status(&started.wait().await), "expired_token");
        assert_eq!(polls(&script, start), [7_000, 14_000, 21_000, 30_000]);
        stops(&script).await;
        assert_eq!(script.asked().len(), 5);
    }
}

/// A provider that has one word for a denial and for the end: in time it is a denial.
#[tokio::test(start_paused = true)]
async fn c13_o42_a_denial_counts_by_its_time() {
    for (life, polled, ended) in [(120, 5_000, "access_denied"), (4, 4_000, "expired_token")] {
        let script = Script::new([Line::ack(5, life), code(403, "access_denied")]);
        let client = scripted_with(&script, |provider| {
            provider.quirks(Quirks { denied_may_mean_expired: true, ..Quirks::default() })
        });
        let started = initiate(&client).await;
        let start = now();
        assert_eq!(status(&started.wait().await), ended);
        assert_eq!(polls(&script, start), [polled]);
        stops(&script).await;
    }
}

/// A future of more than 1,032 bytes is slow to allocate, and what only a provider needs is in none of AuthSec's.
#[tokio::test(start_paused = true)]
async fn o55_b80_a_start_is_small_enough_to_be_quick_to_allocate() {
    use std::future::IntoFuture as _;

    let script = Script::default();
    let at_a_provider = scripted(&script).initiate(crate::Hint::login("alice")).into_future();
    let at_authsec =
        crate::client::tests::scripted(&script).initiate_app_approval("user@example.com").into_future();
    let bytes = [size_of_val(&*at_a_provider), size_of_val(&*at_authsec)];
    assert!(bytes.iter().all(|bytes| *bytes <= 1_032), "{bytes:?}");
}
