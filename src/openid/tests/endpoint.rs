//! Where an issuer and its endpoints may be (H 2 and 3, O-12).

use url::Url;

use super::misconfigured;
use crate::openid::endpoint::{Endpoints, issuer};

fn check(of: &str, endpoint: &str) -> Result<Url, crate::Error> {
    let issuer = issuer(of, None).expect(of);
    Endpoints { issuer: &issuer, plain_http_to: None, origins: &[] }.check("token_endpoint", endpoint)
}

#[test]
fn h2_an_issuer_is_https_with_a_host_and_a_path_at_most() {
    for text in [
        "https://op.example",
        "https://op.example/",
        "https://op.example/realms/one",
        "http://127.0.0.1:9455",
        "http://localhost",
    ] {
        assert!(issuer(text, None).is_ok(), "{text}");
    }
    for text in [
        "http://op.example",
        "https://op.example?a=b",
        "https://op.example?",
        "https://op.example#",
        "https://user:secret@op.example",
        "ftp://op.example",
        "op.example",
        "",
        " https://op.example",
        "https://op.example\\evil",
        "https://op.example:0",
    ] {
        let says = misconfigured(issuer(text, None), "issuer", text);
        assert!(!says.contains("secret"), "{says}");
    }
    let says = misconfigured(
        issuer("https://op.example/t/.well-known/openid-configuration", None),
        "issuer",
        "not it",
    );
    assert!(says.contains("the part before /.well-known"), "{says}");
}

#[test]
fn h3_endpoints_may_have_another_origin_and_keep_their_query() {
    for endpoint in ["https://token.example/t", "https://op.example/t?tenant=1&x=%20", "https://8.8.8.8/t"] {
        assert_eq!(check("https://op.example", endpoint).expect(endpoint).as_str(), endpoint);
    }
}

#[test]
fn h3_an_endpoint_never_leads_into_a_private_network_but_for_an_issuer_there() {
    for host in [
        "localhost",
        "LOCALHOST",
        "localhost.",
        "a.localhost",
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0.0.0.0",
        "0.1.2.3",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "[::1]",
        "[::]",
        "[fe80::1]",
        "[fd00::1]",
        "[ff02::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:10.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[64:ff9b::a9fe:a9fe]",
        "[64:ff9b:1::1]",
        "[::10.0.0.1]",
        "[::169.254.169.254]",
        "[2002:7f00:1::1]",
        "[2002:a9fe:a9fe::]",
        "[fec0::1]",
    ] {
        let endpoint = format!("https://{host}/token");
        misconfigured(check("https://op.example", &endpoint), "token_endpoint", host);
        misconfigured(check("https://8.8.8.8", &endpoint), "token_endpoint", host);
        assert!(check("https://10.1.2.3", &endpoint).is_ok(), "{host}");
        assert!(check("https://localhost:8443", &endpoint).is_ok(), "{host}");
    }
}

#[test]
fn o12_plain_http_only_where_the_issuer_is_plain_http_to_loopback() {
    assert!(check("http://127.0.0.1:1", "http://127.0.0.1:2/t").is_ok());
    assert!(check("http://localhost", "http://[::1]/t").is_ok());
    assert!(check("http://127.0.0.1:1", "https://op.example/t").is_ok());
    misconfigured(check("http://127.0.0.1:1", "http://op.example/t"), "token_endpoint", "a stranger by http");
    misconfigured(check("https://localhost", "http://localhost/t"), "token_endpoint", "http under https");
    misconfigured(check("https://op.example", "http://op.example/t"), "token_endpoint", "http under https");
    let named = Some("op.internal");
    let issuer = issuer("http://op.internal:8080", named).expect("named");
    let endpoints = Endpoints { issuer: &issuer, plain_http_to: named, origins: &[] };
    assert!(endpoints.check("token_endpoint", "http://op.internal:8081/t").is_ok());
    assert!(endpoints.check("token_endpoint", "http://other.internal/t").is_err());
}

#[test]
fn h3_named_origins_pin_the_endpoints() {
    let issuer = issuer("https://op.example", None).expect("an issuer");
    let origins = [Url::parse("https://token.example").expect("a URL").origin()];
    let endpoints = Endpoints { issuer: &issuer, plain_http_to: None, origins: &origins };
    assert!(endpoints.check("token_endpoint", "https://token.example/t").is_ok());
    for other in
        ["https://op.example/t", "https://token.example:8443/t", "https://token.example.evil.example/t"]
    {
        misconfigured(endpoints.check("token_endpoint", other), "token_endpoint", other);
    }
}

#[test]
fn h2_user_info_and_fragments_are_refused_in_endpoints() {
    for endpoint in
        ["https://user@op.example/t", "https://op.example/t#f", "javascript:alert(1)", "//op.example/t"]
    {
        misconfigured(check("https://op.example", endpoint), "token_endpoint", endpoint);
    }
}
