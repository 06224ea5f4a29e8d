//! What an error says, and what it does not (B-70, B-91).

use std::time::Duration;

use super::server_message::{clean, clean_request_id};
use super::{Error, ErrorKind};
use crate::answer::ErrorCode;

const EMAIL: &str = "User@example.com";

fn error() -> Error {
    Error::new(ErrorKind::Refused, "the server refused the request")
        .with_code(ErrorCode::InvalidRequest)
        .with_status(402)
        .with_endpoint("https://auth.example.com/authsec/uflow/auth/ciba/token")
        .with_request_id("7f3a-01", &[])
        .with_server_message("Your plan allows 1000 pushes a month", &[])
}

#[test]
fn b91_f54_display_says_what_was_seen_and_where_in_one_sentence() {
    assert_eq!(
        error().to_string(),
        "the server refused the request (code invalid_request, HTTP status 402, \
         https://auth.example.com/authsec/uflow/auth/ciba/token, request id 7f3a-01); \
         the server says: \"Your plan allows 1000 pushes a month\""
    );
    let bare = Error::new(ErrorKind::Shutdown, "the client was shut down");
    assert_eq!(bare.to_string(), "the client was shut down");
}

#[test]
fn b91_each_fact_has_its_accessor() {
    let error = error();
    assert_eq!(error.endpoint(), Some("https://auth.example.com/authsec/uflow/auth/ciba/token"));
    assert_eq!(error.server_message(), Some("Your plan allows 1000 pushes a month"));
    assert_eq!(error.request_id(), Some("7f3a-01"));
    assert_eq!((error.status(), error.code()), (Some(402), Some(&ErrorCode::InvalidRequest)));
}

#[test]
fn f59_debug_is_for_people() {
    let cause = std::io::Error::other("connection reset by peer");
    let error = Error::new(ErrorKind::Network, "the connection broke").with_source(cause).with_attempts(3);
    let shown = format!("{error:?}");
    assert_eq!(shown, "the connection broke (3 attempts) [network]\n  caused by: connection reset by peer");
    assert_eq!(format!("{error:#?}"), shown);
}

/// What somebody else's code says is kept for the program, and told by nobody (O-19); also as the cause of a cause.
#[test]
fn o19_a_foreign_source_is_kept_and_stands_in_no_text() {
    let foreign = || std::io::Error::other("canary of a driver");
    let error = Error::new(ErrorKind::ClientAuth, "not signed").with_foreign_source(foreign());
    assert_eq!(format!("{error} {error:?}"), "not signed not signed [client_auth]");
    let source = std::error::Error::source(&error).expect("kept");
    assert_eq!(source.to_string(), "canary of a driver");
    let outer = Error::new(ErrorKind::IdToken, "not checked").with_source(error);
    let shown = format!("{outer:?}");
    assert_eq!(shown, "not checked [id_token]\n  caused by: not signed");
}

#[test]
fn f61_an_error_can_be_given_to_each_of_several_waits() {
    let error = error();
    let other = error.clone().with_attempts(2);
    assert_eq!((error.attempts(), other.attempts()), (0, 2));
    assert_eq!(error.server_message(), other.server_message());
}

#[test]
fn b91_a_servers_words_are_one_bounded_visible_line() {
    let shown = |text: &str| clean(text, &[]).map(String::from);
    assert_eq!(shown("a\r\nWARN forged\tline \u{1b}[31m").as_deref(), Some("a WARN forged line [31m"));
    assert_eq!(shown("\u{202e}\u{200b} \u{feff}\0"), None);
    assert_eq!(shown("say \"no\"").as_deref(), Some("say 'no'"));
    let long = shown(&"é".repeat(70_000)).expect("words");
    assert_eq!(long.chars().count(), 256);
    assert!(long.ends_with('…'));
}

