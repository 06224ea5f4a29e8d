//! The phone's own routes (sections 2.3 to 2.5).

use authsec_ciba::ApiRoutes;
use authsec_ciba::sandbox::{Sandbox, User};
use serde_json::json;

use crate::support::{As, Body, CLIENT, Http, USER, initiate, poll};

const ADMIN: &str = "/authsec/uflow/auth/ciba";
const TENANT: &str = "/authsec/uflow/auth/tenant/ciba";
const OTHER_USER: &str = "other@example.com";

async fn sandbox(generation: ApiRoutes) -> (Sandbox, Http) {
    let sandbox = Sandbox::builder()
        .routes(generation)
        .user(User::new(USER))
        .user(User::new(OTHER_USER).without_device())
        .client(CLIENT, Some("secret"))
        .start()
        .await
        .unwrap();
    let http = Http::to(&sandbox);
    (sandbox, http)
}

#[tokio::test(start_paused = true)]
async fn bearer_routes_want_a_valid_token() {
    let (sandbox, http) = sandbox(ApiRoutes::Workspace).await;
    let path = format!("{ADMIN}/respond");
    for who in [As::Nobody, As::Client("a", "b"), As::Bearer("nonsense")] {
        let answer = http.post_as(who, &path, json!({})).await;
        assert_eq!(answer.status, 401);
        assert!(answer.json()["error"].is_string());
    }
    let token = sandbox.bearer(USER).unwrap();
    assert_eq!(http.post_as(As::Bearer(&token), &path, json!({})).await.status, 400);
    sandbox.clock().advance(crate::support::seconds(86_400));
    assert_eq!(http.post_as(As::Bearer(&token), &path, json!({})).await.status, 401);
}

#[tokio::test]
async fn an_answer_approves_and_an_absent_one_denies() {
    let (sandbox, http) = sandbox(ApiRoutes::Workspace).await;
    let token = sandbox.bearer(USER).unwrap();
    let respond = |body| http.post_as(As::Bearer(&token), format!("{ADMIN}/respond"), body);
    let id = initiate(&http).await;
    let ok = respond(json!({ "auth_req_id": id, "approved": true, "biometric_verified": true })).await;
    assert_eq!((ok.status, &ok.json()["success"]), (200, &json!(true)));
    assert_eq!(poll(&http, &id).await.status, 200);
    let again = respond(json!({ "auth_req_id": id, "approved": true })).await;
    assert_eq!((again.status, &again.json()["error"]), (400, &json!("Failed to respond")));
    assert!(again.json()["details"].is_string());
    let id = initiate(&http).await;
    respond(json!({ "auth_req_id": id })).await;
    assert_eq!(poll(&http, &id).await.code(), (403, "access_denied".into()));
}

#[tokio::test]
async fn only_the_older_admin_plane_lets_anybody_answer() {
    for (generation, status) in [(ApiRoutes::Tenant, 200), (ApiRoutes::Workspace, 400)] {
        let (sandbox, http) = sandbox(generation).await;
        let id = initiate(&http).await;
        let token = sandbox.bearer(OTHER_USER).unwrap();
        let body = json!({ "auth_req_id": id, "approved": true });
        assert_eq!(http.post_as(As::Bearer(&token), format!("{ADMIN}/respond"), body).await.status, status);
    }
}

#[tokio::test]
async fn the_tenant_plane_says_no_with_a_200() {
    let (sandbox, http) = sandbox(ApiRoutes::Tenant).await;
    let body = json!({ "client_id": CLIENT, "email": USER });
    let id = http.post(format!("{TENANT}/initiate"), body).await.json()["auth_req_id"].clone();
    let (mine, other) = (sandbox.bearer(USER).unwrap(), sandbox.bearer(OTHER_USER).unwrap());
    let respond = |token, body| http.post_as(As::Bearer(token), format!("{TENANT}/respond"), body);
    let yes = json!({ "auth_req_id": id, "approved": true });
    let foreign = respond(&other, yes.clone()).await;
    assert_eq!((foreign.status, &foreign.json()["success"]), (200, &json!(false)));
    assert_eq!(respond(&mine, yes.clone()).await.json()["success"], true);
    assert_eq!(respond(&mine, yes).await.json()["success"], false);
}

