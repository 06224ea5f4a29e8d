//! Answers to an initiate (B-34).

use super::{initiate, key, meaning, seconds};
use crate::ErrorKind;
use crate::answer::{Answer, ErrorCode};
use crate::authsec::read_initiate;

#[test]
fn b34_coded_refusals_are_recognised_on_any_status() {
    for (code, means) in [
        ("user_not_found", "user_not_found"),
        ("unknown_user_id", "user_not_found"),
        ("no_device_registered", "no_device_registered"),
        ("invalid_client", "invalid_client"),
        ("invalid_request", "invalid_request"),
        ("invalid_scope", "invalid_scope"),
        ("invalid_grant", "invalid_grant"),
        ("unsupported_grant_type", "unsupported_grant_type"),
        ("access_denied", "access_denied"),
    ] {
        for status in [200, 202, 400, 401, 403, 404, 429, 500, 503, 308] {
            let body = format!(r#"{{"auth_req_id":"","expires_in":0,"interval":0,"error":"{code}"}}"#);
            let error = initiate(status, body).expect_err(code);
            assert_eq!(meaning::of_error(&error), means, "{status} {code}");
            assert_eq!(error.status(), Some(status));
            assert!(!error.may_have_reached_server(), "{status} {code}: no push went out");
            assert!(error.code().is_some());
        }
    }
}

#[test]
fn j33_an_error_wins_over_an_id() {
    let body = r#"{"auth_req_id":"id-1","expires_in":300,"interval":5,"error":"no_device_registered"}"#;
    assert_eq!(initiate(200, body).expect_err("refused").kind(), ErrorKind::NoDeviceRegistered);
    let body = r#"{"auth_req_id":"id-1","error":"The push could not be sent"}"#;
    assert_eq!(initiate(200, body).expect_err("refused").kind(), ErrorKind::Protocol);
}

#[test]
fn b30_a_servers_own_fault_may_have_sent_the_push() {
    for (status, body) in [
        (200, r#"{"error":"server_error"}"#),
        (500, r#"{"error":"server_error"}"#),
        (400, r#"{"error":"server_error"}"#),
        (500, r#"{"error":"Failed to initiate CIBA"}"#),
        (502, "<html>"),
        (408, r#"{"error":"Request timeout"}"#),
        (503, r#"{"error":"overloaded"}"#),
        (400, r#"{"error":"temporarily_unavailable"}"#),
    ] {
        let error = initiate(status, body).expect_err(body);
        assert!(error.may_have_reached_server(), "{status} {body}");
        assert_eq!(error.kind(), ErrorKind::Server, "{status} {body}");
    }
    let failed = initiate(400, r#"{"error":"transaction_failed"}"#).expect_err("failed");
    assert_eq!((failed.kind(), failed.may_have_reached_server()), (ErrorKind::Refused, true));
    let limited = initiate(429, r#"{"error":"Rate limit exceeded"}"#).expect_err("limited");
    assert!(!limited.may_have_reached_server() && limited.is_retryable());
}

#[test]
fn f29_an_empty_error_is_none() {
    for absent in [r#""""#, "null"] {
        let body = format!(r#"{{"auth_req_id":"id-1","error":{absent}}}"#);
        assert!(initiate(200, &body).is_ok(), "the push is out: {body}");
    }
}

#[test]
fn j30_an_unknown_code_is_kept() {
    for status in [200, 400, 403] {
        let error = initiate(status, r#"{"error":"user_locked"}"#).expect_err("refused");
        assert_eq!(error.kind(), ErrorKind::Protocol, "{status}");
        assert_eq!(error.code(), Some(&ErrorCode::Other("user_locked".to_owned())));
    }
}

#[test]
fn j34_an_id_that_is_none_is_a_protocol_error() {
    let huge = format!(r#""{}""#, "x".repeat(4097));
    for id in [
        "null",
        r#""""#,
        r#"" ""#,
        r#""id\r\nHost: evil""#,
        r#""id\n""#,
        r#""id 1""#,
        r#""\u0000""#,
        r#""ïd""#,
        "42",
        "true",
        "{}",
        r#"["id"]"#,
        &huge,
    ] {
        let error = initiate(200, format!(r#"{{"auth_req_id":{id},"expires_in":300}}"#)).expect_err(id);
        assert_eq!((error.kind(), error.status()), (ErrorKind::Protocol, Some(200)));
        assert!(error.may_have_reached_server(), "a push may be on the phone");
    }
    assert!(initiate(200, r#"{"expires_in":300,"interval":5}"#).is_err());
    let longest = "x".repeat(4096);
    let ack = initiate(200, format!(r#"{{"auth_req_id":"{longest}"}}"#)).expect("an acknowledgement");
    assert_eq!(ack.auth_req_id.expose_secret(), longest);
}

#[test]
fn b21_an_acknowledgement_has_status_200_and_no_other() {
    for status in (100..=599).chain([0, 600, 999]) {
        let read = initiate(status, r#"{"auth_req_id":"id","expires_in":300,"interval":5}"#);
        assert_eq!(read.is_ok(), status == 200, "{status}: {read:?}");
    }
}

#[test]
fn j42_j46_what_a_status_means_without_a_body() {
    for (status, means) in [
        (301, "protocol"),
        (308, "protocol"),
        (400, "refused"),
        (401, "refused"),
        (404, "wrong_address"),
        (405, "wrong_address"),
        (415, "wrong_address"),
        (413, "refused"),
        (425, "server_failed"),
        (429, "rate_limited"),
        (500, "server_failed"),
        (503, "server_failed"),
        (100, "protocol"),
        (204, "protocol"),
        (999, "protocol"),
    ] {
        for body in ["", "<html>", "{}"] {
            assert_eq!(meaning::of_initiate(&initiate(status, body)), means, "{status} {body}");
        }
    }
    let answer = Answer { status: 503, retry_after: Some(seconds(9)), body: Some(b"") };
    assert_eq!(read_initiate(&answer, &key()).expect_err("failed").retry_after(), Some(seconds(9)));
}
