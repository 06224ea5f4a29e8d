//! Where a provider is (O-05 to O-12, O-53, O-54, H).

use std::time::Duration;

use authsec_ciba::{ClientAuth, ErrorKind, Hint, OpenId};

use crate::op::{Answer, CLIENT, DISCOVERY, KEYS, Op, START, TOKEN};
use crate::support::{SECRET, builder, client, started, status, stops, with};

/// Where metadata is when it is not at [`DISCOVERY`] (RFC 8414, section 3).
const RFC_8414: &str = "/.well-known/oauth-authorization-server";

#[tokio::test(start_paused = true)]
async fn o05_o72_metadata_and_keys_are_fetched_once_without_a_credential() {
    let op = Op::start().await;
    op.always(TOKEN, op.approval());
    let client = client(&op).await;
    let paths: Vec<_> = op.all_requests().into_iter().map(|request| (request.method, request.path)).collect();
    assert_eq!(paths, [("GET".to_owned(), DISCOVERY.to_owned()), ("GET".to_owned(), KEYS.to_owned())]);
    assert_eq!(status(&started(&client).await.wait().await), "approved");
    for request in op.all_requests() {
        let is_open = request.path == DISCOVERY || request.path == KEYS;
        assert_eq!(request.headers.contains_key("authorization"), !is_open, "{}", request.path);
        if is_open {
            assert_eq!(request.body, "");
        }
    }
    assert_eq!(op.requests(KEYS).len(), 1);
    assert_eq!(op.requests(DISCOVERY).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn o05_a_404_leads_to_the_place_of_rfc_8414_and_nowhere_else() {
    let op = Op::start().await;
    let metadata = op.metadata("");
    op.always(DISCOVERY, Answer::json(404, ""));
    op.always(RFC_8414, Answer::json(200, metadata));
    assert!(builder(&op).discover().await.is_ok());
    op.always(RFC_8414, Answer::json(404, ""));
    let before = op.all_requests().len();
    let error = builder(&op).discover().await.expect_err("nothing there");
    assert_eq!((error.kind(), error.field()), (ErrorKind::Config, Some("issuer")));
    assert_eq!(op.all_requests().len(), before + 2);
    op.always(DISCOVERY, Answer::json(500, ""));
    let error = builder(&op).discover().await.expect_err("a failure");
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Server, true));
    assert_eq!(op.all_requests().len(), before + 3, "500 is no 404");
}

