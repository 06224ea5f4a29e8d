use url::Url;

use super::{Evidence, Purpose, Reply, Server};
use crate::answer::ErrorCode;
use crate::error::{Error, ErrorKind};
use crate::secret::ClientSecret;
use crate::transport::{Authorization, ReplyHeaders, Target};

fn target() -> Target {
    Target::new(Url::parse("https://auth.example.com/authsec/uflow/auth/ciba/token").expect("a URL"))
}

fn add_to(error: Error, headers: &[(&'static str, &'static str)], body: &str) -> Error {
    of(Purpose::Approval, Some("s3cret-of-client"), error, headers, body)
}

fn of(
    purpose: Purpose,
    secret: Option<&str>,
    error: Error,
    headers: &[(&'static str, &'static str)],
    body: &str,
) -> Error {
    let authorization = secret.map(|secret| {
        Authorization::basic("client", &ClientSecret::new(secret.to_owned())).expect("a header")
    });
    let (target, headers) = (target(), ReplyHeaders::of(headers));
    let evidence = Evidence {
        server: Server::AuthSec,
        purpose,
        target: &target,
        authorization: authorization.as_ref(),
        headers: None,
        secrets: &["the-auth-req-id", "user@example.com"],
        more_secrets: &[],
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

/// A secret of small letters is written like a code.
#[test]
fn b70_a_secret_that_is_echoed_as_a_code_is_none() {
    for code in ["swordfish", "SWORDFISH", "no_swordfish_here"] {
        let error = refused(400).with_code(ErrorCode::unknown(code).expect("written like a code"));
        let error = of(Purpose::Push, Some("swordfish"), error, &[], &format!(r#"{{"error":"{code}"}}"#));
        assert_eq!(error.code(), None);
        let shown = format!("{error} {error:?}").to_lowercase();
        assert!(!shown.contains("swordfish"), "{shown}");
    }
    let error = refused(400).with_code(ErrorCode::Other("user_locked".to_owned()));
    let error = of(Purpose::Push, Some("swordfish"), error, &[], r#"{"error":"user_locked"}"#);
    assert_eq!(error.code().map(ErrorCode::as_str), Some("user_locked"));
    let error = refused(400).with_code(ErrorCode::InvalidRequest);
    let error = of(Purpose::Push, Some("invalid_request"), error, &[], r#"{"error":"invalid_request"}"#);
    assert_eq!(
        error.code(),
        Some(&ErrorCode::InvalidRequest),
        "a known code says nothing of anybody's secret"
    );
}

/// An id may stand in a member of any name, and in the words beside it.
#[test]
fn b70_an_acknowledgement_that_cannot_be_used_has_no_words() {
    let body = r#"{"id":"x","message":"created ar_abc123secret"}"#;
    let push = |status, body| of(Purpose::Push, None, refused(status), &[("x-request-id", "r-1")], body);
    for status in [200, 201, 202] {
        let error = push(status, body);
        assert_eq!((error.server_message(), error.request_id()), (None, Some("r-1")), "{status}");
    }
    assert_eq!(push(400, r#"{"message":"no such tenant"}"#).server_message(), Some("no such tenant"));
    let error = refused(200).with_code(ErrorCode::InvalidScope);
    let said = of(Purpose::Push, None, error, &[], r#"{"error":"invalid_scope","error_description":"none"}"#);
    assert_eq!(said.server_message(), Some("none"), "where it says itself that it refused");
    let poll = of(Purpose::Approval, None, refused(200), &[], r#"{"message":"a gateway's own"}"#);
    assert_eq!(poll.server_message(), Some("a gateway's own"));
}

/// A provider's words may hold the person's name (H 11); and no setting of AuthSec's has led there.
#[cfg(feature = "openid")]
#[test]
fn h11_a_providers_words_are_for_the_caller_alone_and_its_address_is_no_base_url() {
    let (target, hide) = (target(), ["the-auth-req-id"]);
    let evidence = Evidence {
        server: Server::Provider,
        purpose: Purpose::Approval,
        target: &target,
        authorization: None,
        headers: None,
        secrets: &hide,
        more_secrets: &[],
    };
    let body = br#"{"error_description":"Alice Liddell is away, the-auth-req-id"}"#;
    let headers = ReplyHeaders::of(&[("location", "https://other.example/x")]);
    let add_to = |error| evidence.add_to(error, Some(Reply { headers: &headers, body: Some(body) }));
    let error = add_to(refused(400));
    assert_eq!(error.server_message(), Some("Alice Liddell is away, [redacted]"));
    assert_eq!(error.public_server_message(), None);
    for shown in [error.to_string(), format!("{error:?}"), format!("{:?}", error.clone().with_attempts(2))] {
        assert!(shown.contains("HTTP status 400") && !shown.contains("Liddell"), "{shown}");
    }
    let said = add_to(refused(308)).to_string();
    let words = "a redirect to https://other.example, which is never followed: check the endpoint in the provider's metadata, \
                 or the one set by hand";
    assert!(said.contains(words) && !said.contains("base_url"), "{said}");
    let error = add_to(Error::new(ErrorKind::ClientAuth, "wrong").with_status(401));
    assert_eq!(error.field(), None, "its secret need not stand in a header");
}

#[test]
fn f58_a_secret_that_is_missing_is_told_from_a_wrong_one() {
    let error = |status| Error::new(ErrorKind::ClientAuth, "wrong").with_status(status);
    let said = |purpose, secret, status| of(purpose, secret, error(status), &[], "");
    for purpose in [Purpose::Push, Purpose::Approval] {
        let missing = said(purpose, None, 401);
        assert_eq!(missing.field(), Some("client_secret"));
        assert!(
            missing.to_string().starts_with("client_secret is not set, and this server wants one ("),
            "{missing}"
        );
        for other in [said(purpose, Some("given"), 401), said(purpose, None, 400)] {
            assert!(other.to_string().starts_with("wrong ("), "{other}");
        }
    }
    assert!(said(Purpose::Login, None, 401).to_string().starts_with("wrong ("), "no secret belongs there");
}