#[tokio::test]
async fn the_pending_list_shows_the_callers_open_requests() {
    let (sandbox, http) = sandbox(ApiRoutes::Tenant).await;
    let ask = |message: &str| {
        let body = json!({ "client_id": CLIENT, "email": USER, "binding_message": message });
        http.post(format!("{TENANT}/initiate"), body)
    };
    let first = ask("first").await.json()["auth_req_id"].clone();
    let second = ask("").await.json()["auth_req_id"].clone();
    let (mine, other) = (sandbox.bearer(USER).unwrap(), sandbox.bearer(OTHER_USER).unwrap());
    let list = |token| http.send("GET", format!("{TENANT}/requests"), As::Bearer(token), Body::None);
    let body = list(&mine).await.json();
    let rows = body["requests"].as_array().unwrap();
    assert_eq!((&rows[0]["auth_req_id"], &rows[1]["auth_req_id"]), (&second, &first), "newest first");
    assert_eq!(rows[1]["binding_message"], "first");
    assert_eq!(rows[0].get("binding_message"), None);
    assert_eq!(rows[0]["tenant_id"], sandbox.workspace_id());
    assert_eq!(rows[0]["user_email"], USER);
    assert_eq!(rows[0]["status"], "pending");
    let created = rows[0]["created_at"].as_u64().unwrap();
    assert_eq!(rows[0]["expires_at"], created + 300);
    assert_eq!(list(&other).await.json(), json!({ "success": true, "requests": [] }));
    sandbox.phone(USER).approve().await;
    assert_eq!(list(&mine).await.json()["requests"].as_array().unwrap().len(), 1);
    let admin = http.send("GET", format!("{ADMIN}/requests"), As::Bearer(&mine), Body::None).await;
    assert_eq!(admin.status, 404, "the admin plane has no list");
}

#[tokio::test]
async fn a_device_can_be_registered_listed_and_removed() {
    let (sandbox, http) = sandbox(ApiRoutes::Tenant).await;
    let token = sandbox.bearer(OTHER_USER).unwrap();
    let me = As::Bearer(&token);
    let register = |plane: &str, body| http.post_as(me, format!("{plane}/register-device"), body);
    let device =
        json!({ "device_token": "ExponentPushToken[1]", "platform": "ios", "device_name": "My phone" });
    let answer = register(TENANT, device.clone()).await.json();
    assert_eq!(answer["success"], true);
    assert_eq!(register(TENANT, device.clone()).await.json()["device_id"], answer["device_id"]);
    assert_ne!(register(ADMIN, device).await.json()["device_id"], answer["device_id"], "a fresh, wrong id");
    let odd = json!({ "device_token": "t", "platform": "windows" });
    assert_eq!(register(TENANT, odd).await.status, 400);
    let list = || http.send("GET", format!("{ADMIN}/devices"), me, Body::None);
    let rows = list().await.json()["devices"].clone();
    assert_eq!(rows.as_array().unwrap().len(), 1);
    assert_eq!((&rows[0]["id"], &rows[0]["device_name"]), (&answer["device_id"], &json!("My phone")));
    assert_eq!((&rows[0]["is_active"], rows[0].get("device_model")), (&json!(true), None));
    let delete = |plane: &str, id: &str| http.send("DELETE", format!("{plane}/devices/{id}"), me, Body::None);
    assert_eq!(delete(ADMIN, "no-uuid").await.json(), json!({ "error": "Invalid device ID format" }));
    assert_eq!(delete(ADMIN, CLIENT).await.status, 400);
    assert_eq!(delete(TENANT, CLIENT).await.status, 200, "even when nothing matched");
    assert_eq!(delete(ADMIN, answer["device_id"].as_str().unwrap()).await.status, 200);
    assert_eq!(list().await.json()["devices"], json!([]));
}
