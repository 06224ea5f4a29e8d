//! Answers to a poll: tokens, contradictions, statuses (B-20, B-21, B-73).

use super::{A_WEEK, meaning, poll, seconds};
use crate::ErrorKind;
use crate::wire::{Answer, PollAnswer, read_poll};

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
            assert!(matches!(poll(200, &body), PollAnswer::Unreadable { cut_short: false, .. }), "{body}");
        }
    }
}

#[test]
fn b73_either_name_of_the_token_but_not_both() {
    for body in [
        r#"{"access_token":"t"}"#,
        r#"{"token":"t"}"#,
        r#"{"access_token":null,"token":"t"}"#,
        r#"{"access_token":"t","token":null}"#,
    ] {
        match poll(200, body) {
            PollAnswer::Approved(approval) => assert_eq!(approval.token.expose_secret(), "t", "{body}"),
            other => panic!("{body}: {other:?}"),
        }
    }
    for body in [r#"{"access_token":"t","token":"t"}"#, r#"{"access_token":"t","token":""}"#] {
        assert!(matches!(poll(200, body), PollAnswer::Unreadable { .. }), "{body}");
    }
}

#[test]
fn j7_a_token_and_an_error_approve_nobody_and_end_the_poll() {
    for error in
        ["authorization_pending", "slow_down", "access_denied", "expired_token", "server_error", "x y"]
    {
        for token in [r#""t""#, r#""""#, "7", "{}"] {
            for status in [200, 202, 400, 500] {
                let body = format!(r#"{{"access_token":{token},"error":"{error}"}}"#);
                match poll(status, &body) {
                    PollAnswer::Fatal(problem) => assert_eq!(problem.kind(), ErrorKind::Protocol, "{body}"),
                    other => panic!("{status} {body}: {other:?}"),
                }
            }
        }
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
    ] {
        match read_poll(&Answer { status, retry_after: wait, body: Some(body.as_bytes()) }) {
            PollAnswer::Fault { error, retry_after } | PollAnswer::Unreadable { error, retry_after, .. } => {
                assert_eq!((retry_after, error.retry_after()), (wait, wait), "{status} {body}");
            }
            PollAnswer::SlowDown { retry_after, .. } => assert_eq!(retry_after, wait),
            other => panic!("{status} {body}: {other:?}"),
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

#[test]
fn j46_j47_a_wrong_address_ends_the_poll() {
    for status in [404, 405, 406, 415] {
        for body in ["404 page not found", "", "{}"] {
            assert_eq!(meaning::of_poll(&poll(status, body)), ("wrong_address".to_owned(), true), "{status}");
        }
    }
}

#[test]
fn b21_j50_j51_another_4xx_without_a_code_ends_the_poll() {
    for status in [400, 401, 402, 403, 409, 410, 411, 413, 418, 422, 431, 451, 499] {
        for body in ["", "{}", "<html>", r#"{"message":"no"}"#] {
            assert_eq!(
                meaning::of_poll(&poll(status, body)),
                ("refused".to_owned(), true),
                "{status} {body}"
            );
        }
    }
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
