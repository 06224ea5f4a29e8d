//! The log, the counters, and what must not be shown.

use std::panic::{AssertUnwindSafe, catch_unwind};

use authsec_ciba::sandbox::{Call, LoggedBody, RequestState, Sandbox};
use serde_json::json;

use crate::support::{As, Body, CLIENT, Http, USER, initiate, plain, poll, seconds};

#[tokio::test(start_paused = true)]
async fn the_log_tells_what_came_and_when() {
    let sandbox = plain().await;
    let http = Http::to(&sandbox);
    let id = initiate(&http).await;
    tokio::time::sleep(seconds(5)).await;
    poll(&http, &id).await;
    let log = sandbox.log();
    assert_eq!(log.iter().map(|entry| entry.call).collect::<Vec<_>>(), [Call::Initiate, Call::Poll]);
    assert_eq!(log[0].auth_req_id.as_deref(), Some(id.as_str()));
    assert_eq!(log[0].email.as_deref(), Some(USER));
    assert_eq!(log[1].body.json().unwrap()["auth_req_id"], id.as_str());
    assert_eq!((log[1].method.as_str(), log[1].path.as_str()), ("POST", "/authsec/uflow/auth/ciba/token"));
    assert_eq!(log[1].header("content-type"), Some("application/json"));
    assert_eq!((log[1].status, log[1].fault, log[1].connection), (Some(200), None, 1));
    assert_eq!((log[1].received_at - log[0].received_at).as_secs(), 5);
    assert!(log[1].answered_at.unwrap() >= log[1].received_at);
    assert_eq!(
        (sandbox.polls_of_request(&id).len(), sandbox.polls_of_person("USER@example.com").len()),
        (1, 1)
    );
    assert_eq!(sandbox.calls(Call::Any).len(), 2);
    sandbox.assert_expected();
}

#[tokio::test]
async fn unexpected_requests_are_recorded_with_their_reason() {
    let sandbox = plain().await;
    let http = Http::to(&sandbox);
    let path = "/authsec/uflow/auth/ciba/initiate";
    http.send("PUT", path, As::Nobody, Body::None).await;
    http.send("POST", path, As::Nobody, Body::Text("{\"login_hint\":")).await;
    http.post(path, json!({ "client_id": CLIENT })).await;
    let misspelt = json!({ "login_hint": USER, "client_id": CLIENT, "binding_mesage": "x" });
    assert_eq!(http.post(path, misspelt).await.status, 200, "the server ignores what it does not know");
    initiate(&http).await;
    let reasons: Vec<String> = sandbox.unexpected().into_iter().map(|it| it.unexpected.unwrap()).collect();
    assert_eq!(reasons.len(), 4);
    assert!(reasons[0].contains("no route for PUT"), "{reasons:?}");
    assert!(reasons[1].contains("JSON"), "{reasons:?}");
    assert!(reasons[2].contains("login_hint") && reasons[2].contains("required"), "{reasons:?}");
    assert!(reasons[3].contains("binding_mesage"), "{reasons:?}");
    let panic = catch_unwind(AssertUnwindSafe(|| sandbox.assert_expected())).unwrap_err();
    let text = panic.downcast_ref::<String>().unwrap();
    assert!(text.starts_with("4 unexpected requests:") && text.contains("binding_mesage"), "{text}");
}

#[tokio::test]
async fn forms_and_other_bodies_are_logged_as_they_are() {
    let sandbox = plain().await;
    let http = Http::to(&sandbox);
    http.send("POST", "/oauth/token", As::Nobody, Body::Form(&[("auth_req_id", "a=b")])).await;
    http.send("POST", "/x?y=1", As::Nobody, Body::Text("<html>")).await;
    http.send("GET", "/x", As::Nobody, Body::None).await;
    let log = sandbox.log();
    assert_eq!(log[0].body.field("auth_req_id"), Some("a=b"));
    assert_eq!(log[1].body, LoggedBody::Raw(b"<html>".to_vec()));
    assert_eq!(log[1].query.as_deref(), Some("y=1"));
    assert_eq!(log[2].body, LoggedBody::Empty);
}

#[tokio::test]
async fn issued_knows_every_state() {
    let sandbox = plain().await;
    let http = Http::to(&sandbox);
    let mut ids = Vec::new();
    for _ in 0..4 {
        ids.push(initiate(&http).await);
    }
    let phone = sandbox.phone(USER);
    phone.approve_id(&ids[1]).unwrap();
    phone.deny_id(&ids[2]).unwrap();
    phone.approve_id(&ids[3]).unwrap();
    poll(&http, &ids[3]).await;
    let states =
        |sandbox: &Sandbox| -> Vec<_> { sandbox.issued().requests.iter().map(|it| it.state).collect() };
    use RequestState::{Approved, Consumed, Denied, Expired, Pending};
    assert_eq!(states(&sandbox), [Pending, Approved, Denied, Consumed]);
    sandbox.clock().advance(seconds(301));
    assert_eq!(states(&sandbox), [Expired, Expired, Expired, Consumed]);
    assert_eq!((sandbox.issued().pushes(), sandbox.issued().pushes_to(USER)), (4, 4));
}

#[tokio::test]
async fn connections_are_counted() {
    let sandbox = plain().await;
    let (one, two) = (Http::to(&sandbox), Http::to(&sandbox));
    initiate(&one).await;
    initiate(&one).await;
    initiate(&two).await;
    let seen = sandbox.connections();
    assert_eq!((seen.accepted, seen.open, seen.peak), (2, 2, 2));
    drop(one);
    while sandbox.connections().open > 1 {
        tokio::task::yield_now().await;
    }
    assert_eq!(sandbox.connections().peak, 2);
}

#[tokio::test]
async fn no_debug_output_shows_a_secret() {
    let sandbox = plain().await;
    let http = Http::to(&sandbox);
    let id = initiate(&http).await;
    let waiting = format!("{:?}", sandbox.phone(USER).pending());
    sandbox.phone(USER).approve().await;
    let token = poll(&http, &id).await.json()["access_token"].as_str().unwrap().to_owned();
    let authenticator = sandbox.authenticator(USER);
    let code = authenticator.code();
    let path = "/authsec/uflow/auth/totp/login";
    http.post_as(As::Client("me", "hunter2"), path, json!({ "email": USER, "totp_code": code })).await;
    let shown =
        format!("{:?} {:?} {:?} {authenticator:?} {waiting}", sandbox.log(), sandbox.issued(), sandbox);
    assert!(sandbox.log()[2].header("authorization").is_some());
    for secret in [id.as_str(), &token, &code, &authenticator.secret(), "hunter2", "bWU6aHVudGVyMg"] {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
}
