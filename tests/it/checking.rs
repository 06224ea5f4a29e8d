//! `CibaClient::check` tells what is wrong, and nobody's phone rings (B-95, the words of F-58).

use authsec_ciba::sandbox::{Call, Fault, Sandbox, User};
use authsec_ciba::{ApiRoutes, CibaClient, CibaClientBuilder, Error, ErrorKind};

use crate::support::{CLIENT, EMAIL, Plane, SECRET};

/// What a check says, of a server that has pushed nothing.
async fn checked(client: CibaClientBuilder, sandbox: &Sandbox) -> Result<(), Error> {
    let checked = client.build().expect("valid").check().await;
    assert_eq!(sandbox.issued().pushes(), 0, "no push");
    assert!(sandbox.calls(Call::Initiate).is_empty() && sandbox.calls(Call::Totp).is_empty());
    if let Err(error) = &checked {
        let endpoint = error.endpoint().expect("where");
        assert!(endpoint.starts_with(&sandbox.base_url()) || !endpoint.contains("127.0.0.1"), "{error}");
        let shown = format!("{error} {error:?}");
        assert!(shown.contains(endpoint) && !shown.contains(SECRET), "{shown}");
        if matches!(error.kind(), ErrorKind::ClientAuth | ErrorKind::Config) {
            let words = error.to_string();
            let words = words.split(" (").next().expect("a sentence");
            assert!(include_str!("../../docs/errors.md").contains(words), "the guide's table lacks: {words}");
        }
    }
    checked
}

#[tokio::test(start_paused = true)]
async fn b95_f62_a_right_configuration_is_right_on_every_plane() {
    for plane in Plane::all() {
        let sandbox = plane.sandbox().start().await.expect("a free port");
        checked(plane.client(&sandbox), &sandbox).await.unwrap_or_else(|error| panic!("{plane:?}: {error}"));
        sandbox.assert_expected();
    }
}

/// Kind, field and sentence of what is wrong with a client of the newest server.
async fn wrong(
    configure: impl FnOnce(CibaClientBuilder) -> CibaClientBuilder,
) -> (ErrorKind, Option<&'static str>, String) {
    let sandbox = Sandbox::builder()
        .user(User::new(EMAIL))
        .client(CLIENT, Some(SECRET))
        .unapproved_client("unapproved", Some(SECRET))
        .start()
        .await
        .expect("a free port");
    let right = CibaClient::builder().base_url(sandbox.base_url()).client_id(CLIENT).client_secret(SECRET);
    let error = checked(configure(right), &sandbox).await.expect_err("wrong");
    (error.kind(), error.field(), error.to_string())
}

#[tokio::test(start_paused = true)]
async fn b95_a_wrong_secret_is_told_from_a_client_that_is_not_approved() {
    let (kind, field, words) = wrong(|client| client.client_secret("another")).await;
    assert_eq!((kind, field), (ErrorKind::ClientAuth, Some("client_secret")), "{words}");
    let (kind, field, words) = wrong(|client| client.client_id("unapproved")).await;
    assert_eq!((kind, field), (ErrorKind::ClientAuth, Some("client_id")), "{words}");
    assert!(words.contains("approved"), "f58: {words}");
}

#[tokio::test(start_paused = true)]
async fn b95_wrong_routes_and_a_wrong_path_are_told() {
    let (kind, field, words) = wrong(|client| client.routes(ApiRoutes::Tenant)).await;
    assert_eq!((kind, field), (ErrorKind::Config, Some("routes")), "{words}");
    assert!(words.contains("404") && words.contains("/auth/tenant/ciba/token"), "f58: {words}");
}

