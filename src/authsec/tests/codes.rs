//! The `error` member: codes, and what only looks like one (B-73).

use super::{initiate, is_protocol, may_hide_an_approval, meaning, poll, totp};
use crate::ErrorKind;
use crate::answer::{ErrorCode, PollAnswer};

const KNOWN: [&str; 21] = [
    "authorization_pending",
    "slow_down",
    "access_denied",
    "expired_token",
    "user_not_found",
    "no_device_registered",
    "invalid_client",
    "invalid_request",
    "invalid_scope",
    "invalid_grant",
    "server_error",
    "temporarily_unavailable",
    "transaction_failed",
    "unsupported_grant_type",
    "unauthorized_client",
    "expired_login_hint_token",
    "missing_user_code",
    "invalid_user_code",
    "invalid_binding_message",
    "invalid_target",
    "invalid_authorization_details",
];

fn coded(code: &str) -> String {
    format!(r#"{{"error":"{code}","error_description":"access_denied authorization_pending"}}"#)
}

#[test]
fn b73_every_code_of_the_contract_is_known_letter_by_letter() {
    for code in KNOWN {
        let known = ErrorCode::known(code).unwrap_or_else(|| panic!("{code}"));
        assert_eq!((known.as_str(), known.to_string().as_str()), (code, code));
        assert_eq!(ErrorCode::known(&code.to_uppercase()), None);
        assert_eq!(ErrorCode::known(&format!(" {code}")), None);
        assert_eq!(ErrorCode::known(&code[1..]), None);
    }
    assert_eq!(ErrorCode::known("unknown_user_id"), Some(ErrorCode::UserNotFound), "the word of CIBA Core");
}

#[test]
fn j18_j19_j20_pending_is_pending_on_any_status() {
    for status in [200, 202, 400, 401, 403, 404, 418, 428, 429, 500, 503] {
        assert!(
            matches!(poll(status, coded("authorization_pending")), PollAnswer::Pending { .. }),
            "{status}"
        );
    }
}

#[test]
fn j21_slow_down_is_slow_down_on_any_status() {
    for status in [200, 400, 429, 503] {
        assert!(matches!(poll(status, coded("slow_down")), PollAnswer::SlowDown { .. }), "{status}");
    }
}

#[test]
fn j22_j23_denied_and_expired_on_any_status() {
    for status in [200, 202, 400, 403, 410, 500] {
        assert!(matches!(poll(status, coded("access_denied")), PollAnswer::Denied), "{status}");
        assert!(matches!(poll(status, coded("expired_token")), PollAnswer::Expired), "{status}");
    }
}

#[test]
fn j26_j27_what_cannot_heal_ends_the_poll_and_keeps_its_code() {
    for (status, code, means) in [
        (400, "invalid_grant", "invalid_grant"),
        (401, "invalid_client", "invalid_client"),
        (400, "invalid_client", "invalid_client"),
        (500, "invalid_client", "invalid_client"),
        (400, "invalid_scope", "invalid_scope"),
        (400, "invalid_request", "invalid_request"),
        (400, "unsupported_grant_type", "unsupported_grant_type"),
        (400, "unauthorized_client", "unauthorized_client"),
        (400, "invalid_target", "invalid_target"),
        (400, "invalid_authorization_details", "invalid_authorization_details"),
        (400, "user_not_found", "user_not_found"),
        (200, "no_device_registered", "no_device_registered"),
    ] {
        let read = poll(status, coded(code));
        assert_eq!(meaning::of_poll(&read), (means.to_owned(), true), "{status} {code}");
        match read {
            PollAnswer::Fatal(error) | PollAnswer::InvalidGrant(error) => {
                assert_eq!(error.code().map(ErrorCode::as_str), Some(code));
                assert_eq!(error.status(), Some(status));
            }
            other => panic!("{status} {code}: {other:?}"),
        }
    }
}

#[test]
fn j28_a_servers_fault_is_polled_past_and_counted_only_where_the_status_hides_it() {
    assert!(matches!(poll(500, coded("server_error")), PollAnswer::Fault { .. }));
    assert!(matches!(poll(503, coded("server_error")), PollAnswer::Fault { .. }));
    for status in [200, 202] {
        match poll(status, coded("server_error")) {
            PollAnswer::Unreadable { error, may_have_approved: false, .. } => {
                assert_eq!(error.kind(), ErrorKind::Server);
                assert_eq!(error.code(), Some(&ErrorCode::ServerError));
                assert!(error.may_have_reached_server());
            }
            other => panic!("{status}: {other:?}"),
        }
    }
}

#[test]
fn j29_free_text_is_never_a_code() {
    for text in [
        "Invalid request body",
        "Rate limit exceeded",
        "access denied",
        "access_denied ",
        " access_denied",
        "access_denied.",
        "access-denied",
        "error: access_denied",
        "code 123",
        "",
    ] {
        let body = format!(r#"{{"error":"{text}","details":"access_denied"}}"#);
        assert_eq!(meaning::of_poll(&poll(400, &body)), ("refused".to_owned(), false), "{text:?}");
        assert_eq!(meaning::of_poll(&poll(200, &body)), ("protocol".to_owned(), false), "{text:?}");
        assert_eq!(meaning::of_poll(&poll(500, &body)), ("server_failed".to_owned(), false), "{text:?}");
        assert_eq!(meaning::of_initiate(&initiate(400, &body)), "refused", "{text:?}");
        assert_eq!(meaning::of_initiate(&initiate(200, &body)), "protocol", "{text:?}");
    }
}

#[test]
fn j30_an_unknown_code_ends_the_poll_and_is_kept() {
    for status in [200, 202, 400, 401, 403] {
        match poll(status, coded("user_locked")) {
            PollAnswer::Fatal(error) => {
                assert_eq!(error.kind(), ErrorKind::Protocol);
                assert_eq!(error.code(), Some(&ErrorCode::Other("user_locked".to_owned())));
            }
            other => panic!("{status}: {other:?}"),
        }
    }
    for status in [408, 425, 429, 500, 503] {
        assert!(matches!(poll(status, coded("overloaded")), PollAnswer::Fault { .. }), "{status} heals");
    }
}

#[test]
fn j31_an_error_that_is_no_text_is_never_passed_over() {
    for error in ["{}", "[]", r#"["access_denied"]"#, r#"{"code":"access_denied"}"#, "42", "false", "0"] {
        let body = format!(r#"{{"error":{error}}}"#);
        may_hide_an_approval(poll(200, &body), error);
        let body = format!(r#"{{"error":{error},"access_token":"t","token":null,"auth_req_id":"id"}}"#);
        assert_eq!(meaning::of_poll(&poll(200, &body)), ("protocol".to_owned(), true), "{error}");
        assert_eq!(meaning::of_totp(&totp(200, &body)), "protocol", "{error}");
        assert_eq!(meaning::of_initiate(&initiate(200, &body)), "protocol", "{error}");
    }
    assert!(matches!(poll(200, r#"{"error":null,"access_token":"t"}"#), PollAnswer::Approved(_)));
}

#[test]
fn j32_pending_in_capitals_or_with_spaces_is_not_pending() {
    for text in ["AUTHORIZATION_PENDING", "Authorization_Pending", "authorization_pending2"] {
        for status in [200, 202, 400] {
            is_protocol(poll(status, format!(r#"{{"error":"{text}"}}"#)), text);
        }
    }
    for text in ["authorization_pending ", " authorization_pending", "authorization pending"] {
        may_hide_an_approval(poll(200, format!(r#"{{"error":"{text}"}}"#)), text);
        let read = poll(400, format!(r#"{{"error":"{text}"}}"#));
        assert!(matches!(read, PollAnswer::Codeless { .. }), "{text:?}: {read:?}");
    }
    let escaped = poll(200, r#"{"error":"authorization\u005fpending"}"#);
    assert!(matches!(escaped, PollAnswer::Pending { .. }), "an escape is the letter it stands for");
}

#[test]
fn b70_only_what_cannot_be_a_secret_is_kept_as_an_unknown_code() {
    assert!(ErrorCode::unknown("user_locked").is_some());
    assert!(ErrorCode::unknown("AUTHORIZATION_PENDING").is_some());
    assert!(ErrorCode::unknown(&"a".repeat(48)).is_some());
    for echo in
        ["", "eyJhbGciOi", "123456", "code_7", "a b", "Ü", "a-b", "a.b", "u@example.com", &"a".repeat(49)]
    {
        assert_eq!(ErrorCode::unknown(echo), None, "{echo:?}");
    }
}
