//! TOTP login (sections 2.6 and 3.6).

use authsec_ciba::ApiRoutes;
use authsec_ciba::sandbox::{Sandbox, User};
use serde_json::json;

use crate::support::{Answer, CLIENT, Http, USER, seconds};

const ADMIN: &str = "/authsec/uflow/auth/totp/login";
const TENANT: &str = "/authsec/uflow/auth/tenant/totp/login";
const WORKSPACE: &str = "/authsec/uflow/auth/workspace/totp/login";

async fn sandbox(generation: ApiRoutes) -> (Sandbox, Http) {
    let sandbox = Sandbox::builder()
        .routes(generation)
        .user(User::new(USER).with_totp())
        .user(User::new("none@example.com"))
        .client(CLIENT, Some("secret"))
        .start()
        .await
        .unwrap();
    let http = Http::to(&sandbox);
    (sandbox, http)
}

async fn login(http: &Http, path: &str, email: &str, code: &str) -> Answer {
    let mut body = json!({ "email": email, "totp_code": code });
    if path != ADMIN {
        body["client_id"] = CLIENT.into();
    }
    http.post(path, body).await
}

fn assert_verified(sandbox: &Sandbox, answer: &Answer) {
    assert_eq!(answer.status, 200, "{}", answer.text);
    let body = answer.json();
    assert_eq!(body["success"], true);
    assert!(body["message"].is_string() && body.as_object().unwrap().len() == 3, "{body}");
    let (email, token) = sandbox.issued().totp_tokens.pop().unwrap();
    assert_eq!((email.as_str(), token.as_str()), (USER, body["token"].as_str().unwrap()));
}

#[tokio::test]
async fn admin_answers() {
    for generation in [ApiRoutes::Tenant, ApiRoutes::Workspace] {
        let (sandbox, http) = sandbox(generation).await;
        let phone = sandbox.authenticator(USER);
        let wrong = login(&http, ADMIN, USER, &phone.wrong_code()).await;
        assert_eq!((wrong.status, wrong.json()), (400, json!({ "error": "Invalid TOTP code" })));
        let letters = login(&http, ADMIN, USER, "abcdef").await;
        assert_eq!(letters.json()["error"], "Invalid TOTP code", "any six characters are looked at");
        let none = login(&http, ADMIN, "none@example.com", "000000").await;
        assert_eq!((none.status, none.json()), (400, json!({ "error": "no TOTP devices registered" })));
        let unknown = login(&http, ADMIN, "nobody@example.com", "000000").await;
        assert_eq!((unknown.status, unknown.json()), (404, json!({ "error": "User not found" })));
        for (email, code) in [(USER, "12345"), (USER, "1234567"), ("nobody", "123456"), (USER, "")] {
            let invalid = login(&http, ADMIN, email, code).await;
            assert_eq!((invalid.status, &invalid.json()["error"]), (400, &json!("Invalid request body")));
        }
        assert_verified(&sandbox, &login(&http, ADMIN, "User@Example.com", &phone.code()).await);
    }
}

#[tokio::test]
async fn tenant_answers() {
    let (sandbox, http) = sandbox(ApiRoutes::Tenant).await;
    let phone = sandbox.authenticator(USER);
    let wrong = login(&http, TENANT, USER, &phone.wrong_code()).await;
    assert_eq!(wrong.status, 401);
    assert_eq!(wrong.json(), json!({ "success": false, "message": "Invalid TOTP code" }));
    for email in ["nobody@example.com", "none@example.com"] {
        let answer = login(&http, TENANT, email, "000000").await;
        assert_eq!((answer.status, &answer.json()["success"]), (401, &json!(false)));
        assert_ne!(answer.json()["message"], "Invalid TOTP code");
    }
    let foreign = json!({ "email": USER, "totp_code": phone.code(), "client_id": "no-uuid" });
    assert_eq!(http.post(TENANT, foreign).await.status, 401);
    let short = login(&http, TENANT, USER, "12345").await;
    assert_eq!((short.status, short.json().as_object().unwrap().len()), (400, 1));
    assert_verified(&sandbox, &login(&http, TENANT, USER, &phone.code()).await);
}

#[tokio::test]
async fn the_newest_workspace_plane_never_says_yes() {
    let (sandbox, http) = sandbox(ApiRoutes::Workspace).await;
    let code = sandbox.authenticator(USER).code();
    let answer = login(&http, WORKSPACE, USER, &code).await;
    assert_eq!((answer.status, &answer.json()["success"]), (401, &json!(false)));
    assert!(answer.json()["message"].as_str().unwrap().contains("not mapped"));
    let odd = json!({ "email": USER, "totp_code": code, "client_id": "no-uuid" });
    assert!(http.post(WORKSPACE, odd).await.json()["message"].as_str().unwrap().contains("bad format"));
}

#[tokio::test(start_paused = true)]
async fn the_fifth_wrong_code_locks_the_newest_admin_plane() {
    let (sandbox, http) = sandbox(ApiRoutes::Workspace).await;
    let phone = sandbox.authenticator(USER);
    for _ in 0..4 {
        assert_eq!(login(&http, ADMIN, USER, &phone.wrong_code()).await.status, 400);
    }
    let fifth = login(&http, ADMIN, USER, &phone.wrong_code()).await;
    assert_eq!((fifth.status, fifth.header("retry-after")), (429, ""));
    assert!(fifth.json()["error"].as_str().unwrap().contains("locked"));
    sandbox.clock().advance(seconds(899));
    assert_eq!(login(&http, ADMIN, USER, &phone.code()).await.status, 429, "a right code is refused, too");
    sandbox.clock().advance(seconds(2));
    assert_verified(&sandbox, &login(&http, ADMIN, USER, &phone.code()).await);
}

#[tokio::test(start_paused = true)]
async fn a_code_counts_once_on_the_newest_server_and_again_on_the_older() {
    for (generation, second) in [(ApiRoutes::Workspace, 400), (ApiRoutes::Tenant, 200)] {
        let (sandbox, http) = sandbox(generation).await;
        let code = sandbox.authenticator(USER).next_code();
        assert_eq!(login(&http, ADMIN, USER, &code).await.status, 200);
        assert_eq!(login(&http, ADMIN, USER, &code).await.status, second);
    }
}

#[tokio::test]
async fn the_older_server_never_locks() {
    let (sandbox, http) = sandbox(ApiRoutes::Tenant).await;
    let phone = sandbox.authenticator(USER);
    for _ in 0..8 {
        assert_eq!(login(&http, ADMIN, USER, &phone.wrong_code()).await.status, 400);
    }
    assert_eq!(login(&http, ADMIN, USER, &phone.code()).await.status, 200);
}

#[tokio::test]
async fn a_given_secret_makes_the_codes_of_rfc_6238() {
    let user = User::new(USER).totp_secret("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
    let sandbox = Sandbox::builder().user(user).start().await.unwrap();
    let since_epoch = |at: std::time::SystemTime| at.duration_since(std::time::UNIX_EPOCH).unwrap();
    let clock = sandbox.clock();
    clock.advance(seconds(20_000_000_000) - since_epoch(clock.now()));
    assert_eq!(sandbox.authenticator(USER).code(), "353130");
    let broken = Sandbox::builder().user(User::new(USER).totp_secret("not base32")).start().await;
    assert_eq!(broken.unwrap_err().kind(), std::io::ErrorKind::InvalidInput);
}
