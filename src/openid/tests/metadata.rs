//! What a provider says of itself (O-05 to O-12).

use url::Url;

use super::misconfigured;
use crate::openid::endpoint::{self, Endpoints};
use crate::openid::metadata::{Addresses, LONGEST, Metadata, well_known};

/// As oidc-provider writes it, shortened.
const FULL: &str = r#"{
    "acr_values_supported": ["0", "1"],
    "authorization_endpoint": "https://op.example/auth",
    "issuer": "https://op.example",
    "jwks_uri": "https://op.example/jwks",
    "token_endpoint": "https://op.example/token",
    "backchannel_authentication_endpoint": "https://op.example/backchannel",
    "backchannel_token_delivery_modes_supported": ["poll", "ping"],
    "backchannel_user_code_parameter_supported": true,
    "id_token_signing_alg_values_supported": ["PS256", "RS256", "HS256", "ML-DSA-44"],
    "token_endpoint_auth_methods_supported": ["client_secret_basic", "private_key_jwt", "attest_jwt_client_auth"],
    "token_endpoint_auth_signing_alg_values_supported": ["ES256", "PS256"],
    "claims_supported": ["sub", {"odd": true}],
    "mtls_endpoint_aliases": {
        "token_endpoint": "https://mtls.op.example/token",
        "backchannel_authentication_endpoint": "https://mtls.op.example/backchannel"
    }
}"#;

fn with(member: &str) -> Result<Metadata, crate::Error> {
    Metadata::read(
        format!(
            r#"{{"issuer":"https://op.example","token_endpoint":"https://op.example/token",
            "backchannel_authentication_endpoint":"https://op.example/bc"{member}}}"#
        )
        .as_bytes(),
    )
}

fn addresses(metadata: &Metadata, with_certificate: bool) -> Result<Addresses, crate::Error> {
    let issuer = endpoint::issuer(&metadata.issuer, None)?;
    let endpoints = Endpoints { issuer: &issuer, plain_http_to: None, origins: &[] };
    metadata.addresses(&endpoints, with_certificate)
}

#[test]
fn o07_a_whole_document_is_read_whatever_else_is_in_it() {
    let metadata = Metadata::read(FULL.as_bytes()).expect("metadata");
    assert_eq!(metadata.issuer, "https://op.example");
    let addresses = addresses(&metadata, false).expect("addresses");
    assert_eq!(addresses.start.as_str(), "https://op.example/backchannel");
    assert_eq!(addresses.token.as_str(), "https://op.example/token");
    assert_eq!(addresses.keys.as_ref().map(Url::as_str), Some("https://op.example/jwks"));
    assert!(metadata.takes_user_code());
    assert!(metadata.delivers_by_poll().is_ok());
    assert!(metadata.takes_auth_method("private_key_jwt").is_ok());
    assert!(metadata.takes_assertion_alg("ES256").is_ok());
    assert_eq!(metadata.id_token_algs().map(<[_]>::len), Some(4));
}

