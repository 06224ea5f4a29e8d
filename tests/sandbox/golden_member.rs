//! The tenant plane of the older servers and the workspace plane of the newest (sections 2.1, 2.2 and 4).

use authsec_ciba::ApiRoutes;
use authsec_ciba::sandbox::{Sandbox, User};
use serde_json::{Value, json};

use crate::support::{Answer, As, Body, CLIENT, Http, OTHER, UNAPPROVED, USER};

const TENANT: &str = "/authsec/uflow/auth/tenant/ciba/";
const WORKSPACE: &str = "/authsec/uflow/auth/workspace/ciba/";
const ME: As<'static> = As::Client(CLIENT, "secret");

fn builder(generation: ApiRoutes) -> authsec_ciba::sandbox::SandboxBuilder {
    Sandbox::builder()
        .routes(generation)
        .user(User::new(USER).scopes(["openid", "email"]))
        .user(User::new("nodevice@example.com").without_device())
        .user(User::new("gone@example.com").inactive())
        .user(User::new("Capital@example.com"))
        .client(CLIENT, Some("secret"))
        .client(OTHER, Some("other"))
        .client("no-secret", None)
        .unapproved_client(UNAPPROVED, Some("x"))
}

async fn sandbox(generation: ApiRoutes) -> (Sandbox, Http) {
    let sandbox = builder(generation).start().await.unwrap();
    let http = Http::to(&sandbox);
    (sandbox, http)
}

fn assert_refused(answer: &Answer, code: &str) {
    assert_eq!(answer.code(), (400, code.to_owned()), "{}", answer.text);
    let body = answer.json();
    assert_eq!(
        (&body["auth_req_id"], &body["expires_in"], &body["interval"]),
        (&json!(""), &json!(0), &json!(0))
    );
}

fn id(answer: &Answer) -> Value {
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()["auth_req_id"].clone()
}

#[tokio::test]
async fn tenant_refusals() {
    let (_sandbox, http) = sandbox(ApiRoutes::Tenant).await;
    let ask = |client: &str, email: &str| {
        http.post(format!("{TENANT}initiate"), json!({ "client_id": client, "email": email }))
    };
    assert_refused(&ask("no-secret", USER).await, "invalid_client");
    assert_refused(&ask("11111111-1111-4111-8111-111111111111", USER).await, "invalid_client");
    assert_refused(&ask(UNAPPROVED, USER).await, "invalid_client");
    assert_refused(&ask(CLIENT, "nobody@example.com").await, "user_not_found");
    assert_refused(&ask(CLIENT, "nodevice@example.com").await, "no_device_registered");
    assert_eq!(ask(CLIENT, "USER@example.com").await.status, 200, "the input is lower-cased");
    assert_refused(&ask(CLIENT, "Capital@example.com").await, "user_not_found");
    for (client, email) in [("", USER), (CLIENT, ""), (CLIENT, "no-address"), (CLIENT, "a b@c")] {
        let answer = ask(client, email).await;
        assert_eq!(answer.status, 400);
        let body = answer.json();
        assert!(body["error"].as_str().unwrap().contains("failed on the"), "{body}");
        assert_eq!(body.as_object().unwrap().len(), 1);
    }
}

#[tokio::test]
async fn tenant_polls() {
    let (sandbox, http) = sandbox(ApiRoutes::Tenant).await;
    let path = format!("{TENANT}token");
    let initiate = || http.post(format!("{TENANT}initiate"), json!({ "client_id": CLIENT, "email": USER }));
    let (first, second) = (id(&initiate().await), id(&initiate().await));
    let ask = |id: &Value, client: &str| http.post(&path, json!({ "auth_req_id": id, "client_id": client }));
    assert_eq!(ask(&first, CLIENT).await.code(), (202, "authorization_pending".into()));
    assert_eq!(ask(&first, "no-uuid").await.code(), (400, "invalid_client".into()));
    assert!(ask(&first, "").await.code().1.contains("required"));
    sandbox.phone(USER).deny_id(second.as_str().unwrap()).unwrap();
    assert_eq!(ask(&second, CLIENT).await.code(), (400, "access_denied".into()));
    sandbox.phone(USER).approve_id(first.as_str().unwrap()).unwrap();
    let token = ask(&first, OTHER).await;
    assert_eq!(
        (token.status, &token.json()["expires_in"]),
        (200, &json!(86_400)),
        "any client of the tenant"
    );
    assert_eq!(ask(&first, CLIENT).await.code(), (400, "expired_token".into()));
}