#[test]
fn b70_b91_a_servers_words_hold_no_secret_of_ours_and_no_address() {
    let hide = ["canary-secret", "canary-id", "123456", EMAIL];
    for text in [
        "no canary-secret, CANARY-SECRET",
        "id canary-id is over",
        "code 123456 is wrong",
        "user user@EXAMPLE.com is unknown",
        "user u\u{200b}ser@example.com is unknown",
        "see /users/User%40example.com",
        "see /users/user%40EXAMPLE.COM, <other@example.org>: or mailto:third@example.net",
        "got eyJhbGciOiJIUzI1NiJ9.canary.canary",
        "a\0canary-\nid",
    ] {
        let shown = clean(text, &hide).expect("words").to_lowercase();
        for secret in
            ["canary-secret", "canary-id", "123456", "user@", "user%40", "other@", "third@", "canary.canary"]
        {
            assert!(!shown.contains(secret), "{text}: {shown}");
        }
        assert!(
            shown.contains("[redacted]") || shown.contains("[address]") || text.contains('\0'),
            "{shown}"
        );
    }
    assert_eq!(clean("unknown user User@example.com.", &hide).as_deref(), Some("unknown user [address]."));
}

/// What a page, a URL, a form or a person makes of it is the same secret.
#[test]
fn b70_f54_every_spelling_of_what_was_sent_is_taken_out() {
    let hide = ["p&ss<w\"rd>", "two words", "pa\u{df}w\u{f6}rt", "a%2Fb+c", "123456", "q&amp;a"];
    for text in [
        "a web page: p&amp;ss&lt;w&quot;rd&gt;",
        "p&#38;ss&#x3C;w&#34;rd&#x3e;",
        "p&amp;amp;ss&amp;lt;w&amp;quot;rd&amp;gt;",
        "p%26ss%3Cw%22rd%3E",
        "two%20words",
        "TWO+WORDS",
        "two&nbsp;words",
        "pa\u{df}wo\u{308}rt",
        "pa%C3%9Fw%c3%b6rt",
        "a%2Fb+c",
        "a%252Fb%2Bc",
        "code 123 456 is wrong",
        "code 123-456 is wrong",
        "code 12%2034-56 is wrong",
        "q&amp;a",
        "q&a",
    ] {
        let shown = clean(text, &hide).expect("words");
        assert!(shown.contains("[redacted]"), "{text}: {shown}");
        for left in ["ss<", "word", "rt", "2F", "123", "456", "34", "q&"] {
            assert!(!shown.to_lowercase().contains(left), "{text}: {shown}");
        }
    }
    for text in [
        "user&#64;example.com",
        "user&commat;example.com",
        "user&#x40;example.com",
        "user%2540example.com",
        "user\u{ff20}example.com",
    ] {
        let shown = clean(text, &[]).expect("words");
        assert!(shown.contains("[address]") && !shown.contains("user"), "{text}: {shown}");
    }
    for text in ["at 12:34:56", "1234567 of 890", "100 % & more; &c; &#xffffffff; &#; %zz %+4 %"] {
        let shown = clean(text, &["654321"]).expect("words");
        assert_eq!(&*shown, text);
    }
    let long = "&".repeat(20_000) + &";".repeat(40_000) + &"&amp;".repeat(10_000);
    assert!(clean(&long, &hide).is_some(), "and in time");
}

#[test]
fn f54_display_says_when_to_try_again() {
    let error =
        Error::new(ErrorKind::RateLimited, "too fast").with_retry_after(Some(Duration::from_millis(283_200)));
    assert_eq!(error.to_string(), "too fast (try again in 284 s)");
}

/// A secret that would stand across the cut is taken out before it is cut.
#[test]
fn b70_nothing_is_left_of_a_secret_at_the_cut() {
    for before in 230..260 {
        let text = format!("{} canary-secret", "x".repeat(before));
        let shown = clean(&text, &["canary-secret"]).expect("words");
        assert!(!shown.contains("cana"), "{shown}");
    }
}

#[test]
fn b91_a_request_id_is_visible_ascii_or_none() {
    assert_eq!(clean_request_id(" 7f3a-01 ", &[]).as_deref(), Some("7f3a-01"));
    for text in ["", "a b", "a\u{7}b", "é", &"x".repeat(129), "canary-id", "User@example.com"] {
        assert_eq!(clean_request_id(text, &["canary-id"]), None, "{text}");
    }
}

#[test]
fn the_word_of_a_kind_is_its_name() {
    for kind in
        [ErrorKind::Input, ErrorKind::RateLimited, ErrorKind::TooManyPushes, ErrorKind::NoDeviceRegistered]
    {
        let mut name = String::new();
        for c in format!("{kind:?}").chars() {
            if c.is_uppercase() && !name.is_empty() {
                name.push('_');
            }
            name.extend(c.to_lowercase());
        }
        assert_eq!(kind.as_str(), name);
        assert_eq!(kind.to_string(), name);
    }
}
