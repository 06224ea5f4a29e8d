//! Whom an answer names (B-73): another request, byte for byte, or another person is a protocol error at once.

use super::{ID, answer, initiate, is_protocol, key, meaning, poll, totp};
use crate::ErrorKind;
use crate::answer::{Asked, PollAnswer};
use crate::authsec::read_poll;

const ANOTHER_PERSON: [&str; 9] = [
    r#""email":"other@example.com""#,
    r#""login_hint":"other@example.com""#,
    r#""email":"user@example.com.evil.example""#,
    r#""email":"user@example.com","login_hint":"other@example.com""#,
    r#""email":"user""#,
    r#""email":42"#,
    r#""email":["user@example.com"]"#,
    r#""email":false"#,
    r#""email":" ""#,
];

const THE_PERSON: [&str; 8] = [
    r#""email":"user@example.com""#,
    r#""email":"User@Example.com""#,
    r#""login_hint":"USER@EXAMPLE.COM""#,
    r#""email":" user@example.com ""#,
    r#""email":"user\u0040example.com""#,
    r#""email":null"#,
    r#""email":"","login_hint":null"#,
    r#""Email":"other@example.com""#,
];

const ANOTHER_REQUEST: [&str; 7] = [
    r#""auth_req_id":"id-2""#,
    r#""auth_req_id":"ID-1""#,
    r#""auth_req_id":"id-1 ""#,
    r#""auth_req_id":" ""#,
    r#""auth_req_id":1"#,
    r#""auth_req_id":["id-1"]"#,
    r#""auth_req_id":false"#,
];

#[test]
fn f31_an_approval_of_somebody_or_something_else_is_none() {
    for another in ANOTHER_PERSON.iter().chain(&ANOTHER_REQUEST) {
        let body = format!(r#"{{"access_token":"t",{another}}}"#);
        let error = is_protocol(poll(200, &body), &body);
        assert!(!format!("{error:?} {error}").contains("other@"), "nobody is named");
    }
}

#[test]
fn f31_whatever_else_it_says_it_is_not_about_this_request() {
    for another in ANOTHER_PERSON.iter().chain(&ANOTHER_REQUEST) {
        for code in ["authorization_pending", "slow_down", "access_denied", "expired_token", "invalid_grant"]
        {
            for status in [200, 202, 400, 403, 500] {
                let body = format!(r#"{{"error":"{code}",{another}}}"#);
                is_protocol(poll(status, &body), &body);
            }
        }
        is_protocol(poll(200, format!(r#"{{"x":1,{another}}}"#)), another);
    }
}

#[test]
fn f31_an_equal_echo_is_fine() {
    for echo in THE_PERSON.iter().copied().chain([
        r#""auth_req_id":"id-1""#,
        r#""auth_req_id":"id\u002d1""#,
        r#""auth_req_id":null"#,
        r#""auth_req_id":"""#,
    ]) {
        let approved = poll(200, format!(r#"{{"access_token":"t",{echo}}}"#));
        assert!(matches!(approved, PollAnswer::Approved(_)), "{echo}: {approved:?}");
        let denied = poll(403, format!(r#"{{"error":"access_denied",{echo}}}"#));
        assert!(matches!(denied, PollAnswer::Denied), "{echo}: {denied:?}");
    }
}

/// An id is a text: what only looks like it as a number is another one, and a number is no id.
#[test]
fn f31_an_id_that_is_a_number_is_none() {
    let person = key();
    let asked = Asked { auth_req_id: "42", email: &person };
    let poll = |body: &str| read_poll(&answer(200, body.as_bytes()), &asked);
    for number in ["42", "42.0", "4.2e1", "-42", "42e400"] {
        for rest in
            [r#""access_token":"t""#, r#""error":"authorization_pending""#, r#""error":"access_denied""#]
        {
            let body = format!(r#"{{{rest},"auth_req_id":{number}}}"#);
            is_protocol(poll(&body), &body);
        }
        let body = format!(r#"{{"auth_req_id":{number},"expires_in":300,"interval":5}}"#);
        let error = initiate(200, &body).expect_err(&body);
        assert_eq!((error.kind(), error.may_have_reached_server()), (ErrorKind::Protocol, true), "{body}");
    }
    let body = r#"{"access_token":"t","auth_req_id":"42"}"#;
    assert!(matches!(poll(body), PollAnswer::Approved(_)), "the same text");
}

#[test]
fn f31_a_gateway_may_name_anybody() {
    let body = r#"{"message":"no","email":"support@cdn.example","auth_req_id":"r-1"}"#;
    assert_eq!(meaning::of_poll(&poll(503, body)), ("server_failed".to_owned(), false));
    assert_eq!(meaning::of_poll(&poll(403, body)), ("refused".to_owned(), false));
}

#[test]
fn f31_an_acknowledgement_and_a_login_of_somebody_else_are_none() {
    for another in ANOTHER_PERSON {
        let error = initiate(200, format!(r#"{{"auth_req_id":"{ID}",{another}}}"#)).expect_err(another);
        assert_eq!((error.kind(), error.may_have_reached_server()), (ErrorKind::Protocol, true), "{another}");
        let verified = totp(200, format!(r#"{{"success":true,"token":"t",{another}}}"#));
        assert_eq!(meaning::of_totp(&verified), "protocol", "{another}");
        let wrong = totp(401, format!(r#"{{"message":"Invalid TOTP code",{another}}}"#));
        assert_eq!(meaning::of_totp(&wrong), "protocol", "not this person's wrong code: {another}");
    }
    for echo in THE_PERSON {
        assert!(initiate(200, format!(r#"{{"auth_req_id":"{ID}",{echo}}}"#)).is_ok(), "{echo}");
        let verified = totp(200, format!(r#"{{"success":true,"token":"t",{echo}}}"#));
        assert_eq!(meaning::of_totp(&verified), "verified", "{echo}");
    }
}
