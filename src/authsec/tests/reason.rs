use crate::answer::{is_web_page, reason};

#[test]
fn b91_f54_a_servers_own_words_are_found() {
    for (body, words) in [
        (
            r#"{"error":"quota_exceeded","error_description":"Your plan allows 1000 pushes"}"#,
            Some("Your plan allows 1000 pushes"),
        ),
        (r#"{"message":"tenant suspended"}"#, Some("tenant suspended")),
        (
            r#"{"error":"Failed to initiate CIBA","details":"value too long"}"#,
            Some("Failed to initiate CIBA: value too long"),
        ),
        (
            r#"{"error":"Rate limit exceeded","message":"Too many requests","limit":100}"#,
            Some("Rate limit exceeded: Too many requests"),
        ),
        (r#"{"error":"same","message":"same"}"#, Some("same")),
        (r#"{"error":"expired_token"}"#, None),
        (r#"{"error":{"code":1},"message":[],"details":7}"#, None),
        ("404 page not found\n", Some("404 page not found")),
        (
            "<!doctype html><html><head><TITLE lang=en>AuthSec console</title>",
            Some("a web page: AuthSec console"),
        ),
        ("<html>", None),
        ("", None),
        (r#"{"access_token":"canary"#, None),
        (r#"["canary"]"#, None),
    ] {
        assert_eq!(reason(body.as_bytes()).as_deref(), words, "{body}");
    }
    assert_eq!(reason(b"\xff\xfe"), None);
}

/// What gateways and frameworks send: problem details (RFC 9457), Google's and JSON:API's objects, lists of texts.
#[test]
fn f54_words_in_other_members_are_found() {
    for (body, words) in [
        (
            r#"{"type":"about:blank","title":"Forbidden","detail":"the tenant is suspended","status":403}"#,
            Some("Forbidden: the tenant is suspended"),
        ),
        (r#"{"error":{"code":"quota","message":"no pushes left","status":403}}"#, Some("no pushes left")),
        (r#"{"msg":"tenant suspended"}"#, Some("tenant suspended")),
        (r#"{"errors":["no pushes left","and more"]}"#, Some("no pushes left")),
        (r#"{"errors":[{"code":7},{"title":"Quota","detail":"used up"}]}"#, Some("Quota: used up")),
        (
            r#"{"message":["email must be an address","x"],"error":"Bad Request"}"#,
            Some("Bad Request: email must be an address"),
        ),
        (r#"{"error":{"error":"swordfish"}}"#, None),
        (r#"{"errors":[{"detail":"take it"},{"access_token":"canary"}]}"#, None),
        (r#"{"data":{"token":"canary"},"message":"take canary"}"#, None),
        (r#"{"id_token":1.5,"message":"take it"}"#, None),
        (r#"{"message":"one","message":"two"}"#, None),
        (r#"{"message":"one"} two"#, None),
    ] {
        assert_eq!(reason(body.as_bytes()).as_deref(), words, "{body}");
    }
}

#[test]
fn a_web_page_is_told_from_an_answer() {
    assert!(is_web_page(b"\r\n <!DOCTYPE html>") && is_web_page(b"<html>"));
    assert!(
        !is_web_page(b"{\"error\":\"<html>\"}")
            && !is_web_page(b"")
            && !is_web_page(b"<?xml version=\"1.0\"?>")
    );
}

/// The first words that no reader knows must not panic, whatever the bytes are.
#[test]
fn b75_no_body_panics() {
    for body in [
        &b"<title"[..],
        b"<title>",
        b"<title></title",
        "<tıtle>é</title>".as_bytes(),
        b"<\xff<title>\xff</title>",
    ] {
        let _ = reason(body);
    }
    for open in [r#"{"errors":["#, r#"{"error":"#] {
        assert_eq!(reason(open.repeat(10_000).as_bytes()), None);
    }
}
