//! The admin plane, generation by generation (sections 2.1 and 2.2).

use authsec_ciba::ApiRoutes;
use authsec_ciba::sandbox::{Sandbox, User};
use serde_json::json;

use crate::support::{Answer, As, Body, CLIENT, Http, OTHER, UNAPPROVED, USER, poll, seconds};

async fn sandbox(generation: ApiRoutes) -> (Sandbox, Http) {
    let sandbox = Sandbox::builder()
        .routes(generation)
        .user(User::new(USER))
        .user(User::new("nodevice@example.com").without_device())
        .user(User::new("gone@example.com").inactive())
        .client(CLIENT, Some("secret"))
        .client(OTHER, Some("other"))
        .unapproved_client(UNAPPROVED, Some("x"))
        .start()
        .await
        .unwrap();
    let http = Http::to(&sandbox);
    (sandbox, http)
}

const INITIATE: &str = "/authsec/uflow/auth/ciba/initiate";
const TOKEN: &str = "/authsec/uflow/auth/ciba/token";

fn assert_refused(answer: &Answer, status: u16, code: &str) {
    assert_eq!(answer.status, status, "{}", answer.text);
    let mut body = answer.json();
    let description = body.as_object_mut().unwrap().remove("error_description").unwrap();
    assert!(!description.as_str().unwrap().is_empty());
    assert_eq!(body, json!({ "auth_req_id": "", "expires_in": 0, "interval": 0, "error": code }));
}

#[tokio::test]
async fn an_acknowledgement_has_exactly_its_four_members() {
    for generation in [ApiRoutes::Tenant, ApiRoutes::Workspace] {
        let (_sandbox, http) = sandbox(generation).await;
        let answer = http.post(INITIATE, json!({ "login_hint": USER, "client_id": CLIENT })).await;
        assert_eq!(answer.status, 200);
        let mut body = answer.json();
        let id = body["auth_req_id"].as_str().unwrap().to_owned();
        assert!(id.len() == 44 && id.ends_with('='), "{id}");
        let members = body.as_object_mut().unwrap();
        members.remove("auth_req_id");
        assert!(members.remove("message").unwrap().is_string());
        assert_eq!(body, json!({ "expires_in": 300, "interval": 5 }));
    }
}

#[tokio::test]
async fn refusals_carry_empty_acknowledgements() {
    for generation in [ApiRoutes::Tenant, ApiRoutes::Workspace] {
        let (_sandbox, http) = sandbox(generation).await;
        let ask = |hint: &str| http.post(INITIATE, json!({ "login_hint": hint, "client_id": CLIENT }));
        assert_refused(&ask("nodevice@example.com").await, 200, "no_device_registered");
        assert_refused(&ask("nobody@example.com").await, 400, "user_not_found");
        // Case does not matter, spaces do.
        assert_eq!(ask("USER@Example.com").await.status, 200);
        assert_refused(&ask(" user@example.com").await, 400, "user_not_found");
        let inactive = ask("gone@example.com").await;
        match generation {
            ApiRoutes::Workspace => assert_refused(&inactive, 400, "user_not_found"),
            _ => assert_eq!(inactive.status, 200),
        }
    }
}

#[tokio::test]
async fn the_newest_server_wants_a_client_or_a_workspace() {
    let (sandbox, http) = sandbox(ApiRoutes::Workspace).await;
    let ask = |extra: serde_json::Value| {
        let mut body = extra;
        body["login_hint"] = USER.into();
        http.post(INITIATE, body)
    };
    assert_refused(&ask(json!({})).await, 400, "invalid_request");
    assert_refused(&ask(json!({ "client_id": "nobody" })).await, 400, "invalid_request");
    assert_refused(&ask(json!({ "client_id": UNAPPROVED })).await, 400, "invalid_request");
    assert_refused(&ask(json!({ "workspace_id": OTHER })).await, 400, "invalid_request");
    assert_eq!(ask(json!({ "workspace_id": sandbox.workspace_id() })).await.status, 200);
}

#[tokio::test]
async fn the_older_server_takes_any_client_and_no_workspace() {
    let (_sandbox, http) = sandbox(ApiRoutes::Tenant).await;
    assert_eq!(http.post(INITIATE, json!({ "login_hint": USER })).await.status, 200);
    assert_eq!(http.post(INITIATE, json!({ "login_hint": USER, "client_id": "no uuid" })).await.status, 200);
}

