//! Headers of the caller's own (B-93, F-62).

use std::sync::{Arc, Mutex};

use authsec_ciba::sandbox::{Call, Fault, Sandbox};
use authsec_ciba::{CibaClient, CibaClientBuilder, ErrorKind, RequestKind};
use tracing::instrument::WithSubscriber as _;

use crate::capture::Captured;
use crate::support::{EMAIL, Plane};

async fn start(configure: impl FnOnce(CibaClientBuilder) -> CibaClientBuilder) -> (Sandbox, CibaClient) {
    let sandbox = Plane::MAIN.sandbox().start().await.expect("a free port");
    let client = configure(Plane::MAIN.client(&sandbox)).build().expect("valid");
    (sandbox, client)
}

fn headers(sandbox: &Sandbox, call: Call, name: &str) -> Vec<Option<String>> {
    sandbox.calls(call).iter().map(|call| call.header(name).map(str::to_owned)).collect()
}

#[tokio::test(start_paused = true)]
async fn b93_f62_a_header_goes_with_every_request() {
    let (sandbox, client) =
        start(|client| client.header("X-Api-Key", "one").header("x-api-key", "two")).await;
    let pending = client.initiate_app_approval(EMAIL).await.expect("pushed");
    sandbox.phone(EMAIL).approve().await;
    assert_eq!(pending.wait().await.expect("an outcome").status(), "approved");
    let _ = client.verify_totp(EMAIL, "123456").await;
    for call in [Call::Initiate, Call::Poll, Call::Totp] {
        assert_eq!(headers(&sandbox, call, "x-api-key"), [Some("two".to_owned())], "{call:?}");
    }
    client.check().await.expect("right");
    assert_eq!(headers(&sandbox, Call::Poll, "x-api-key").len(), 2);
    let authorization = headers(&sandbox, Call::Initiate, "authorization");
    assert!(authorization[0].as_deref().is_some_and(|value| value.starts_with("Basic ")));
}

#[tokio::test(start_paused = true)]
async fn b93_a_function_is_told_call_and_flow_inside_the_calls_span() {
    let captured = Captured::default();
    let told = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&told);
    let mut flow = None;
    async {
        let (sandbox, client) = start(|client| {
            client.header("x-flow", "replaced").headers_with(move |request| {
                let span = tracing::Span::current().metadata().map(tracing::Metadata::name);
                seen.lock().expect("whole").push((request.kind(), request.flow_id(), span));
                vec![("X-Flow".to_owned(), request.flow_id().to_string())]
            })
        })
        .await;
        let pending = client.initiate_app_approval(EMAIL).await.expect("pushed");
        flow = Some(pending.flow_id());
        sandbox.phone(EMAIL).approve().await;
        assert_eq!(pending.wait().await.expect("an outcome").status(), "approved");
        let _ = client.verify_totp(EMAIL, "123456").await;
        client.check().await.expect("right");
        let expected = Some(pending.flow_id().to_string());
        assert_eq!(headers(&sandbox, Call::Initiate, "x-flow")[0], expected);
        assert_eq!(headers(&sandbox, Call::Poll, "x-flow")[0], expected);
    }
    .with_subscriber(captured.subscriber())
    .await;
    let told = told.lock().expect("whole").clone();
    let kinds: Vec<_> = told.iter().map(|(kind, _, span)| (*kind, *span)).collect();
    assert_eq!(
        kinds[..3],
        [
            (RequestKind::Initiate, Some("authsec.initiate")),
            (RequestKind::Poll, Some("authsec.poll")),
            (RequestKind::Totp, Some("authsec.totp"))
        ]
    );
    assert_eq!(kinds[3].0, RequestKind::Check);
    assert_eq!(Some(told[1].1), flow, "the flow is the approval's");
}

#[test]
fn b93_what_the_crate_sets_is_refused_by_its_name() {
    for name in [
        "Authorization",
        "content-type",
        "HOST",
        "Accept",
        "Accept-Encoding",
        "User-Agent",
        "Content-Length",
        "Connection",
        "transfer-encoding",
        "Proxy-Authorization",
        "TE",
    ] {
        let client = CibaClient::builder().base_url("https://authsec.example").client_id("client");
        let error = client.header(name, "canary").build().map(drop).expect_err(name);
        assert_eq!((error.kind(), error.field()), (ErrorKind::Config, Some("header")));
        let told = format!("{error} {error:?}");
        assert!(told.contains(&name.to_ascii_lowercase()) && !told.contains("canary"), "{told}");
    }
    for (name, value) in
        [("", "canary"), ("canary canary", "x"), ("x-key", "canary\r\nx: y"), ("x-key", "\0canary")]
    {
        let client = CibaClient::builder().base_url("https://authsec.example").client_id("client");
        let error = client.header(name, value).build().map(drop).expect_err(name);
        assert!(!format!("{error} {error:?}").contains("canary"), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn b93_a_function_cannot_set_them_either_and_is_warned_once() {
    let captured = Captured::default();
    async {
        let (sandbox, client) = start(|client| {
            client.headers_with(|request| {
                assert!(request.kind() != RequestKind::Totp, "canary");
                let own = ["Authorization", "Content-Type", "Host", "not a name"];
                let own = own.into_iter().map(|name| (name.to_owned(), "canary".to_owned()));
                own.chain([("x-good".to_owned(), "good".to_owned())]).collect()
            })
        })
        .await;
        for _ in 0..2 {
            client.initiate_app_approval(EMAIL).await.expect("pushed");
        }
        let code = sandbox.authenticator(EMAIL).code();
        let _ = client.verify_totp(EMAIL, &code).await;
        assert_eq!(headers(&sandbox, Call::Initiate, "x-good"), vec![Some("good".to_owned()); 2]);
        assert_eq!(headers(&sandbox, Call::Totp, "x-good"), [None], "it panicked, and the call went on");
        sandbox.assert_expected();
    }
    .with_subscriber(captured.subscriber_at(tracing::Level::INFO))
    .await;
    let text = captured.text();
    let warnings: Vec<_> = text.lines().filter(|line| line.contains("headers_with")).collect();
    assert_eq!(warnings.len(), 1, "{warnings:#?}");
    assert!(warnings[0].contains("authorization") && !text.contains("canary"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn b93_b70_a_headers_value_is_a_secret() {
    let captured = Captured::default();
    async {
        let (sandbox, client) = start(|client| {
            let client = client
                .header("x-api-key", "canary-of-the-gateway")
                .headers_with(|_| vec![("x-other".to_owned(), "canary-of-the-function".to_owned())]);
            assert!(!format!("{client:?}").contains("canary"));
            client
        })
        .await;
        assert!(!format!("{client:?}").contains("canary"));
        let echo = r#"{"message":"bad key canary-of-the-gateway, canary-of-the-function"}"#;
        let fault = Fault::Respond { status: 403, headers: Vec::new(), body: echo.into() };
        sandbox.faults().next(Call::Initiate, fault);
        let error = client.initiate_app_approval(EMAIL).await.expect_err("refused");
        assert_eq!(error.server_message(), Some("bad key [redacted], [redacted]"));
    }
    .with_subscriber(captured.subscriber())
    .await;
    assert!(captured.text().contains("hyper") && !captured.text().contains("canary"), "{}", captured.text());
}