#[tokio::test(start_paused = true)]
async fn c51_an_issuer_with_a_path_and_with_a_slash() {
    for (path, document) in [
        ("/realms/one", "/realms/one/.well-known/openid-configuration"),
        ("/", "/.well-known/openid-configuration"),
        ("/realms/one/", "/realms/one/.well-known/openid-configuration"),
    ] {
        let op = Op::start().await;
        let issuer = format!("{}{path}", op.issuer());
        let metadata = op
            .metadata("")
            .replace(&format!(r#""issuer":"{}""#, op.issuer()), &format!(r#""issuer":"{issuer}""#));
        op.always(document, Answer::json(200, metadata));
        let client =
            with(OpenId::at(&issuer)).discover().await.unwrap_or_else(|error| panic!("{path}: {error:?}"));
        op.always(TOKEN, op.tokens(&op.id_token(serde_json::json!({ "iss": issuer }))));
        let approval = started(&client).await.wait().await.expect("an outcome").approved().expect("approved");
        assert_eq!(approval.person(), Some((issuer.as_str(), "alice-1")));
        op.always(TOKEN, op.tokens(&op.id_token(serde_json::json!({}))));
        let error = started(&client).await.wait().await.expect_err("the issuer without its path");
        assert_eq!((error.kind(), error.field()), (ErrorKind::IdToken, Some("iss")));
    }
}

#[tokio::test(start_paused = true)]
async fn c52_o06_metadata_of_another_issuer() {
    let op = Op::start().await;
    let metadata = op
        .metadata("")
        .replace(&format!(r#""issuer":"{}""#, op.issuer()), r#""issuer":"https://other.example""#);
    op.always(DISCOVERY, Answer::json(200, metadata));
    let error = builder(&op).discover().await.expect_err("another issuer");
    assert_eq!((error.kind(), error.field()), (ErrorKind::Config, Some("issuer")));
    assert_eq!(op.requests(KEYS).len(), 0);
    let slash = format!("{}/", op.issuer());
    op.always(DISCOVERY, Answer::json(200, op.metadata("")));
    let error = with(OpenId::at(slash)).discover().await.expect_err("a slash");
    assert!(error.to_string().contains("without"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn c53_o53_no_redirect_is_followed() {
    let stranger = Op::start().await;
    for path in [DISCOVERY, RFC_8414, KEYS, START, TOKEN] {
        for status in [301, 302, 303, 307, 308] {
            let op = Op::start().await;
            if path == RFC_8414 {
                op.always(DISCOVERY, Answer::json(404, ""));
            }
            let to = format!("{}{path}", stranger.issuer());
            op.always(path, Answer::json(status, op.metadata("")).header("location", to));
            let error = match builder(&op).discover().await {
                Err(error) => error,
                Ok(client) => match client.initiate(Hint::login("alice")).await {
                    Err(error) => error,
                    Ok(pending) => pending.wait().await.expect_err("a redirect"),
                },
            };
            assert!(!error.is_retryable(), "{path} {status}: {error}");
            stops(&op).await;
            assert_eq!(op.requests(path).len(), 1, "{path} {status}");
        }
    }
    assert_eq!(stranger.all_requests().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn o54_documents_that_are_too_long_or_unclean() {
    for document in [
        "<html>".to_owned(),
        "[]".to_owned(),
        r#"{"issuer":"x","issuer":"x"}"#.to_owned(),
        format!(r#"{{"x":"{}"}}"#, "x".repeat(256 * 1024)),
    ] {
        let op = Op::start().await;
        op.always(DISCOVERY, Answer::json(200, document));
        let error = builder(&op).discover().await.expect_err("no metadata");
        assert_eq!(error.kind(), ErrorKind::Config, "{error}");
    }
    let op = Op::start().await;
    let long = op.metadata(&format!(r#","x":"{}""#, "x".repeat(200 * 1024)));
    op.always(DISCOVERY, Answer::json(200, long));
    assert!(builder(&op).discover().await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn o72_keys_that_cannot_be_had_are_found_by_discover() {
    for answer in [Answer::json(404, ""), Answer::json(200, "<html>"), Answer::json(200, r#"{"keys":[]}"#)] {
        let op = Op::start().await;
        op.always(KEYS, answer);
        assert!(builder(&op).discover().await.is_err());
    }
}

#[tokio::test(start_paused = true)]
async fn o09_metadata_and_endpoints_by_hand_ask_nothing() {
    let op = Op::start().await;
    op.always(TOKEN, op.approval());
    let of = |path: &str| format!("{}{path}", op.issuer());
    for provider in [
        OpenId::from_metadata(op.metadata("")),
        OpenId::at(op.issuer())
            .backchannel_authentication_endpoint(of(START))
            .token_endpoint(of(TOKEN))
            .jwks_uri(of(KEYS))
            .id_token_alg(authsec_ciba::Alg::ES256),
    ] {
        let before = op.all_requests().len();
        let client = with(provider).build().expect("a client");
        assert_eq!(op.all_requests().len(), before);
        assert_eq!(status(&started(&client).await.wait().await), "approved");
        assert_eq!(op.requests(DISCOVERY).len(), 0);
    }
    let error = with(OpenId::at(op.issuer())).build().expect_err("nothing is known");
    assert_eq!((error.kind(), error.field()), (ErrorKind::Config, Some("openid")));
}

#[tokio::test(start_paused = true)]
async fn o10_what_arrives_later_changes_no_address() {
    let stranger = Op::start().await;
    let op = Op::start().await;
    let client = client(&op).await;
    let issuer = stranger.issuer();
    op.always(DISCOVERY, Answer::json(200, stranger.metadata("")));
    let body = format!(
        r#"{{"auth_req_id":"id-1","expires_in":20,"interval":5,"token_endpoint":"{issuer}/token","issuer":"{issuer}"}}"#
    );
    op.always(START, Answer::json(200, body).header("location", format!("{issuer}/token")));
    op.always(TOKEN, Answer::pending().header("location", format!("{issuer}/token")));
    assert_eq!(status(&started(&client).await.wait().await), "expired_token");
    assert_eq!(stranger.all_requests().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn o08_o11_what_the_metadata_excludes_is_refused() {
    let op = Op::start().await;
    for (more, field) in [
        (
            r#","token_endpoint_auth_methods_supported":["private_key_jwt"]"#,
            "token_endpoint_auth_methods_supported",
        ),
        (r#","mtls_endpoint_aliases":7"#, "mtls_endpoint_aliases"),
    ] {
        op.always(DISCOVERY, Answer::json(200, op.metadata(more)));
        let error = builder(&op).discover().await.expect_err(field);
        assert_eq!((error.kind(), error.field()), (ErrorKind::Config, Some(field)));
    }
    op.always(
        DISCOVERY,
        Answer::json(200, op.metadata(r#","token_endpoint_auth_methods_supported":["private_key_jwt"]"#)),
    );
    assert!(with(OpenId::at(op.issuer()).trust_my_settings(true)).discover().await.is_ok());
    let push_only = op.metadata("").replace(r#"["poll","pull"]"#, r#"["push"]"#);
    op.always(DISCOVERY, Answer::json(200, push_only));
    let error = builder(&op).discover().await.expect_err("push alone");
    assert_eq!(error.field(), Some("backchannel_token_delivery_modes_supported"));
    assert_eq!(op.requests(START).len() + op.requests(TOKEN).len(), 0);
}

#[tokio::test(start_paused = true)]
async fn i1_an_openid_client_is_no_client_of_authsec() {
    let op = Op::start().await;
    let metadata = || OpenId::from_metadata(op.metadata(""));
    for (builder, field) in [
        (with(metadata()).base_url("https://authsec.example"), "base_url"),
        (with(metadata()).workspace_id("w"), "workspace_id"),
        (with(metadata()).admin(), "client_id"),
        (
            authsec_ciba::CibaClient::builder()
                .base_url("https://authsec.example")
                .client_id(CLIENT)
                .client_auth(ClientAuth::secret_post(SECRET)),
            "client_auth",
        ),
        (authsec_ciba::CibaClient::builder().openid(metadata()).client_auth(ClientAuth::none()), "client_id"),
        (authsec_ciba::CibaClient::builder().openid(metadata()).client_id(CLIENT), "client_auth"),
    ] {
        let error = builder.build().expect_err(field);
        assert_eq!((error.kind(), error.field()), (ErrorKind::Config, Some(field)), "{error}");
    }
    let client = with(metadata()).build().expect("a client");
    let error = client.verify_totp("user@example.com", "123456").await.expect_err("no codes here");
    assert_eq!(error.kind(), ErrorKind::Config);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(op.all_requests().len(), 0);
}
