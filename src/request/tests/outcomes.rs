//! What each answer comes to.

use std::future::IntoFuture as _;
use std::time::Duration;

use crate::client::tests::{initiate, scripted};
use crate::transport::FaultKind;
use crate::transport::script::{Line, Script};
use crate::{ApprovalOutcome, AuthReqId, Error, ErrorKind, PollPolicy};

/// Initiates, polls through these lines, and gives what it came to.
async fn outcome_of(lines: impl IntoIterator<Item = Line>) -> Result<ApprovalOutcome, Error> {
    let script = Script::new([Line::ack(5, 300)]);
    for line in lines {
        script.then(line);
    }
    let client = scripted(&script);
    initiate(&client).await.wait().await
}

async fn status_of(lines: impl IntoIterator<Item = Line>) -> &'static str {
    outcome_of(lines).await.expect("an outcome").status()
}

async fn error_of(lines: impl IntoIterator<Item = Line>) -> Error {
    outcome_of(lines).await.expect_err("an error")
}

#[tokio::test(start_paused = true)]
async fn b01_every_outcome_has_its_status() {
    assert_eq!(status_of([Line::approved()]).await, "approved");
    assert_eq!(status_of([Line::json(403, r#"{"error":"access_denied"}"#)]).await, "access_denied");
    assert_eq!(status_of([Line::json(400, r#"{"error":"access_denied"}"#)]).await, "access_denied");
    assert_eq!(status_of([Line::expired()]).await, "expired_token");
    assert_eq!(status_of([]).await, "expired_token", "300 s of pending");
}

#[tokio::test(start_paused = true)]
async fn b03_time_that_runs_out_is_told_apart_by_whose_it_is() {
    let script = Script::new([Line::ack(5, 60)]);
    let client = scripted(&script);
    let pending = initiate(&client).await;
    let local = pending.wait().timeout(Duration::from_secs(30)).await.expect("an outcome");
    assert_eq!(local.status(), "timeout");
    let servers = pending.wait().timeout(Duration::from_secs(300)).await.expect("an outcome");
    assert_eq!(servers.status(), "expired_token");
}

#[tokio::test(start_paused = true)]
async fn b02_the_token_is_behind_the_approval_alone() {
    let approval = outcome_of([Line::approved()]).await.expect("an outcome").approved().expect("an approval");
    assert_eq!(approval.token().expose_secret(), "token-1");
    assert_eq!(approval.expires_in(), Some(Duration::from_secs(86_400)));
    let denied = outcome_of([Line::json(403, r#"{"error":"access_denied"}"#)]).await.expect("an outcome");
    assert_eq!(denied.approved().expect_err("no approval").to_string(), "the person denied the request");
}

#[tokio::test(start_paused = true)]
async fn b21_what_cannot_heal_ends_the_poll_at_once() {
    for (status, body, kind, code) in [
        (401, r#"{"error":"invalid_client"}"#, ErrorKind::ClientAuth, Some("invalid_client")),
        (302, r#"{"error":"authorization_pending"}"#, ErrorKind::Protocol, None),
        (308, "", ErrorKind::Protocol, None),
        (400, r#"{"error":"user_locked"}"#, ErrorKind::Protocol, Some("user_locked")),
        (200, r#"{"error":"user_locked"}"#, ErrorKind::Protocol, Some("user_locked")),
        (200, r#"{"error":"AUTHORIZATION_PENDING"}"#, ErrorKind::Protocol, Some("AUTHORIZATION_PENDING")),
        (400, r#"{"error":"transaction_failed"}"#, ErrorKind::Refused, Some("transaction_failed")),
        (200, r#"{"access_token":"t","error":"authorization_pending"}"#, ErrorKind::Protocol, None),
        (200, r#"{"access_token":"t","error":{}}"#, ErrorKind::Protocol, None),
        (201, r#"{"access_token":"t"}"#, ErrorKind::Protocol, None),
        (202, r#"{"access_token":"t"}"#, ErrorKind::Protocol, None),
        (204, "", ErrorKind::Protocol, None),
        (999, "", ErrorKind::Protocol, None),
        (400, r#"{"error":"invalid_grant"}"#, ErrorKind::Refused, Some("invalid_grant")),
        (400, r#"{"error":"invalid_scope"}"#, ErrorKind::Refused, Some("invalid_scope")),
    ] {
        let error = error_of([Line::json(status, body)]).await;
        assert_eq!((error.kind(), error.status()), (kind, Some(status)), "{status} {body}");
        assert_eq!(error.code().map(crate::ErrorCode::as_str), code, "{status} {body}");
    }
    assert_eq!(error_of([Line::fault(FaultKind::Tls)]).await.kind(), ErrorKind::Tls);
}

#[tokio::test(start_paused = true)]
async fn b21_a_4xx_without_a_code_is_final_for_an_id_that_nobody_has_answered_readably() {
    for status in [400, 404, 405, 418] {
        let script = Script::new([Line::json(status, "404 page not found"), Line::approved()]);
        let id = AuthReqId::new("id-of-another-process").expect("an id");
        let error = scripted(&script).poll_for_approval("user@example.com", &id).await.expect_err("final");
        assert_eq!((error.status(), script.asked().len()), (Some(status), 1));
        assert_ne!(error.kind(), ErrorKind::Protocol, "it is what the status says");
    }
}

#[tokio::test(start_paused = true)]
async fn b91_an_error_says_where_it_comes_from_and_in_whose_words() {
    let refused = r#"{"error":"invalid_client","error_description":"no such client"}"#;
    for line in [Line::json(401, refused), Line::json(302, r#"{"message":"no such client"}"#)] {
        let error = error_of([line]).await;
        assert!(error.endpoint().is_some_and(|endpoint| endpoint.ends_with("/ciba/token")), "{error}");
        assert_eq!(error.server_message(), Some("no such client"));
    }
}

#[tokio::test(start_paused = true)]
async fn b21_a_name_that_is_missing_three_times_in_a_row_does_not_exist() {
    let missing = || Line::fault(FaultKind::NameMissing);
    let error = error_of([missing(), missing(), Line::pending(), missing(), missing(), missing()]).await;
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Network, 3));
    assert_eq!(status_of([missing(), missing(), Line::approved()]).await, "approved");
}

#[tokio::test(start_paused = true)]
async fn b20_what_heals_is_polled_past() {
    for line in [
        Line::fault(FaultKind::NotConnected),
        Line::fault(FaultKind::Broken),
        Line::fault(FaultKind::TimedOut),
        Line::fault(FaultKind::Garbled),
        Line::json(408, ""),
        Line::json(425, ""),
        Line::json(429, r#"{"error":"Rate limit exceeded"}"#),
        Line::json(500, r#"{"error":"tenant DB"}"#),
        Line::json(502, "<html>"),
        Line::json(503, r#"{"access_token":"stolen"}"#),
        Line::json(511, r#"{"error":"user_locked"}"#),
        Line::json(200, ""),
        Line::json(200, "[]"),
        Line::json(200, "{}"),
        Line::json(200, r#"{"access_token":null}"#),
        Line::json(200, r#"{"access_token":""}"#),
        Line::json(200, r#"{"access_token":" "}"#),
        Line::json(200, r#"{"access_token":42}"#),
        Line::json(200, r#"{"access_token":{}}"#),
        Line::json(200, r#"{"access_token":"a","token":"b"}"#),
        Line::json(200, r#"{"error":42}"#),
        Line::json(200, r#"{"error":" authorization_pending "}"#),
        Line::json(400, r#"{"error":"temporarily_unavailable"}"#),
        // Behind an acknowledgement, a 4xx without a code is the infrastructure's.
        Line::json(400, r#"{"error":"Invalid request body","details":"x"}"#),
        Line::json(404, "404 page not found"),
        Line::json(405, ""),
        Line::json(418, ""),
        Line::json(200, r#"{"error":"server_error"}"#),
        Line::json(200, r#"{"error":"authorization_pending"}"#),
        Line::json(202, r#"{"error":"authorization_pending"}"#),
        Line::json(400, r#"{"error":"authorization_pending"}"#),
        Line::json(503, r#"{"error":"authorization_pending"}"#),
    ] {
        let shown = format!("{:?}", line.reply.as_ref().map(|reply| reply.status));
        let outcome = outcome_of([line, Line::approved()]).await.expect(&shown);
        assert_eq!(outcome.approved().expect(&shown).token().expose_secret(), "token-1");
    }
}

#[tokio::test(start_paused = true)]
async fn b23_an_approval_whose_answer_was_lost_is_not_called_expired() {
    let gone =
        || Line::json(400, r#"{"error":"expired_token","error_description":"the request is unknown"}"#);
    let others = || Line::json(400, r#"{"error":"invalid_grant"}"#);
    for lost in [FaultKind::Broken, FaultKind::TimedOut, FaultKind::Garbled] {
        assert_eq!(status_of([Line::fault(lost), gone()]).await, "approval_lost", "{lost:?}");
        assert_eq!(status_of([Line::fault(lost), others()]).await, "approval_lost", "{lost:?}");
        let between = Line::fault(FaultKind::NotConnected);
        assert_eq!(status_of([Line::fault(lost), between, gone()]).await, "approval_lost", "{lost:?}");
        assert_eq!(
            status_of([Line::fault(lost), Line::pending(), gone()]).await,
            "expired_token",
            "{lost:?}"
        );
    }
    assert_eq!(status_of([Line::cut(200, r#"{"access_token":"tok"#), gone()]).await, "approval_lost");
    assert_eq!(status_of([Line::json(200, r#"{"access_token":"tok"#), gone()]).await, "approval_lost");
    for hidden in [Line::json(502, "<html>"), Line::json(200, "<html>"), Line::json(404, "<html>")] {
        assert_eq!(status_of([hidden, gone()]).await, "approval_lost", "it may have been the approval");
    }
    let limited = Line::json(429, r#"{"error":"Rate limit exceeded"}"#);
    for whole in [Line::fault(FaultKind::NotConnected), limited, Line::json(425, "")] {
        assert_eq!(status_of([whole, gone()]).await, "expired_token", "nothing was lost");
    }
}

/// From its earliest end on the id may simply be over.
#[tokio::test(start_paused = true)]
async fn b23_behind_the_earliest_end_expired_is_expired_whatever_was_lost() {
    for (takes, expected) in [(4_999, "approval_lost"), (5_000, "expired_token"), (5_001, "expired_token")] {
        let gone = Line::expired().after(Duration::from_millis(takes));
        let script = Script::new([Line::ack(5, 15), Line::fault(FaultKind::Broken).after(Duration::ZERO)]);
        script.then(gone);
        let client = scripted(&script);
        let policy =
            PollPolicy::default().backoff_base(Duration::from_nanos(1)).grace(Duration::from_secs(9));
        let outcome = initiate(&client).await.wait().policy(policy).await.expect("an outcome");
        assert_eq!(outcome.status(), expected, "{takes} ms");
    }
}

#[tokio::test(start_paused = true)]
async fn b23_a_cut_body_that_holds_a_whole_document_is_salvaged() {
    let outcome = outcome_of([Line::cut(200, r#"{"access_token":"token-2"}"#)]).await.expect("an outcome");
    assert_eq!(outcome.approved().expect("an approval").token().expose_secret(), "token-2");
    let lines = [Line::cut(200, r#"{"error":"authorization_pending"}"#), Line::expired()];
    assert_eq!(status_of(lines).await, "expired_token", "a pending answer that came whole loses nothing");
}

#[tokio::test(start_paused = true)]
async fn b43_a_poll_dropped_in_its_request_leaves_the_approval_to_the_next() {
    let script =
        Script::new([Line::ack(5, 300), Line::approved().after(Duration::from_secs(3)), Line::expired()]);
    let client = scripted(&script);
    let pending = initiate(&client).await;
    let dropped = tokio::time::timeout(Duration::from_secs(6), pending.wait().into_future()).await;
    assert!(dropped.is_err(), "dropped while its request was under way");
    assert_eq!(pending.wait().await.expect("an outcome").status(), "approved");
    assert_eq!(script.asked().len(), 2, "the initiate, and the one poll");
}

#[tokio::test(start_paused = true)]
async fn b73_a_known_code_decides_on_any_status() {
    for status in [200, 202, 400, 401, 403, 409, 500, 503] {
        let denied = Line::json(status, r#"{"error":"access_denied"}"#);
        assert_eq!(status_of([denied]).await, "access_denied", "{status}");
    }
}

#[tokio::test(start_paused = true)]
async fn b73_a_token_must_be_visible_ascii() {
    for token in ["a b", "a\\u0000b", "é", "a\\nb", "\\t"] {
        let line = Line::json(200, &format!(r#"{{"access_token":"{token}"}}"#));
        assert_eq!(status_of([line, Line::expired()]).await, "approval_lost", "{token:?}");
    }
    let under_its_other_name = Line::json(200, r#"{"token":"t-3"}"#);
    assert_eq!(status_of([under_its_other_name]).await, "approved");
}

#[tokio::test(start_paused = true)]
async fn b91_an_end_without_an_answer_says_where_none_came_from() {
    let silent = || Line::pending().after(Duration::from_secs(1_000));
    let client = scripted(&Script::new([Line::ack(5, 20), silent(), silent(), silent(), silent()]));
    let error = initiate(&client).await.wait().await.expect_err("no answer");
    assert_eq!(error.kind(), ErrorKind::Network, "{error}");
    assert!(error.endpoint().is_some_and(|endpoint| endpoint.ends_with("/ciba/token")), "{error}");
}

#[tokio::test(start_paused = true)]
async fn b91_a_last_look_without_an_answer_says_where_none_came_from() {
    let script = Script::new([Line::ack(5, 20), Line::pending(), Line::pending(), Line::pending()]);
    script.then(Line::pending().after(Duration::from_secs(1_000)));
    let client = scripted(&script);
    let error = initiate(&client).await.wait().await.expect_err("no answer");
    assert_eq!((error.kind(), script.asked().len()), (ErrorKind::Network, 5));
    assert!(error.to_string().contains("still unanswered"), "{error}");
    assert!(error.endpoint().is_some_and(|endpoint| endpoint.ends_with("/ciba/token")), "{error}");
}

#[tokio::test(start_paused = true)]
async fn b91_a_client_that_is_unknown_and_a_credential_that_is_wrong_read_differently() {
    for (status, words) in [(400, "does not know this client"), (401, "client_secret is not set")] {
        let error = error_of([Line::json(status, r#"{"error":"invalid_client"}"#)]).await;
        assert_eq!(error.kind(), ErrorKind::ClientAuth);
        assert!(error.to_string().contains(words), "{error}");
    }
}
