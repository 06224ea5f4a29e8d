//! What only the routes of the standard have (`ApiRoutes::OAuth`; O-01, O-03), and the end of those before them (O-04).

use std::time::Duration;

use authsec_ciba::sandbox::{Call, Fault, Reaction, Sandbox, User};
use authsec_ciba::{ApiRoutes, CibaClient, CibaClientBuilder, Error, ErrorCode, ErrorKind};
use tracing::instrument::WithSubscriber as _;

use crate::capture::Captured;
use crate::support::{CLIENT, EMAIL, Plane, SECRET};

const OAUTH: Plane = Plane { routes: ApiRoutes::OAuth, admin: false };

/// A second client of the same server.
const OTHER: &str = "other";

/// Kind, field and code of an error.
fn seen(error: &Error) -> (ErrorKind, Option<&'static str>, Option<&str>) {
    (error.kind(), error.field(), error.code().map(ErrorCode::as_str))
}

#[tokio::test(start_paused = true)]
async fn o01_the_requests_are_forms_at_the_root_under_basic_as_it_is() {
    let (sandbox, client) = OAUTH.start().await;
    sandbox.phone(EMAIL).react(Reaction::Approve);
    let initiate = client.initiate_app_approval(EMAIL).scopes(["openid", "email"]);
    let approval =
        initiate.await.expect("pushed").wait().await.expect("an outcome").approved().expect("approved");
    assert_eq!(
        (approval.scope(), approval.expires_in()),
        (Some("openid email"), Some(Duration::from_secs(3600)))
    );
    for (call, path) in [(Call::Initiate, "/oauth/bc-authorize"), (Call::Poll, "/oauth/token")] {
        let asked = &sandbox.calls(call)[0];
        assert_eq!(asked.path, path);
        assert_eq!(asked.header("content-type"), Some("application/x-www-form-urlencoded"));
        // The secret holds what RFC 6749 would have encoded: this server takes it as it is, or it would not be here.
        assert!(asked.header("authorization").is_some_and(|value| value.starts_with("Basic ")));
    }
    sandbox.assert_expected();
}

/// Foreign, unknown and spent ids, by the words of the newest server.
#[tokio::test(start_paused = true)]
async fn o01_ids_of_others_and_of_nobody() {
    let sandbox = OAUTH.sandbox().client(OTHER, Some(SECRET)).start().await.expect("a free port");
    let client = OAUTH.client(&sandbox).build().expect("valid");
    let pending = client.initiate_app_approval(EMAIL).await.expect("pushed");
    let other = OAUTH.client(&sandbox).client_id(OTHER).build().expect("valid");
    let foreign = other.poll_for_approval(EMAIL, pending.auth_req_id()).await.expect_err("another's");
    assert_eq!(seen(&foreign), (ErrorKind::Refused, None, Some("invalid_grant")));
    let unknown = authsec_ciba::AuthReqId::new("unknown").expect("an id");
    let outcome = client.poll_for_approval(EMAIL, &unknown).await.expect("an outcome");
    assert_eq!(outcome.status(), "expired_token");

    sandbox.phone(EMAIL).approve().await;
    assert_eq!(pending.wait().await.expect("an outcome").status(), "approved");
    let restarted = OAUTH.client(&sandbox).build().expect("valid");
    let spent = restarted.poll_for_approval(EMAIL, pending.auth_req_id()).await.expect("an outcome");
    assert_eq!(spent.status(), "expired_token");
    sandbox.assert_expected();
}

#[tokio::test(start_paused = true)]
async fn o01_an_unknown_client_and_a_wrong_credential_are_client_auth() {
    let sandbox = OAUTH.sandbox().unapproved_client("unapproved", Some(SECRET));
    let sandbox = sandbox.start().await.expect("a free port");
    let with = |id: &str, secret: &str| {
        OAUTH.client(&sandbox).client_id(id).client_secret(secret).build().expect("valid")
    };
    for (client, field) in [
        (with(CLIENT, "wrong"), "client_secret"),
        (with("unapproved", SECRET), "client_id"),
        (with("stranger", SECRET), "client_id"),
    ] {
        let error = client.initiate_app_approval(EMAIL).await.expect_err("refused");
        assert_eq!(
            (error.kind(), error.may_have_reached_server()),
            (ErrorKind::ClientAuth, false),
            "{error}"
        );
        let error = client.check().await.expect_err("refused");
        assert_eq!(seen(&error), (ErrorKind::ClientAuth, Some(field), Some("invalid_client")), "{error}");
    }
    assert_eq!(sandbox.issued().pushes(), 0);
}