#[tokio::test]
async fn unreadable_bodies_are_refused_in_the_admin_shape() {
    let (_sandbox, http) = sandbox(ApiRoutes::Workspace).await;
    for path in [INITIATE, TOKEN] {
        for text in ["", "{", "[]", "{}", "null", r#"{"login_hint":5,"auth_req_id":5}"#] {
            let answer = http.send("POST", path, As::Nobody, Body::Text(text)).await;
            assert_eq!(answer.status, 400, "{text}");
            let body = answer.json();
            assert_eq!(body["error"], "Invalid request body");
            assert!(body["details"].is_string() && body.as_object().unwrap().len() == 2, "{body}");
        }
    }
}

#[tokio::test]
async fn bytes_after_the_first_value_do_not_matter() {
    let (_sandbox, http) = sandbox(ApiRoutes::Tenant).await;
    let text = format!(r#"{{"login_hint":"{USER}"}} and more"#);
    assert_eq!(http.send("POST", INITIATE, As::Nobody, Body::Text(&text)).await.status, 200);
}

#[tokio::test]
async fn an_over_long_message_is_a_database_error() {
    let (sandbox, http) = sandbox(ApiRoutes::Tenant).await;
    let ask = |text: String| http.post(INITIATE, json!({ "login_hint": USER, "binding_message": text }));
    assert_eq!(ask("é".repeat(255)).await.status, 200);
    for text in ["é".repeat(256), "nul \0".to_owned()] {
        let answer = ask(text).await;
        assert_eq!(answer.status, 500);
        assert_eq!(answer.json()["error"], "Failed to initiate CIBA");
        assert!(answer.json()["details"].is_string());
    }
    assert_eq!(sandbox.issued().pushes(), 1);
}

#[tokio::test]
async fn a_poll_says_pending_then_the_token_then_expired() {
    for (generation, lifetime) in [(ApiRoutes::Tenant, 31_536_000), (ApiRoutes::Workspace, 86_400)] {
        let (sandbox, http) = sandbox(generation).await;
        let id = crate::support::initiate(&http).await;
        let pending = poll(&http, &id).await;
        assert_eq!(pending.code(), (200, "authorization_pending".into()));
        assert_eq!(pending.json().as_object().unwrap().len(), 2);
        assert_eq!(sandbox.phone(USER).approve().await, id);
        let approved = poll(&http, &id).await;
        assert_eq!(approved.status, 200);
        let mut body = approved.json();
        let token = body.as_object_mut().unwrap().remove("access_token").unwrap();
        assert_eq!(token.as_str().unwrap().split('.').count(), 3);
        let rest = json!({ "token_type": "Bearer", "expires_in": lifetime, "scope": "openid email profile" });
        assert_eq!(body, rest);
        assert_eq!(sandbox.issued().request(&id).unwrap().token.as_deref(), token.as_str());
        assert_eq!(poll(&http, &id).await.code(), (400, "expired_token".into()));
        assert_eq!(poll(&http, "unknown").await.code(), (400, "expired_token".into()));
    }
}

#[tokio::test]
async fn a_denial_is_repeated_until_the_request_expires() {
    let (sandbox, http) = sandbox(ApiRoutes::Workspace).await;
    let id = crate::support::initiate(&http).await;
    sandbox.phone(USER).deny().await;
    for _ in 0..3 {
        assert_eq!(poll(&http, &id).await.code(), (403, "access_denied".into()));
    }
    sandbox.clock().advance(seconds(301));
    assert_eq!(poll(&http, &id).await.code(), (400, "expired_token".into()));
}

#[tokio::test(start_paused = true)]
async fn an_approval_that_nobody_fetches_is_lost_after_300_seconds() {
    let (sandbox, http) = sandbox(ApiRoutes::Workspace).await;
    let (early, late) = (crate::support::initiate(&http).await, crate::support::initiate(&http).await);
    sandbox.phone(USER).approve_id(&early).unwrap();
    sandbox.phone(USER).approve_id(&late).unwrap();
    sandbox.clock().advance(seconds(300));
    assert_eq!(poll(&http, &early).await.status, 200);
    sandbox.clock().advance(seconds(1));
    assert_eq!(poll(&http, &late).await.code(), (400, "expired_token".into()));
}

#[tokio::test]
async fn a_poll_by_another_client_is_refused_by_the_newest_server_only() {
    for (generation, expected) in [(ApiRoutes::Tenant, 200), (ApiRoutes::Workspace, 401)] {
        let (sandbox, http) = sandbox(generation).await;
        let id = crate::support::initiate(&http).await;
        sandbox.phone(USER).approve().await;
        let foreign = http.post(TOKEN, json!({ "auth_req_id": id, "client_id": OTHER })).await;
        assert_eq!(foreign.status, expected);
        if generation == ApiRoutes::Workspace {
            assert_eq!(foreign.code().1, "invalid_client");
            let silent = http.post(TOKEN, json!({ "auth_req_id": id })).await;
            assert_eq!(silent.code(), (401, "invalid_client".into()));
            assert_eq!(poll(&http, &id).await.status, 200);
        }
    }
}

#[tokio::test]
async fn several_requests_of_one_user_live_side_by_side() {
    let (sandbox, http) = sandbox(ApiRoutes::Workspace).await;
    let (first, second) = (crate::support::initiate(&http).await, crate::support::initiate(&http).await);
    assert_eq!(sandbox.phone(USER).approve().await, second, "the newest first");
    assert_eq!(poll(&http, &first).await.code().1, "authorization_pending");
    assert_eq!(sandbox.phone(USER).approve().await, first);
    let tokens = [poll(&http, &first).await.json(), poll(&http, &second).await.json()];
    assert_ne!(tokens[0]["access_token"], tokens[1]["access_token"]);
}

#[tokio::test]
async fn the_newest_admin_plane_is_deprecated_and_every_answer_has_an_id() {
    let (_new, http) = sandbox(ApiRoutes::Workspace).await;
    let answer = http.post(TOKEN, json!({})).await;
    assert_eq!(answer.header("deprecation"), "true");
    assert_eq!(answer.header("sunset"), "Thu, 31 Dec 2026 00:00:00 UTC");
    assert_eq!(answer.header("link"), "</authsec/uflow/auth/workspace/ciba>; rel=\"successor-version\"");
    assert_eq!(answer.header("x-request-id").len(), 36);
    let (_apr, http) = sandbox(ApiRoutes::Tenant).await;
    assert_eq!(http.post(TOKEN, json!({})).await.header("deprecation"), "");
}

#[tokio::test]
async fn a_request_id_is_echoed() {
    let (sandbox, _http) = sandbox(ApiRoutes::Workspace).await;
    let url = format!("{}/nowhere", sandbox.base_url());
    let answer = crate::support::client().get(url).header("x-request-id", "mine").send().await.unwrap();
    assert_eq!(answer.headers()["x-request-id"], "mine");
}

#[tokio::test]
async fn everything_else_is_a_plain_404() {
    for (generation, path) in [
        (ApiRoutes::Workspace, "/uflow/auth/ciba/initiate"),
        (ApiRoutes::Workspace, "/authsec/uflow/auth/tenant/ciba/initiate"),
        (ApiRoutes::Tenant, "/authsec/uflow/auth/workspace/ciba/initiate"),
        (ApiRoutes::Tenant, "/oauth/token"),
        (ApiRoutes::Unprefixed, INITIATE),
        (ApiRoutes::Workspace, "/authsec/uflow/tenantAuth/ciba/initiate"),
    ] {
        let (_sandbox, http) = sandbox(generation).await;
        let answer = http.post(path, json!({ "login_hint": USER })).await;
        assert_eq!((answer.status, answer.header("content-type")), (404, "text/plain"), "{path}");
    }
    let (_sandbox, http) = sandbox(ApiRoutes::Workspace).await;
    assert_eq!(http.send("GET", INITIATE, As::Nobody, Body::None).await.status, 404);
}

#[tokio::test]
async fn generation_0_answers_like_generation_1_under_its_own_paths() {
    let (sandbox, http) = sandbox(ApiRoutes::Unprefixed).await;
    let body = http.post("/uflow/auth/ciba/initiate", json!({ "login_hint": USER })).await.json();
    sandbox.phone(USER).approve().await;
    let poll = http.post("/uflow/auth/ciba/token", json!({ "auth_req_id": body["auth_req_id"] })).await;
    assert_eq!(poll.json()["expires_in"], 31_536_000);
}
