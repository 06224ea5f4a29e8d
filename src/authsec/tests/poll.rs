//! Answers to a poll: tokens, contradictions, statuses (B-20, B-21, B-73).

use super::{A_WEEK, is_protocol, may_hide_an_approval, meaning, poll, read_poll, seconds};
use crate::answer::{Answer, ErrorCode, PollAnswer};
use crate::{Error, ErrorKind};

#[test]
fn j6_what_is_no_token_approves_nobody() {
    for token in [
        "null",
        r#""""#,
        r#"" ""#,
        r#"" t""#,
        r#""t ""#,
        r#""a b""#,
        r#""a\nb""#,
        r#""a\u0000""#,
        r#""tökèn""#,
        r#""\u007f""#,
        r#""\u200b""#,
        "42",
        "true",
        "{}",
        "[]",
        r#"["t"]"#,
        r#"{"value":"t"}"#,
    ] {
        for member in ["access_token", "token"] {
            let body = format!(r#"{{"{member}":{token},"token_type":"Bearer","expires_in":60}}"#);
            may_hide_an_approval(poll(200, &body), &body);
        }
    }
}

#[test]
fn f30_b73_a_token_by_either_name_or_the_same_by_both() {
    for body in [
        r#"{"access_token":"t"}"#,
        r#"{"token":"t"}"#,
        r#"{"access_token":null,"token":"t"}"#,
        r#"{"access_token":"t","token":null}"#,
        r#"{"access_token":"t","token":"t"}"#,
        r#"{"access_token":"t","token":"\u0074"}"#,
        r#"{"access_token":"t","token":""}"#,
        r#"{"access_token":"","token":"t"}"#,
    ] {
        match poll(200, body) {
            PollAnswer::Approved(approval) => assert_eq!(approval.token.expose_secret(), "t", "{body}"),
            other => panic!("{body}: {other:?}"),
        }
    }
    for body in [
        r#"{"access_token":"t","token":"T"}"#,
        r#"{"access_token":"t","token":"t "}"#,
        r#"{"access_token":"t","token":" "}"#,
        r#"{"access_token":"t","token":42}"#,
        r#"{"access_token":"t","token":{}}"#,
        r#"{"access_token":" ","token":" "}"#,
    ] {
        may_hide_an_approval(poll(200, body), body);
    }
}

#[test]
fn j7_a_token_and_an_error_approve_nobody_and_end_the_poll() {
    for error in
        ["authorization_pending", "slow_down", "access_denied", "expired_token", "server_error", "x y"]
    {
        for token in [r#""t""#, r#"" ""#, "7", "{}"] {
            for status in [200, 202, 400, 500] {
                let body = format!(r#"{{"access_token":{token},"error":"{error}"}}"#);
                is_protocol(poll(status, &body), &body);
            }
        }
    }
}

#[test]
fn f29_the_empty_text_is_absent() {
    for absent in [r#""""#, "null"] {
        let approved = poll(200, format!(r#"{{"access_token":"t","error":{absent},"token":{absent}}}"#));
        assert!(matches!(approved, PollAnswer::Approved(_)), "{approved:?}");
        let pending = format!(r#"{{"access_token":{absent},"error":"authorization_pending"}}"#);
        assert!(matches!(poll(200, &pending), PollAnswer::Pending { .. }), "{pending}");
        may_hide_an_approval(poll(200, format!(r#"{{"error":{absent}}}"#)), "neither token nor error");
        let codeless = poll(400, format!(r#"{{"error":{absent}}}"#));
        assert!(matches!(codeless, PollAnswer::Codeless { .. }), "{codeless:?}");
    }
}

#[test]
fn b73_a_token_approves_on_status_200_and_on_no_other() {
    for status in (100..=599).chain([0, 600, 699, 999, u16::MAX]) {
        let read = poll(status, r#"{"access_token":"t"}"#);
        assert_eq!(matches!(read, PollAnswer::Approved(_)), status == 200, "{status}: {read:?}");
    }
    assert!(matches!(poll(202, r#"{"access_token":"t"}"#), PollAnswer::Fatal(_)));
}

#[test]
fn n27_n30_a_redirect_ends_the_poll_whatever_its_body() {
    for status in [300, 301, 302, 303, 304, 307, 308, 399] {
        for body in [r#"{"error":"authorization_pending"}"#, r#"{"access_token":"t"}"#, "", "<html>"] {
            assert_eq!(
                meaning::of_poll(&poll(status, body)),
                ("protocol".to_owned(), true),
                "{status} {body}"
            );
        }
    }
}

#[test]
fn j40_j42_the_wait_that_the_server_names_is_carried_along() {
    let wait = Some(seconds(7));
    for (status, body) in [
        (429, r#"{"error":"Rate limit exceeded"}"#),
        (503, "<html>"),
        (500, r#"{"error":"server_error"}"#),
        (200, "<html>"),
        (429, r#"{"error":"slow_down"}"#),
        (200, r#"{"error":"server_error"}"#),
        (503, r#"{"error":"temporarily_unavailable"}"#),
        (404, "404 page not found"),
    ] {
        match read_poll(&Answer { status, retry_after: wait, body: Some(body.as_bytes()) }) {
            PollAnswer::Fault { error, retry_after, .. }
            | PollAnswer::Unreadable { error, retry_after, .. }
            | PollAnswer::Codeless { error, retry_after } => {
                assert_eq!((retry_after, error.retry_after()), (wait, wait), "{status} {body}");
            }
            PollAnswer::SlowDown { retry_after, .. } => assert_eq!(retry_after, wait),
            other => panic!("{status} {body}: {other:?}"),
        }
    }
}

#[test]
fn f20_the_wait_beside_a_pending_code_is_carried_along() {
    let body = Some(&br#"{"error":"authorization_pending"}"#[..]);
    for status in [200, 202, 400, 429, 503] {
        match read_poll(&Answer { status, retry_after: Some(seconds(60)), body }) {
            PollAnswer::Pending { retry_after } => assert_eq!(retry_after, Some(seconds(60)), "{status}"),
            other => panic!("{status}: {other:?}"),
        }
    }
}

#[test]
fn j43_j48_what_heals_is_polled_past() {
    for (status, means) in [
        (408, "server_failed"),
        (425, "server_failed"),
        (429, "rate_limited"),
        (500, "server_failed"),
        (502, "server_failed"),
        (503, "server_failed"),
        (504, "server_failed"),
        (599, "server_failed"),
    ] {
        for body in ["<html>Bad gateway</html>", "", "{}", r#"{"error":"Something broke"}"#, "[]"] {
            let read = poll(status, body);
            assert!(matches!(read, PollAnswer::Fault { .. }), "{status} {body}: {read:?}");
            assert_eq!(meaning::of_poll(&read), (means.to_owned(), false), "{status} {body}");
        }
    }
}

/// No JSON object, or none with an `error` that is written like a code.
const WITHOUT_A_CODE: [&str; 13] = [
    "404 page not found",
    "",
    "{}",
    "[]",
    "<html>",
    r#"{"message":"no Route matched with those values"}"#,
    r#"{"error":""}"#,
    r#"{"error":null}"#,
    r#"{"error":"Not Found"}"#,
    r#"{"error":{"code":"access_denied"}}"#,
    r#"{"error":"access_denied","error":"access_denied"}"#,
    r#"{"access_token":"t"}"#,
    r#"{"access_token":"t","success":false}"#,
];

/// Final for who has never been answered, and a blip behind an acknowledgement: the reader cannot know.
fn codeless(status: u16, body: &str) -> Error {
    match poll(status, body) {
        PollAnswer::Codeless { error, .. } => error,
        other => panic!("{status} {body}: {other:?}"),
    }
}

#[test]
fn f24_j46_j47_a_wrong_address_or_an_ingress_that_redeploys() {
    for status in [404, 405, 406, 415] {
        for body in WITHOUT_A_CODE {
            assert_eq!(codeless(status, body).kind(), ErrorKind::Config, "{status} {body}");
        }
    }
}

#[test]
fn f24_j50_j51_another_4xx_without_a_code() {
    for status in [400, 401, 402, 403, 409, 410, 411, 413, 418, 422, 431, 451, 499] {
        for body in WITHOUT_A_CODE {
            assert_eq!(codeless(status, body).kind(), ErrorKind::Refused, "{status} {body}");
        }
    }
    assert!(matches!(poll(410, r#"{"error":"expired_token"}"#), PollAnswer::Expired));
}

#[test]
fn f24_a_code_that_nobody_knows_is_no_ingress() {
    for code in ["user_locked", "UserLocked", "E4032", "42", "_", "Forbidden"] {
        for status in [400, 401, 403, 404, 409, 418, 422] {
            let body = format!(r#"{{"error":"{code}"}}"#);
            is_protocol(poll(status, &body), &body);
        }
    }
}

#[test]
fn f25_temporarily_unavailable_heals_on_any_status() {
    for status in [200, 202, 400, 401, 403, 404, 429, 500, 503] {
        match poll(status, r#"{"error":"temporarily_unavailable"}"#) {
            PollAnswer::Fault { error, .. } => {
                assert_eq!(error.kind(), ErrorKind::Server);
                assert_eq!(error.code(), Some(&ErrorCode::TemporarilyUnavailable));
            }
            other => panic!("{status}: {other:?}"),
        }
    }
}

#[test]
fn f36_transaction_failed_is_the_servers_last_word() {
    for status in [200, 400, 403, 500] {
        match poll(status, r#"{"error":"transaction_failed"}"#) {
            PollAnswer::TransactionFailed(error) => {
                assert_eq!(error.kind(), ErrorKind::Refused);
                assert_eq!(error.code(), Some(&ErrorCode::TransactionFailed));
            }
            other => panic!("{status}: {other:?}"),
        }
    }
}

#[test]
fn b21_statuses_are_told_before_the_body_only_of_redirects() {
    assert!(matches!(poll(410, r#"{"error":"expired_token"}"#), PollAnswer::Expired));
}

#[test]
fn j53_b21_a_status_of_no_contract_ends_the_poll() {
    for status in [0, 100, 101, 199, 201, 203, 204, 206, 226, 299, 600, 699, 999, u16::MAX] {
        let means = meaning::of_poll(&poll(status, "{}"));
        assert_eq!(means, ("protocol".to_owned(), true), "{status}");
    }
}

#[test]
fn b20_a_wait_is_never_longer_than_a_week() {
    match poll(400, r#"{"error":"slow_down","interval":18446744073709551615}"#) {
        PollAnswer::SlowDown { interval, .. } => assert_eq!(interval, Some(A_WEEK)),
        other => panic!("{other:?}"),
    }
}
