use url::Url;

use super::{Evidence, Reply};
use crate::error::{Error, ErrorKind};
use crate::secret::ClientSecret;
use crate::transport::{Authorization, ReplyHeaders, Target};

fn target() -> Target {
    Target::new(Url::parse("https://auth.example.com/authsec/uflow/auth/ciba/token").expect("a URL"))
}

fn add_to(error: Error, headers: &[(&'static str, &'static str)], body: &str) -> Error {
    let authorization =
        Authorization::basic("client", &ClientSecret::new("s3cret-of-client".into())).expect("a header");
    let (target, headers) = (target(), ReplyHeaders::of(headers));
    let evidence = Evidence {
        target: &target,
        authorization: Some(&authorization),
        headers: None,
        secrets: &["the-auth-req-id", "user@example.com"],
    };
    evidence.add_to(error, Some(Reply { headers: &headers, body: Some(body.as_bytes()) }))
}

fn refused(status: u16) -> Error {
    Error::new(ErrorKind::Refused, "the server refused the request").with_status(status)
}

#[test]
fn f54_an_error_says_where_in_whose_words_and_under_which_id() {
    let error = add_to(refused(400), &[("x-request-id", "req-77")], r#"{"message":"tenant suspended"}"#);
    assert_eq!(error.endpoint(), Some("https://auth.example.com/authsec/uflow/auth/ciba/token"));
    assert_eq!(error.server_message(), Some("tenant suspended"));
    assert_eq!(error.request_id(), Some("req-77"));
    assert_eq!(
        error.to_string(),
        "the server refused the request (HTTP status 400, https://auth.example.com/authsec/uflow/auth/ciba/token, \
         request id req-77); the server says: \"tenant suspended\""
    );
}

#[test]
fn b91_what_the_request_carried_is_taken_out() {
    let echo = r#"{"message":"Basic Y2xpZW50OnMzY3JldC1vZi1jbGllbnQ= s3cret-of-client the-auth-req-id user@example.com"}"#;
    let error = add_to(refused(400), &[("x-request-id", "the-auth-req-id")], echo);
    assert_eq!(error.server_message(), Some("Basic [redacted] [redacted] [redacted] [address]"));
    assert_eq!(error.request_id(), None);
}

#[test]
fn b91_who_sends_a_token_has_no_words() {
    for member in ["access_token", "token", "auth_req_id"] {
        let body = format!(r#"{{"{member}":"opaque","message":"take opaque"}}"#);
        assert_eq!(add_to(refused(400), &[], &body).server_message(), None, "{member}");
        let body = format!(r#"{{"{member}":"","message":"none"}}"#);
        assert_eq!(add_to(refused(400), &[], &body).server_message(), Some("none"), "{member}");
    }
}

#[test]
fn f58_a_redirect_names_the_origin_to_which_it_leads_and_no_more() {
    for (location, origin) in [
        ("https://user:pass@login.example.com:8443/path?query=1", "https://login.example.com:8443"),
        ("/elsewhere?query", "https://auth.example.com"),
        ("//other.example/x", "https://other.example"),
    ] {
        let error = add_to(refused(308), &[("location", location)], "");
        let said = error.to_string();
        assert!(said.contains(&format!("redirect to {origin}, which")), "{said}");
        assert!(!said.contains("query") && !said.contains("pass"), "{said}");
    }
    for location in ["mailto:user@example.com", "https://[", ""] {
        let location: &'static str = location;
        let said = add_to(refused(308), &[("location", location)], "").to_string();
        assert!(!said.contains("mailto") && !said.contains("user@"), "{said}");
    }
    let said = add_to(refused(201), &[("location", "https://other.example")], "").to_string();
    assert!(!said.contains("other.example"), "{said}");
}