#[tokio::test]
async fn the_planes_keep_their_requests_apart() {
    let (sandbox, http) = sandbox(ApiRoutes::Tenant).await;
    let body = json!({ "client_id": CLIENT, "email": USER });
    let id = id(&http.post(format!("{TENANT}initiate"), body).await);
    sandbox.phone(USER).approve().await;
    let admin = http.post("/authsec/uflow/auth/ciba/token", json!({ "auth_req_id": id })).await;
    assert_eq!(admin.code(), (400, "expired_token".into()));
}

#[tokio::test]
async fn workspace_checks_the_body_then_the_client_then_the_rest() {
    let (_sandbox, http) = sandbox(ApiRoutes::Workspace).await;
    let path = format!("{WORKSPACE}initiate");
    let broken = http.send("POST", &path, As::Nobody, Body::Text("{")).await;
    assert_eq!(broken.status, 400, "before authentication");
    assert_eq!(broken.json().as_object().unwrap().len(), 1);
    let nobody = json!({ "email": "nobody@example.com" });
    for who in [
        As::Nobody,
        As::Client(CLIENT, "wrong"),
        As::Client("unknown", "secret"),
        As::Client("no-secret", ""),
        As::Bearer("token"),
    ] {
        let answer = http.post_as(who, &path, nobody.clone()).await;
        assert_eq!(answer.code(), (401, "invalid_client".into()));
        assert_eq!(answer.json().as_object().unwrap().len(), 2);
        assert_eq!(answer.header("www-authenticate"), "");
    }
    let mismatch = json!({ "email": USER, "client_id": OTHER });
    assert_eq!(http.post_as(ME, &path, mismatch).await.code(), (401, "invalid_client".into()));
    let unapproved = http.post_as(As::Client(UNAPPROVED, "x"), &path, nobody.clone()).await;
    assert_refused(&unapproved, "invalid_client");
    assert_refused(&http.post_as(ME, &path, nobody).await, "user_not_found");
    let ask = |body: Value| http.post_as(ME, &path, body);
    assert_refused(&ask(json!({ "email": "gone@example.com" })).await, "user_not_found");
    assert_refused(&ask(json!({ "email": "nodevice@example.com" })).await, "no_device_registered");
    assert_refused(&ask(json!({ "email": USER, "scopes": ["admin"] })).await, "invalid_scope");
    assert_refused(&ask(json!({ "email": USER, "resource": "https://x.example" })).await, "invalid_client");
    assert_eq!(ask(json!({ "email": "USER@EXAMPLE.com", "client_id": CLIENT })).await.status, 200);
    assert_eq!(ask(json!({ "email": "capital@example.com" })).await.status, 200);
}

#[tokio::test]
async fn secrets_are_not_url_decoded() {
    let sandbox =
        Sandbox::builder().user(User::new(USER)).client("c", Some("a%20b:c")).start().await.unwrap();
    let http = Http::to(&sandbox);
    let path = format!("{WORKSPACE}initiate");
    let ask = |secret| http.post_as(As::Client("c", secret), &path, json!({ "email": USER }));
    assert_eq!(ask("a%20b:c").await.status, 200);
    assert_eq!(ask("a b:c").await.status, 401);
}

