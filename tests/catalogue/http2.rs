//! N32, N33: HTTP/2 connections that end in the middle.

use std::future::IntoFuture as _;
use std::time::Duration;

use authsec_ciba::ErrorKind;
use tokio::time::Instant;

use crate::support::http2::{Act, CANCEL, Frames, INTERNAL_ERROR, REFUSED_STREAM};
use crate::support::wire::{ACK, APPROVED, EXPIRED, PENDING};
use crate::support::{EMAIL, an_id, seconds};

#[tokio::test(start_paused = true)]
async fn n32_goaway_before_the_stream_was_processed() {
    for refusal in [Act::GoAwayBefore, Act::Rst(REFUSED_STREAM)] {
        let server = Frames::new([refusal, Act::Answer(APPROVED)]).await;
        let (client, start) = (server.client(), Instant::now());
        let outcome = client.poll_for_approval(EMAIL, &an_id()).await.expect("an outcome");
        assert_eq!((outcome.status(), server.requests()), ("approved", 2), "{refusal:?}");
        assert!((seconds(5)..seconds(7)).contains(&start.elapsed()), "one floor later: {refusal:?}");
        // An initiate is not repeated even so.
        let server = Frames::new([refusal, Act::Answer(ACK)]).await;
        let error = server.client().initiate_app_approval(EMAIL).await.expect_err("refused");
        assert_eq!((error.kind(), server.requests()), (ErrorKind::Network, 1), "{refusal:?}");
        assert_eq!(server.accepted(), 1);
    }
}

/// F-40: a stream that the server has, and that is dropped, is a push and an attempt.
#[tokio::test(start_paused = true)]
async fn f40_what_is_dropped_when_the_server_has_it_counts() {
    let server = Frames::new([Act::Silence]).await;
    for (request, call) in [(1, "initiate"), (2, "login")] {
        let fresh = server.client();
        let calling = match call {
            "initiate" => tokio::spawn({
                let call = fresh.initiate_app_approval(EMAIL).into_future();
                async { drop(call.await) }
            }),
            _ => tokio::spawn({
                let call = fresh.verify_totp(EMAIL, "123456");
                async { drop(call.await) }
            }),
        };
        while server.requests() < request {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        calling.abort();
        assert!(calling.await.is_err());
        let usage = fresh.usage();
        assert_eq!(usage.push_counts + usage.totp_counts, 1, "{call}");
    }
}

#[tokio::test(start_paused = true)]
async fn n32_a_server_that_refuses_every_stream_is_not_hammered() {
    let server = Frames::new([Act::Rst(REFUSED_STREAM)]).await;
    let poll = server.client().poll_for_approval(EMAIL, &an_id()).timeout(seconds(60));
    let error = poll.await.expect_err("never answered");
    assert_eq!(error.kind(), ErrorKind::Network);
    assert!(error.attempts() > 2);
    assert_eq!(server.requests(), error.attempts() as usize, "each is a poll (F-37)");
}

/// F-37, B-17: whatever lies below, a floor lies between two requests of an id.
#[tokio::test(start_paused = true)]
async fn f37_a_refused_stream_is_a_poll_and_loses_nothing() {
    for refusal in [Act::GoAwayBefore, Act::Rst(REFUSED_STREAM)] {
        let server = Frames::new([refusal, refusal, Act::Answer(EXPIRED)]).await;
        let start = Instant::now();
        let outcome = server.client().poll_for_approval(EMAIL, &an_id()).await.expect("an outcome");
        assert_eq!((outcome.status(), server.requests()), ("expired_token", 3), "{refusal:?}: not lost");
        assert!(start.elapsed() >= seconds(10), "{refusal:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn n33_goaway_or_reset_after_processing() {
    for after in [
        Act::GoAwayAfter,
        Act::Rst(INTERNAL_ERROR),
        Act::Rst(CANCEL),
        Act::HalfThenRst(APPROVED),
        Act::Garbage,
    ] {
        let server = Frames::new([after, Act::Answer(EXPIRED)]).await;
        let outcome = server.client().poll_for_approval(EMAIL, &an_id()).await.expect("an outcome");
        assert_eq!((outcome.status(), server.requests()), ("approval_lost", 2), "{after:?}");
        let server = Frames::new([after, Act::Answer(ACK)]).await;
        let error = server.client().initiate_app_approval(EMAIL).await.expect_err("lost");
        assert_eq!((error.kind(), error.may_have_reached_server()), (ErrorKind::Network, true), "{after:?}");
        assert_eq!(server.requests(), 1, "{after:?}");
        let error = server.client().verify_totp(EMAIL, "123456").await.expect_err("lost or no token");
        assert!(error.may_have_reached_server(), "{after:?}");
        assert_eq!(server.requests(), 2, "{after:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn http2_informational_answers_and_endless_headers_are_survived() {
    let server = Frames::new([Act::Informational(50, PENDING), Act::Answer(APPROVED)]).await;
    let outcome = server.client().poll_for_approval(EMAIL, &an_id()).await.expect("an outcome");
    assert_eq!((outcome.status(), server.requests()), ("approved", 2));
    let server = Frames::new([Act::Continuations, Act::Answer(APPROVED)]).await;
    let outcome = server.client().poll_for_approval(EMAIL, &an_id()).await.expect("an outcome");
    assert_eq!((outcome.status(), server.requests()), ("approved", 2));
}

#[tokio::test(start_paused = true)]
async fn an_http2_connection_without_a_sign_of_life_is_left_for_another() {
    let server = Frames::new([Act::Silence, Act::Answer(APPROVED)]).await;
    for timeout in [seconds(10), seconds(2)] {
        let client = server.configured().request_timeout(timeout).build().expect("valid");
        let outcome = client.poll_for_approval(EMAIL, &an_id()).await.expect("an outcome");
        assert_eq!(outcome.status(), "approved", "{timeout:?}");
    }
    assert!(server.accepted() >= 2);
    // A push takes its time, and a server that is busy with it need not answer to anything else.
    let server = Frames::new([Act::Silence]).await;
    let start = Instant::now();
    let error = server.client().initiate_app_approval(EMAIL).await.expect_err("silence");
    assert!(error.may_have_reached_server() && start.elapsed() >= seconds(35), "B-31: {:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn b53_a_code_that_http2_refuses_is_not_sent_again() {
    for refusal in [Act::GoAwayBefore, Act::Rst(REFUSED_STREAM)] {
        let server = Frames::new([refusal, Act::Answer(r#"{"success":true,"token":"a-token"}"#)]).await;
        let error = server.client().verify_totp(EMAIL, "123456").await.expect_err("refused");
        assert_eq!((error.kind(), server.requests()), (ErrorKind::Network, 1), "{refusal:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn b23_an_http2_answer_that_ends_before_its_body_is_lost() {
    for cut in [Act::Cancelled(""), Act::Cancelled(&APPROVED[..20]), Act::HeadThenGoAway] {
        let server = Frames::new([cut, Act::Answer(EXPIRED)]).await;
        let outcome = server.client().poll_for_approval(EMAIL, &an_id()).await.expect("an outcome");
        assert_eq!((outcome.status(), server.requests()), ("approval_lost", 2), "{cut:?}");
    }
    let server = Frames::new([Act::Cancelled(APPROVED)]).await;
    let outcome = server.client().poll_for_approval(EMAIL, &an_id()).await.expect("an outcome");
    assert_eq!((outcome.status(), server.requests()), ("approved", 1), "salvaged");
}
