//! The texts of section 2.6: the only free texts that are read for meaning (B-54, B-55).

use super::{key, meaning, seconds, totp};
use crate::ErrorKind;
use crate::answer::Answer;
use crate::authsec::{TotpAnswer, read_totp};

fn said(status: u16, text: &str) -> [String; 2] {
    [
        meaning::of_totp(&totp(status, format!(r#"{{"error":"{text}"}}"#))),
        meaning::of_totp(&totp(status, format!(r#"{{"success":false,"message":"{text}"}}"#))),
    ]
}

#[test]
fn j54_a_wrong_code_is_one_only_if_the_body_says_so() {
    for text in ["Invalid TOTP code", "invalid totp code", "INVALID TOTP CODE", " Invalid TOTP code "] {
        for status in [400, 401] {
            assert_eq!(said(status, text), ["wrong_code", "wrong_code"], "{status} {text:?}");
        }
    }
    for text in ["Invalid code", "Invalid TOTP code for user", "not an invalid totp code", "wrong", ""] {
        assert_eq!(said(400, text), ["refused", "refused"], "{text:?}");
        assert_eq!(said(401, text), ["client_not_mapped", "client_not_mapped"], "{text:?}");
    }
    for status in [200, 201, 302, 403, 404, 408, 409, 429, 500, 503] {
        for means in said(status, "Invalid TOTP code") {
            assert_ne!(means, "wrong_code", "{status}");
        }
    }
}

#[test]
fn f29_an_empty_token_or_error_hides_no_wrong_code() {
    for body in [
        r#"{"success":false,"token":"","message":"Invalid TOTP code"}"#,
        r#"{"success":false,"error":"","message":"Invalid TOTP code"}"#,
        r#"{"success":false,"access_token":"","token":null,"error":"Invalid TOTP code"}"#,
    ] {
        for status in [400, 401] {
            assert!(matches!(totp(status, body), TotpAnswer::WrongCode), "{status} {body}");
        }
    }
}

#[test]
fn j54_a_code_that_the_server_finds_too_short_is_no_wrong_code() {
    for text in ["TOTP code must be exactly 6 digits", "must be exactly 6 characters"] {
        assert_eq!(said(400, text)[0], "input", "{text}");
    }
    match totp(400, r#"{"error":"must be exactly 6 digits"}"#) {
        TotpAnswer::Failed(error) => {
            assert_eq!((error.kind(), error.field()), (ErrorKind::Input, Some("code")));
            assert!(!error.may_have_reached_server(), "no attempt is used");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn j41_b54_the_servers_own_lock() {
    for text in ["account temporarily locked", "Account LOCKED until 12:00", "too many failed attempts"] {
        assert_eq!(said(429, text), ["locked", "locked"], "{text}");
        assert_eq!(said(401, text), ["locked", "locked"], "{text}");
    }
    assert_eq!(said(429, "come back later")[0], "locked", "the route's 429 is its lock, in any words");
    assert_eq!(said(429, "locked_out_2")[0], "locked", "or in one");
    let body = Some(&br#"{"error":"account temporarily locked"}"#[..]);
    match read_totp(&Answer { status: 429, retry_after: Some(seconds(60)), body }, &key()) {
        TotpAnswer::Locked { retry_after } => assert_eq!(retry_after, Some(seconds(60))),
        other => panic!("{other:?}"),
    }
}

#[test]
fn b54_j40_the_general_rate_limit_is_no_lock() {
    let body =
        br#"{"error":"Rate limit exceeded","message":"too many requests","limit":100,"window":"1m0s"}"#;
    match read_totp(&Answer { status: 429, retry_after: Some(seconds(7)), body: Some(body) }, &key()) {
        TotpAnswer::Failed(error) => {
            assert_eq!((error.kind(), error.retry_after()), (ErrorKind::RateLimited, Some(seconds(7))));
            assert!(error.is_retryable() && !error.may_have_reached_server());
        }
        other => panic!("{other:?}"),
    }
    for body in ["", "<html>", "{}"] {
        assert_eq!(meaning::of_totp(&totp(429, body)), "rate_limited", "a proxy's 429 {body:?}");
    }
    for status in [400, 429] {
        match totp(status, r#"{"error":"slow_down"}"#) {
            TotpAnswer::Failed(error) => {
                assert_eq!(error.kind(), ErrorKind::RateLimited, "as an initiate reads it")
            }
            other => panic!("{status}: {other:?}"),
        }
    }
}

#[test]
fn b51_faults_of_the_server_are_no_wrong_codes() {
    for status in [408, 425, 500, 502, 503, 504] {
        for body in
            ["<html>", "", r#"{"success":false}"#, r#"{"success":false,"message":"Invalid TOTP code"}"#, "[]"]
        {
            match totp(status, body) {
                TotpAnswer::Failed(error) => {
                    assert_eq!(error.kind(), ErrorKind::Server, "J43, J44: {status} {body}");
                    // 425 says that the server did not touch it; every other one keeps its slot.
                    assert_eq!(error.may_have_reached_server(), status != 425, "{status} {body}");
                }
                other => panic!("{status} {body}: {other:?}"),
            }
        }
    }
}

#[test]
fn j46_no_user_and_no_device_are_no_wrong_codes() {
    assert_eq!(said(404, "User not found"), ["user_not_found", "user_not_found"]);
    assert_eq!(said(401, "User not found"), ["user_not_found", "user_not_found"]);
    assert_eq!(said(400, "no TOTP devices registered"), ["no_device_registered", "no_device_registered"]);
    assert_eq!(said(401, "no TOTP devices registered"), ["no_device_registered", "no_device_registered"]);
    assert_eq!(meaning::of_totp(&totp(404, "404 page not found")), "wrong_address");
    for (code, means) in [
        ("user_not_found", "user_not_found"),
        ("no_device_registered", "no_device_registered"),
        ("invalid_client", "invalid_client"),
        ("invalid_request", "invalid_request"),
        ("server_error", "server_error"),
    ] {
        assert_eq!(meaning::of_totp(&totp(401, format!(r#"{{"error":"{code}"}}"#))), means, "{code}");
    }
}

#[test]
fn j55_b55_verified_needs_a_token_and_no_contradiction() {
    for body in [
        r#"{"success":true,"token":"t"}"#,
        r#"{"token":"t"}"#,
        r#"{"access_token":"t","success":true,"message":"Invalid TOTP code"}"#,
        r#"{"token":"t","success":null,"error":null}"#,
        r#"{"success":true,"token":"t","error":""}"#,
        r#"{"success":true,"token":"t","access_token":"t"}"#,
        r#"{"success":true,"token":"t","access_token":""}"#,
    ] {
        match totp(200, body) {
            TotpAnswer::Verified(token) => assert_eq!(token.expose_secret(), "t"),
            other => panic!("{body}: {other:?}"),
        }
    }
    for body in [
        r#"{"success":true}"#,
        r#"{"success":true,"token":""}"#,
        r#"{"success":true,"token":null}"#,
        r#"{"success":true,"token":"a b"}"#,
        r#"{"success":true,"token":42}"#,
        r#"{"success":true,"token":"t","access_token":"T"}"#,
        r#"{"success":"","token":"t"}"#,
        r#"{"success":false,"token":"t"}"#,
        r#"{"success":"true","token":"t"}"#,
        r#"{"success":1,"token":"t"}"#,
        r#"{"success":[],"token":"t"}"#,
        r#"{"success":true,"token":"t","error":"access_denied"}"#,
        r#"{"success":true,"token":"t","error":{}}"#,
    ] {
        assert_eq!(meaning::of_totp(&totp(200, body)), "protocol", "{body}");
    }
}

#[test]
fn b55_verified_has_status_200_and_no_other() {
    for status in (100..=599).chain([0, 600, 999]) {
        let read = totp(status, r#"{"success":true,"token":"t","message":"Invalid TOTP code"}"#);
        assert_eq!(matches!(read, TotpAnswer::Verified(_)), status == 200, "{status}: {read:?}");
        assert!(!matches!(read, TotpAnswer::WrongCode), "{status}: a token beside it decides nothing");
    }
}
