//! Starts at an OpenID provider (O-23 to O-34, table D).

use std::time::Duration;

use authsec_ciba::{BindingMessage, ErrorCode, ErrorKind, Hint, OpenId, Quirks};
use tokio::time::Instant;

use crate::op::{Answer, Op, START, TOKEN, acknowledgement};
use crate::support::{client, refused_start, started, status, stops, with};

/// O-32.
#[tokio::test(start_paused = true)]
async fn c07_c08_o32_an_acknowledgement_that_lacks_something_is_none() {
    for body in [
        r#"{"expires_in":120,"interval":5}"#,
        r#"{"auth_req_id":"","expires_in":120}"#,
        r#"{"auth_req_id":7,"expires_in":120}"#,
        r#"{"auth_req_id":"id-1"}"#,
        r#"{"auth_req_id":"id-1","expires_in":null}"#,
        r#"{"auth_req_id":"id-1","expires_in":"soon"}"#,
        r#"{"auth_req_id":"id-1","auth_req_id":"id-1","expires_in":120}"#,
        r#"{"auth_req_id":"i d","expires_in":120}"#,
        "",
        "[]",
    ] {
        let op = Op::start().await;
        let error = refused_start(&op, Answer::json(200, body)).await;
        assert_eq!(error.kind(), ErrorKind::Protocol, "{body}");
    }
    for code in [201, 202, 204] {
        let op = Op::start().await;
        let answer = Answer::json(code, r#"{"auth_req_id":"id-1","expires_in":120}"#);
        assert_eq!(refused_start(&op, answer).await.kind(), ErrorKind::Protocol, "{code}");
    }
}

#[tokio::test(start_paused = true)]
async fn c09_c10_c11_d_what_each_code_is() {
    for (status, code, kind, known) in [
        (400, "expired_login_hint_token", ErrorKind::Refused, ErrorCode::ExpiredLoginHintToken),
        (400, "unknown_user_id", ErrorKind::UserNotFound, ErrorCode::UserNotFound),
        (400, "invalid_request", ErrorKind::Refused, ErrorCode::InvalidRequest),
        (403, "access_denied", ErrorKind::Refused, ErrorCode::AccessDenied),
        (400, "missing_user_code", ErrorKind::UserCode, ErrorCode::MissingUserCode),
        (400, "invalid_user_code", ErrorKind::UserCode, ErrorCode::InvalidUserCode),
        (400, "unauthorized_client", ErrorKind::Refused, ErrorCode::UnauthorizedClient),
        (400, "unsupported_grant_type", ErrorKind::Config, ErrorCode::UnsupportedGrantType),
        (400, "invalid_scope", ErrorKind::Refused, ErrorCode::InvalidScope),
        (400, "invalid_target", ErrorKind::Refused, ErrorCode::InvalidTarget),
        (400, "invalid_authorization_details", ErrorKind::Refused, ErrorCode::InvalidAuthorizationDetails),
        (401, "invalid_client", ErrorKind::ClientAuth, ErrorCode::InvalidClient),
        (503, "server_error", ErrorKind::Server, ErrorCode::ServerError),
        (429, "slow_down", ErrorKind::RateLimited, ErrorCode::SlowDown),
    ] {
        let op = Op::start().await;
        let error = refused_start(&op, Answer::code(status, code)).await;
        assert_eq!((error.kind(), error.code()), (kind, Some(&known)), "{code}");
        assert_eq!(error.endpoint(), Some(format!("{}{START}", op.issuer()).as_str()));
    }
    let op = Op::start().await;
    let error = refused_start(&op, Answer::code(400, "invalid_binding_message")).await;
    assert_eq!((error.kind(), error.field()), (ErrorKind::Refused, Some("binding_message")));
    assert!(!error.may_have_reached_server(), "nothing was pushed");
    let op = Op::start().await;
    let error = refused_start(&op, Answer::code(400, "authorization_pending")).await;
    assert_eq!(error.kind(), ErrorKind::Protocol);
    let op = Op::start().await;
    let error = refused_start(&op, Answer::code(400, "own_code")).await;
    assert_eq!(error.kind(), ErrorKind::Protocol);
    assert_eq!(error.code().map(ErrorCode::as_str), Some("own_code"));
}

#[tokio::test(start_paused = true)]
async fn o31_a_repeat_is_the_callers() {
    let op = Op::start().await;
    let answer = Answer::json(429, "").header("retry-after", "30");
    let error = refused_start(&op, answer).await;
    assert_eq!((error.kind(), error.retry_after()), (ErrorKind::RateLimited, Some(Duration::from_secs(30))));
    assert!(!error.may_have_reached_server());
    let op = Op::start().await;
    let answer = Answer::json(503, "").header("retry-after", "30");
    let error = refused_start(&op, answer).await;
    assert_eq!((error.kind(), error.retry_after()), (ErrorKind::Server, Some(Duration::from_secs(30))));
    assert!(error.may_have_reached_server());
    let op = Op::start().await;
    let error = refused_start(&op, Answer::lost()).await;
    assert_eq!((error.kind(), error.may_have_reached_server()), (ErrorKind::Network, true));
}

#[tokio::test(start_paused = true)]
async fn o33_an_interval_that_says_nothing_is_5_s() {
    for interval in ["", r#","interval":null"#, r#","interval":0"#, r#","interval":-3"#, r#","interval":[]"#]
    {
        let op = Op::start().await;
        op.always(
            START,
            Answer::json(200, format!(r#"{{"auth_req_id":"id-1","expires_in":120{interval}}}"#)),
        );
        op.always(TOKEN, op.approval());
        let client = client(&op).await;
        let pending = started(&client).await;
        let start = Instant::now();
        assert_eq!(status(&pending.wait().await), "approved");
        assert_eq!(op.instants(TOKEN, start), [5_000], "{interval}");
    }
    for (interval, first) in [(r#""7""#, 7_000), ("7.2", 8_000)] {
        let op = Op::start().await;
        let body = format!(r#"{{"auth_req_id":"id-1","expires_in":120.0,"interval":{interval}}}"#);
        op.always(START, Answer::json(200, body));
        op.always(TOKEN, op.approval());
        let client = client(&op).await;
        let pending = started(&client).await;
        let start = Instant::now();
        assert_eq!(status(&pending.wait().await), "approved");
        assert_eq!(op.instants(TOKEN, start), [first], "{interval}");
    }
}

#[tokio::test(start_paused = true)]
async fn o34_an_id_is_opaque_and_sent_form_encoded() {
    let id = format!("a+b/c=&%{}", "x".repeat(4088));
    let op = Op::start().await;
    op.always(START, Answer::json(200, format!(r#"{{"auth_req_id":"{id}","expires_in":120}}"#)));
    op.always(TOKEN, op.approval());
    let client = client(&op).await;
    assert_eq!(status(&started(&client).await.wait().await), "approved");
    assert_eq!(op.requests(TOKEN)[0].field("auth_req_id"), Some(id));
}

#[tokio::test(start_paused = true)]
async fn o30_all_that_was_asked_for_is_sent_once() {
    let op = Op::start().await;
    op.always(crate::op::DISCOVERY, {
        let metadata = op.metadata(r#","backchannel_user_code_parameter_supported":true"#);
        Answer::json(200, metadata)
    });
    let client = client(&op).await;
    let pending = client
        .initiate(Hint::login("alice"))
        .scopes(["payments"])
        .binding_message(BindingMessage::portable("PAY-4711").expect("a message"))
        .user_code("1234")
        .requested_expiry(Duration::from_secs(90))
        .acr_values(["urn:a", "urn:b"])
        .resource("https://api.example")
        .audience("https://api.example")
        .authorization_details(r#"[{"type":"payment"}]"#)
        .parameter("request_context", "{}")
        .await
        .expect("started");
    assert!(!format!("{pending:?}").contains("1234"));
    let form = op.requests(START)[0].form();
    let form: Vec<_> = form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(
        form,
        [
            ("scope", "openid payments"),
            ("binding_message", "PAY-4711"),
            ("user_code", "1234"),
            ("requested_expiry", "90"),
            ("acr_values", "urn:a urn:b"),
            ("resource", "https://api.example"),
            ("audience", "https://api.example"),
            ("authorization_details", r#"[{"type":"payment"}]"#),
            ("request_context", "{}"),
            ("login_hint", "alice"),
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn o28_o56_what_the_provider_would_refuse_is_refused_before_it_is_sent() {
    let op = Op::start().await;
    let client = with(OpenId::at(op.issuer()).quirks(Quirks::keycloak())).discover().await.expect("a client");
    let hint = || Hint::login("alice");
    for (start, field) in [
        (client.initiate(hint()).user_code("1234"), "user_code"),
        (
            client.initiate(hint()).binding_message(BindingMessage::new("a b").expect("a text")),
            "binding_message",
        ),
        (client.initiate(hint()).requested_expiry(Duration::ZERO), "requested_expiry"),
        (client.initiate(hint()).parameter("scope", "x"), "parameter"),
        (client.initiate(hint()).authorization_details("{}"), "authorization_details"),
        (client.initiate(hint()).resource("no uri"), "resource"),
        (client.initiate(Hint::login("")), "login_hint"),
        (client.initiate(Hint::id_token("x.y.z")), "id_token_hint"),
    ] {
        let error = start.await.expect_err(field);
        assert_eq!((error.kind(), error.field()), (ErrorKind::Input, Some(field)));
    }
    stops(&op).await;
    assert_eq!(op.requests(START).len(), 0);
}

#[tokio::test(start_paused = true)]
async fn i1_a_newer_start_ends_the_older_of_the_same_person() {
    let op = Op::start().await;
    op.then(
        START,
        [
            acknowledgement(5, 120),
            Answer::json(200, r#"{"auth_req_id":"id-2","expires_in":120,"interval":5}"#),
        ],
    );
    let client = client(&op).await;
    let first = client.initiate(Hint::login("alice").of_person("account-42")).await.expect("started");
    let waiting = first.wait().spawn();
    let second =
        client.initiate(Hint::phone("+447700900123").of_person("account-42")).await.expect("started");
    assert_eq!(waiting.await.expect("an outcome").status(), "cancelled");
    assert_eq!(first.person(), second.person());
}

#[tokio::test(start_paused = true)]
async fn o57_a_preset_counts_pushes_for_one_person() {
    let op = Op::start().await;
    let client = with(OpenId::at(op.issuer()).quirks(Quirks::auth0())).discover().await.expect("a client");
    let message = || BindingMessage::portable("PAY-4711").expect("a message");
    for _ in 0..5 {
        client.initiate(Hint::iss_sub("auth0|x")).binding_message(message()).await.expect("started");
    }
    let error =
        client.initiate(Hint::iss_sub("auth0|x")).binding_message(message()).await.expect_err("a sixth");
    assert_eq!(error.kind(), ErrorKind::TooManyPushes);
    assert_eq!(error.retry_after(), Some(Duration::from_secs(60)));
    let issuer = op.issuer();
    let hint = format!(r#"{{"format":"iss_sub","iss":"{issuer}","sub":"auth0|x"}}"#);
    assert_eq!(op.requests(START)[0].field("login_hint"), Some(hint));
}