/// The server failed, and took the approval back.
#[tokio::test(start_paused = true)]
async fn o01_a_server_error_at_a_poll_heals() {
    let (sandbox, client) = OAUTH.start().await;
    sandbox.phone(EMAIL).react(Reaction::Approve);
    let failed =
        || Fault::Respond { status: 500, headers: Vec::new(), body: br#"{"error":"server_error"}"#.to_vec() };
    for _ in 0..7 {
        sandbox.faults().next(Call::Poll, failed());
    }
    let pending = client.initiate_app_approval(EMAIL).await.expect("pushed");
    assert_eq!(pending.wait().await.expect("an outcome").status(), "approved");
    assert_eq!(sandbox.calls(Call::Poll).len(), 8);
}

#[tokio::test(start_paused = true)]
async fn o01_routes_that_are_switched_off_are_a_setting() {
    let sandbox = OAUTH.sandbox().oauth(false).start().await.expect("a free port");
    let client = OAUTH.client(&sandbox).build().expect("valid");
    let id = authsec_ciba::AuthReqId::new("an-id").expect("an id");
    for error in [
        client.initiate_app_approval(EMAIL).await.expect_err("off"),
        client.poll_for_approval(EMAIL, &id).await.expect_err("off"),
        client.check().await.expect_err("off"),
    ] {
        assert_eq!(
            seen(&error),
            (ErrorKind::Config, Some("routes"), Some("unsupported_grant_type")),
            "{error}"
        );
        assert!(!error.may_have_reached_server() && !error.is_retryable());
    }
    assert_eq!((sandbox.calls(Call::Initiate).len(), sandbox.calls(Call::Poll).len()), (1, 2));
}

/// Never followed: the secret would go along, or be dropped.
#[tokio::test(start_paused = true)]
async fn o01_the_issuer_under_another_name_is_a_setting() {
    let (elsewhere, _) = OAUTH.start().await;
    let sandbox = OAUTH.sandbox().issuer(elsewhere.base_url()).start().await.expect("a free port");
    let client = OAUTH.client(&sandbox).build().expect("valid");
    let id = authsec_ciba::AuthReqId::new("an-id").expect("an id");
    for error in [
        client.initiate_app_approval(EMAIL).await.expect_err("elsewhere"),
        client.poll_for_approval(EMAIL, &id).await.expect_err("elsewhere"),
        client.check().await.expect_err("elsewhere"),
    ] {
        assert_eq!(seen(&error), (ErrorKind::Config, Some("base_url"), None), "{error}");
        assert_eq!(error.status(), Some(308));
        assert!(error.to_string().contains(&elsewhere.base_url()), "it names where the issuer is: {error}");
    }
    assert!(elsewhere.calls(Call::Any).is_empty());
}

/// O-03: the standard has no codes.
#[tokio::test(start_paused = true)]
async fn o03_a_code_goes_by_the_administrators_route_without_the_secret() {
    let (sandbox, client) = OAUTH.start().await;
    let with = OAUTH.client(&sandbox).workspace_id(sandbox.workspace_id()).build().expect("valid");
    for client in [&client, &with] {
        let wrong =
            client.verify_totp(EMAIL, &sandbox.authenticator(EMAIL).wrong_code()).await.expect("judged");
        assert_eq!(wrong.error_code(), Some("invalid_code"));
    }
    client
        .verify_totp(EMAIL, &sandbox.authenticator(EMAIL).code())
        .await
        .expect("judged")
        .verified()
        .expect("right");
    let asked = sandbox.calls(Call::Totp);
    for login in &asked {
        assert_eq!(login.path, "/authsec/uflow/auth/totp/login");
        assert_eq!(
            (login.header("authorization"), login.header("content-type")),
            (None, Some("application/json"))
        );
    }
    let workspace = |at: usize| asked[at].body.field("workspace_id").map(str::to_owned);
    assert_eq!((workspace(0), workspace(1)), (None, Some(sandbox.workspace_id())));
    sandbox.assert_expected();
}

#[test]
fn o01_what_these_routes_need_is_asked_for_before_anything_is_sent() {
    let to = || CibaClient::builder().base_url("https://authsec.example").routes(ApiRoutes::OAuth);
    let refused = |client: CibaClientBuilder| {
        let error = client.build().map(drop).expect_err("incomplete");
        assert!(!format!("{error} {error:?}").contains("canary"), "{error}");
        (error.kind(), error.field())
    };
    for (field, client) in [
        ("client_id", to()),
        ("client_secret", to().client_id("client")),
        ("client_id", to().client_id("a:b").client_secret("canary")),
        ("routes", to().admin()),
        ("routes", to().admin().client_id("client").client_secret("canary")),
    ] {
        assert_eq!(refused(client), (ErrorKind::Config, Some(field)));
    }
}

/// The warnings that say so, in what was captured.
fn warnings(captured: &Captured) -> Vec<String> {
    let text = captured.text();
    text.lines().filter(|line| line.contains("ApiRoutes::OAuth")).map(str::to_owned).collect()
}

/// Plays two approvals and two checks, on two clones.
async fn plays(plane: Plane, sandbox: &Sandbox) {
    let client = plane.client(sandbox).build().expect("valid");
    for client in [client.clone(), client] {
        let pending = client.initiate_app_approval(EMAIL).await.expect("pushed");
        assert_eq!(pending.wait().await.expect("an outcome").status(), "approved");
        client.check().await.expect("right");
    }
}

#[tokio::test(start_paused = true)]
async fn o04_a_client_says_once_that_its_routes_have_an_end() {
    for plane in Plane::all() {
        let captured = Captured::default();
        async {
            let user = User::new(EMAIL).reaction(Reaction::Approve);
            let sandbox = Sandbox::builder().routes(plane.routes).user(user).client(CLIENT, Some(SECRET));
            plays(plane, &sandbox.start().await.expect("a free port")).await;
        }
        .with_subscriber(captured.subscriber_at(tracing::Level::WARN))
        .await;
        let said = warnings(&captured);
        if plane == (Plane { routes: ApiRoutes::Workspace, admin: true }) {
            assert_eq!(said.len(), 1, "{said:#?}");
            assert!(
                said[0].contains("WARN") && said[0].contains("sunset=Thu, 31 Dec 2026 00:00:00 GMT"),
                "{said:#?}"
            );
        } else {
            assert!(said.is_empty(), "{plane:?}: {said:#?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn o04_a_day_that_cannot_be_read_does_no_harm_and_is_not_repeated() {
    for sunset in ["", "canary", "Thu, 31 Dec 2026 25:00:00 UTC", "\u{e9}\u{e9}"] {
        let captured = Captured::default();
        async {
            let (sandbox, client) = OAUTH.start().await;
            let headers = [("deprecation", "true"), ("sunset", sunset)];
            let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
            let body = br#"{"error":"authorization_pending"}"#.to_vec();
            sandbox.faults().next(Call::Poll, Fault::Respond { status: 400, headers, body });
            sandbox.phone(EMAIL).react(Reaction::Approve);
            let pending = client.initiate_app_approval(EMAIL).await.expect("pushed");
            assert_eq!(pending.wait().await.expect("an outcome").status(), "approved");
        }
        .with_subscriber(captured.subscriber_at(tracing::Level::WARN))
        .await;
        let said = warnings(&captured);
        assert_eq!(said.len(), 1, "{said:#?}");
        assert!(!said[0].contains("canary") && !said[0].contains("sunset"), "{said:#?}");
    }
}