#[test]
fn o07_wrong_types_of_members_that_are_used_are_named() {
    for (member, field) in [
        (r#","jwks_uri":1"#, "jwks_uri"),
        (r#","jwks_uri":"""#, "jwks_uri"),
        (
            r#","backchannel_token_delivery_modes_supported":"poll""#,
            "backchannel_token_delivery_modes_supported",
        ),
        (
            r#","backchannel_token_delivery_modes_supported":[1]"#,
            "backchannel_token_delivery_modes_supported",
        ),
        (
            r#","backchannel_user_code_parameter_supported":"true""#,
            "backchannel_user_code_parameter_supported",
        ),
        (r#","token_endpoint_auth_methods_supported":{}"#, "token_endpoint_auth_methods_supported"),
        (
            r#","token_endpoint_auth_signing_alg_values_supported":[null]"#,
            "token_endpoint_auth_signing_alg_values_supported",
        ),
        (r#","id_token_signing_alg_values_supported":true"#, "id_token_signing_alg_values_supported"),
        (r#","mtls_endpoint_aliases":[]"#, "mtls_endpoint_aliases"),
        (r#","mtls_endpoint_aliases":{"token_endpoint":[]}"#, "mtls_endpoint_aliases"),
    ] {
        misconfigured(with(member), field, member);
    }
    misconfigured(Metadata::read(br#"{"issuer":["https://op.example"]}"#), "issuer", "a list");
    misconfigured(Metadata::read(br#"{"token_endpoint":"https://op.example/t"}"#), "issuer", "none");
}

#[test]
fn o07_null_and_unknown_members_never_break_it() {
    let odd = r#","jwks_uri":null,"backchannel_token_delivery_modes_supported":null,"x":{"y":[1e999,{"z":null}]},
        "mtls_endpoint_aliases":null"#;
    let metadata = with(odd).expect("metadata");
    assert_eq!(addresses(&metadata, true).expect("addresses").keys, None);
}

#[test]
fn o54_what_is_no_one_clean_object_is_refused() {
    for text in [
        "",
        "[]",
        "null",
        "{",
        r#"{"issuer":"https://a.example","issuer":"https://b.example"}"#,
        r#"{"issuer":"https://a.example"} {}"#,
        r#"{"issuer":"https://a.example","x":{"y":1,"y":2}}"#,
        "<html>",
    ] {
        misconfigured(Metadata::read(text.as_bytes()), "metadata", text);
    }
    let long = format!(r#"{{"issuer":"https://op.example","x":"{}"}}"#, "a".repeat(LONGEST));
    misconfigured(Metadata::read(long.as_bytes()), "metadata", "long");
    misconfigured(Metadata::read(b"{\"issuer\":\"\xff\"}"), "metadata", "no UTF-8");
}

#[test]
fn o06_the_issuer_is_compared_byte_for_byte() {
    let metadata = with("").expect("metadata");
    assert!(metadata.is_of("https://op.example").is_ok());
    for other in [
        "https://op.example:443",
        "https://OP.example",
        "https://op.example.evil.example",
        "https://op.example/realm",
        "http://op.example",
    ] {
        misconfigured(metadata.is_of(other), "issuer", other);
    }
    let says = misconfigured(metadata.is_of("https://op.example/"), "issuer", "a slash too many");
    assert!(says.contains("without"), "{says}");
    let slashed = Metadata::read(br#"{"issuer":"https://op.example/"}"#).expect("metadata");
    let says = misconfigured(slashed.is_of("https://op.example"), "issuer", "a slash too few");
    assert!(says.contains("with a slash"), "{says}");
}

#[test]
fn o08_without_an_endpoint_or_poll_it_is_refused() {
    for (text, field) in [
        (
            r#"{"issuer":"https://op.example","token_endpoint":"https://op.example/t"}"#,
            "backchannel_authentication_endpoint",
        ),
        (
            r#"{"issuer":"https://op.example","backchannel_authentication_endpoint":"https://op.example/b"}"#,
            "token_endpoint",
        ),
    ] {
        let metadata = Metadata::read(text.as_bytes()).expect(text);
        assert!(!metadata.has_endpoints());
        misconfigured(addresses(&metadata, false), field, text);
    }
    let field = "backchannel_token_delivery_modes_supported";
    for modes in ["[]", r#"["ping","push"]"#, r#"["pull"]"#, r#"["Poll"]"#] {
        misconfigured(with(&format!(r#","{field}":{modes}"#)).expect(modes).delivers_by_poll(), field, modes);
    }
    assert!(with("").expect("metadata").delivers_by_poll().is_ok(), "a missing list");
}

#[test]
fn o09_endpoints_by_hand_stand_the_same_checks() {
    let https = |path: &str| Some(format!("https://op.example{path}"));
    let by_hand = Metadata::of("https://op.example").with_endpoints(https("/b"), https("/t"), https("/k"));
    assert!(by_hand.has_endpoints());
    assert_eq!(addresses(&by_hand, false).expect("addresses").token.path(), "/t");
    let inside = Some("https://10.0.0.1/t".to_owned());
    let by_hand = Metadata::of("https://op.example").with_endpoints(https("/b"), inside.clone(), None);
    misconfigured(addresses(&by_hand, false), "token_endpoint", "inside");
    let by_hand = Metadata::of("https://op.example").with_endpoints(https("/b"), https("/t"), inside);
    misconfigured(addresses(&by_hand, false), "jwks_uri", "inside");
    let over = Metadata::read(FULL.as_bytes()).expect("metadata").with_endpoints(None, https("/hand"), None);
    let addresses = addresses(&over, true).expect("addresses");
    assert_eq!((addresses.token.path(), addresses.start.host_str()), ("/hand", Some("mtls.op.example")));
}

#[test]
fn o11_what_the_metadata_excludes_is_refused_and_a_missing_list_excludes_nothing() {
    let metadata = Metadata::read(FULL.as_bytes()).expect("metadata");
    let says = misconfigured(
        metadata.takes_auth_method("client_secret_post"),
        "token_endpoint_auth_methods_supported",
        "post",
    );
    assert!(says.contains("client_secret_post") && says.contains("trust_my_settings"), "{says}");
    let field = "token_endpoint_auth_signing_alg_values_supported";
    misconfigured(metadata.takes_assertion_alg("RS256"), field, "RS256");
    let silent = with("").expect("metadata");
    assert!(silent.takes_auth_method("client_secret_post").is_ok());
    assert!(silent.takes_assertion_alg("RS256").is_ok());
    assert!(!silent.takes_user_code());
}

#[test]
fn o20_the_aliases_count_where_a_certificate_is_presented() {
    let metadata = Metadata::read(FULL.as_bytes()).expect("metadata");
    let addresses = addresses(&metadata, true).expect("addresses");
    assert_eq!(addresses.start.as_str(), "https://mtls.op.example/backchannel");
    assert_eq!(addresses.token.as_str(), "https://mtls.op.example/token");
    assert_eq!(addresses.keys.as_ref().map(Url::as_str), Some("https://op.example/jwks"));
    let inside =
        with(r#","mtls_endpoint_aliases":{"token_endpoint":"https://192.168.0.1/t"}"#).expect("metadata");
    misconfigured(super::metadata::addresses(&inside, true), "token_endpoint", "an alias inside");
    assert!(super::metadata::addresses(&inside, false).is_ok(), "an alias that is not used");
}

#[test]
fn o05_the_document_is_where_discovery_and_then_rfc_8414_put_it() {
    for (issuer, first, second) in [
        (
            "https://op.example",
            "/.well-known/openid-configuration",
            "/.well-known/oauth-authorization-server",
        ),
        (
            "https://op.example/",
            "/.well-known/openid-configuration",
            "/.well-known/oauth-authorization-server",
        ),
        (
            "https://op.example/realms/r",
            "/realms/r/.well-known/openid-configuration",
            "/.well-known/oauth-authorization-server/realms/r",
        ),
        (
            "https://op.example/t%20t/",
            "/t%20t/.well-known/openid-configuration",
            "/.well-known/oauth-authorization-server/t%20t",
        ),
    ] {
        let urls = well_known(&endpoint::issuer(issuer, None).expect(issuer));
        assert_eq!(urls.each_ref().map(Url::path), [first, second], "{issuer}");
        assert!(urls.iter().all(|url| url.host_str() == Some("op.example")));
    }
}