#[tokio::test(start_paused = true)]
async fn b95_f58_a_website_is_told_from_the_api() {
    let sandbox = Plane::MAIN.sandbox().start().await.expect("a free port");
    let page = Fault::Respond {
        status: 200,
        headers: vec![("Content-Type".to_owned(), "text/html".to_owned())],
        body: b"<!doctype html><title>AuthSec console</title>".to_vec(),
    };
    sandbox.faults().next(Call::Poll, page);
    let error = checked(Plane::MAIN.client(&sandbox), &sandbox).await.expect_err("a page");
    assert_eq!((error.kind(), error.field()), (ErrorKind::Config, Some("base_url")), "{error}");
    assert_eq!(error.server_message(), Some("a web page: AuthSec console"));
}

#[tokio::test(start_paused = true)]
async fn b95_what_answers_for_anything_is_not_authsec() {
    let sandbox = Plane::MAIN.sandbox().start().await.expect("a free port");
    for body in [
        r#"{"access_token":"canary"}"#,
        r#"{"error":"authorization_pending"}"#,
        r#"{"error":"access_denied"}"#,
    ] {
        let answer = Fault::Respond { status: 200, headers: Vec::new(), body: body.into() };
        sandbox.faults().next(Call::Poll, answer);
        let error = checked(Plane::MAIN.client(&sandbox), &sandbox).await.expect_err(body);
        assert_eq!(error.kind(), ErrorKind::Protocol, "{error}");
        assert!(!format!("{error:?}").contains("canary"), "{error:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn b95_b91_f54_a_gateways_words_are_kept() {
    let sandbox = Plane::MAIN.sandbox().start().await.expect("a free port");
    let body = r#"{"error":"quota_exceeded","error_description":"Your plan allows 1000 pushes a month"}"#;
    sandbox.faults().next(Call::Poll, Fault::Respond { status: 402, headers: Vec::new(), body: body.into() });
    let error = checked(Plane::MAIN.client(&sandbox), &sandbox).await.expect_err("refused");
    assert_eq!(error.server_message(), Some("Your plan allows 1000 pushes a month"));
    assert_eq!(error.status(), Some(402));
}

#[tokio::test(start_paused = true)]
async fn b95_a_server_that_is_away_or_busy_says_nothing_about_the_configuration() {
    let sandbox = Plane::MAIN.sandbox().start().await.expect("a free port");
    sandbox.faults().next(Call::Poll, Fault::too_many_requests_429(Some("7")));
    let error = checked(Plane::MAIN.client(&sandbox), &sandbox).await.expect_err("busy");
    assert_eq!(
        (error.kind(), error.retry_after().map(|wait| wait.as_secs())),
        (ErrorKind::RateLimited, Some(7))
    );
    sandbox.faults().next(Call::Poll, Fault::html_502());
    let error = checked(Plane::MAIN.client(&sandbox), &sandbox).await.expect_err("away");
    assert_eq!(error.kind(), ErrorKind::Server, "{error}");
    sandbox.go_down().await.expect("down");
    let error = checked(Plane::MAIN.client(&sandbox), &sandbox).await.expect_err("down");
    assert_eq!(error.kind(), ErrorKind::Network, "{error}");
    assert!(error.to_string().contains(&sandbox.address().port().to_string()), "f58: the port: {error}");
}

#[cfg(feature = "rustls")]
#[tokio::test(start_paused = true)]
async fn b95_plain_http_behind_an_https_address_is_a_tls_fault() {
    let sandbox = Plane::MAIN.sandbox().start().await.expect("a free port");
    let https = sandbox.base_url().replace("http:", "https:");
    let client =
        CibaClient::builder().base_url(https).client_id(CLIENT).client_secret(SECRET).build().expect("valid");
    let error = client.check().await.expect_err("no TLS");
    assert_eq!(error.kind(), ErrorKind::Tls, "{error}");
    assert!(error.endpoint().is_some_and(|endpoint| endpoint.starts_with("https://127.0.0.1:")), "{error}");
}

#[tokio::test(start_paused = true)]
async fn b95_a_client_that_was_shut_down_sends_nothing() {
    let (sandbox, client) = crate::support::start().await;
    client.shutdown().await;
    assert_eq!(client.check().await.expect_err("over").kind(), ErrorKind::Shutdown);
    assert!(sandbox.calls(Call::Any).is_empty());
}