#[tokio::test]
async fn workspace_polls() {
    let (sandbox, http) = sandbox(ApiRoutes::Workspace).await;
    let initiate = |body: Value| http.post_as(ME, "/authsec/uflow/auth/workspace/ciba/initiate", body);
    let poll = |who, id: Value| {
        http.post_as(who, "/authsec/uflow/auth/workspace/ciba/token", json!({ "auth_req_id": id }))
    };
    let bare = id(&initiate(json!({ "email": USER })).await);
    assert_eq!(poll(ME, bare.clone()).await.code(), (202, "authorization_pending".into()));
    assert_eq!(poll(As::Nobody, bare.clone()).await.code(), (401, "invalid_client".into()));
    sandbox.phone(USER).approve().await;
    let foreign = poll(As::Client(OTHER, "other"), bare.clone()).await;
    assert_eq!(foreign.code(), (400, "invalid_grant".into()));
    let token = poll(ME, bare.clone()).await.json();
    assert_eq!(token["expires_in"], 86_400);
    assert_eq!(token.get("scope"), None, "no scope was asked for, and there is no default");
    assert_eq!(poll(ME, bare).await.code(), (400, "expired_token".into()));

    let scoped = id(&initiate(json!({ "email": USER, "scopes": ["email", "admin"] })).await);
    sandbox.phone(USER).approve().await;
    assert_eq!(poll(ME, scoped).await.json()["scope"], "email");

    let denied = id(&initiate(json!({ "email": USER })).await);
    sandbox.phone(USER).deny().await;
    assert_eq!(poll(ME, denied).await.code(), (400, "access_denied".into()));
}

#[tokio::test]
async fn what_changes_after_the_approval_counts() {
    let (sandbox, http) = sandbox(ApiRoutes::Workspace).await;
    let path = format!("{WORKSPACE}initiate");
    let id = id(&http.post_as(ME, &path, json!({ "email": USER, "scopes": ["email"] })).await);
    let poll = || http.post_as(ME, "/authsec/uflow/auth/workspace/ciba/token", json!({ "auth_req_id": id }));
    sandbox.phone(USER).approve().await;
    sandbox.set_active(USER, false);
    assert_eq!(poll().await.code(), (400, "access_denied".into()));
    sandbox.set_active(USER, true);
    sandbox.set_scopes(USER, ["openid"]);
    assert_eq!(poll().await.code(), (400, "invalid_scope".into()));
    sandbox.set_scopes(USER, ["email"]);
    assert_eq!(poll().await.status, 200);
}

#[tokio::test]
async fn unauthenticated_clients_can_be_let_in() {
    let sandbox = builder(ApiRoutes::Workspace).allow_unauthenticated_clients(true).start().await.unwrap();
    let http = Http::to(&sandbox);
    let path = format!("{WORKSPACE}initiate");
    let bare = json!({ "email": USER, "client_id": CLIENT });
    assert_eq!(http.post(&path, bare.clone()).await.status, 200);
    assert_eq!(http.post(&path, json!({ "email": USER })).await.status, 401);
    assert_eq!(http.post_as(As::Client(CLIENT, "wrong"), &path, bare).await.status, 401);
}

#[tokio::test]
async fn several_resources_have_to_be_told_apart() {
    let (a, b) = ("https://a.example", "https://b.example");
    let sandbox = builder(ApiRoutes::Workspace).resource(a).resource(b).start().await.unwrap();
    let http = Http::to(&sandbox);
    let path = format!("{WORKSPACE}initiate");
    assert_refused(&http.post_as(ME, &path, json!({ "email": USER })).await, "invalid_client");
    let id = id(&http.post_as(ME, &path, json!({ "email": USER, "resource": a })).await);
    let poll = |resource: &str| {
        let body = json!({ "auth_req_id": id, "resource": resource });
        http.post_as(ME, "/authsec/uflow/auth/workspace/ciba/token", body)
    };
    assert_eq!(poll("").await.code(), (400, "invalid_client".into()));
    assert_eq!(poll(b).await.code(), (400, "invalid_grant".into()));
    assert_eq!(poll(a).await.code(), (202, "authorization_pending".into()));
}
