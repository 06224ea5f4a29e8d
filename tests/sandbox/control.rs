//! The phone page and the control API.

use authsec_ciba::ApiRoutes;
use authsec_ciba::sandbox::{Call, RequestState, Sandbox, User};
use serde_json::{Value, json};

use crate::support::{Answer, As, Body, CLIENT, Http, USER, client, initiate, plain, poll, seconds};

async fn get(http: &Http, name: &str) -> Value {
    let answer = http.send("GET", format!("/_sandbox/{name}"), As::Nobody, Body::None).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()
}

async fn post(http: &Http, name: &str, body: Value) -> Answer {
    http.post(format!("/_sandbox/{name}"), body).await
}

#[tokio::test(start_paused = true)]
async fn any_language_can_hold_the_phone() {
    let sandbox = plain().await;
    let http = Http::to(&sandbox);
    let body = json!({ "login_hint": USER, "client_id": CLIENT, "binding_message": "<b>42</b>" });
    let id = http.post("/authsec/uflow/auth/ciba/initiate", body).await.json()["auth_req_id"].clone();
    let pending = get(&http, "pending").await;
    let row = &pending["requests"][0];
    assert_eq!((&row["auth_req_id"], &row["email"]), (&id, &json!(USER)));
    assert_eq!(row["binding_message"], "<b>42</b>");
    assert_eq!(row["scopes"], json!(["openid", "email", "profile"]));
    assert!((299..=300).contains(&row["remaining_seconds"].as_u64().unwrap()));
    let yes = json!({ "auth_req_id": id, "approved": true });
    assert_eq!(post(&http, "answer", yes.clone()).await.json(), json!({ "answered": true }));
    assert_eq!(post(&http, "answer", yes).await.json(), json!({ "answered": false }));
    assert_eq!(get(&http, "pending").await["requests"], json!([]));
    assert_eq!(poll(&http, id.as_str().unwrap()).await.status, 200);
    let issued = get(&http, "issued").await["requests"][0].clone();
    assert_eq!((&issued["state"], &issued["pushes"]), (&json!("consumed"), &json!(1)));
    assert_eq!(issued.get("token"), None);
}

#[tokio::test(start_paused = true)]
async fn the_api_gives_codes_that_the_server_takes() {
    let sandbox = plain().await;
    let http = Http::to(&sandbox);
    let totp = get(&http, "totp?email=user%40example.com").await;
    assert_eq!(totp["code"], sandbox.authenticator(USER).code());
    let login = |code: &Value| {
        http.post("/authsec/uflow/auth/totp/login", json!({ "email": USER, "totp_code": code }))
    };
    assert_eq!(login(&totp["wrong_code"]).await.status, 400);
    assert_eq!(login(&totp["next_code"]).await.status, 200);
    let nobody = http.send("GET", "/_sandbox/totp?email=x", As::Nobody, Body::None).await;
    assert_eq!(nobody.status, 400);
    let users = get(&http, "users").await;
    assert_eq!(users["users"][0], json!({ "email": USER, "device": true, "totp": true, "active": true }));
}

#[tokio::test(start_paused = true)]
async fn the_api_scripts_faults_clocks_and_reactions() {
    let sandbox = plain().await;
    let http = Http::to(&sandbox);
    let id = initiate(&http).await;
    let fault = json!({ "call": "poll", "fault": "slow_down", "status": 429, "times": 2 });
    assert_eq!(post(&http, "fault", fault).await.status, 200);
    for status in [429, 429, 200] {
        assert_eq!(poll(&http, &id).await.status, status);
    }
    let answer = json!({
        "call": "any", "fault": "respond", "status": 418, "headers": { "x-tea": "pot" }, "body": "short",
        "always": true,
    });
    post(&http, "fault", answer).await;
    let teapot = poll(&http, &id).await;
    assert_eq!((teapot.status, teapot.header("x-tea"), teapot.text.as_str()), (418, "pot", "short"));
    post(&http, "fault", json!({ "clear": true })).await;
    assert_eq!(poll(&http, &id).await.status, 200);
    for broken in [
        json!({ "call": "poll", "fault": "nonsense" }),
        json!({ "call": "nonsense", "fault": "hang" }),
        json!({ "call": "poll", "fault": "cut_body" }),
        json!({ "call": "poll", "fault": "respond", "status": 7 }),
    ] {
        assert_eq!(post(&http, "fault", broken).await.status, 400);
    }
    assert_eq!(post(&http, "clock", json!({ "advance_seconds": 301 })).await.status, 200);
    assert_eq!(sandbox.issued().requests[0].state, RequestState::Expired);
    assert_eq!(post(&http, "clock", json!({ "advance_seconds": -1 })).await.status, 400);
    let react = json!({ "email": USER, "reaction": "deny" });
    assert_eq!(post(&http, "react", react).await.status, 200);
    let id = initiate(&http).await;
    assert_eq!(poll(&http, &id).await.status, 403);
}

#[tokio::test(start_paused = true)]
async fn the_log_is_there_for_others_and_does_not_hold_the_api() {
    let sandbox = plain().await;
    let http = Http::to(&sandbox);
    let id = initiate(&http).await;
    poll(&http, &id).await;
    tokio::time::sleep(seconds(5)).await;
    poll(&http, &id).await;
    get(&http, "pending").await;
    http.send("GET", "/", As::Nobody, Body::None).await;
    let all = get(&http, "log").await;
    assert_eq!(all["requests"].as_array().unwrap().len(), 3);
    let path = format!("log?auth_req_id={}", id.replace('=', "%3D"));
    let rows = get(&http, &path).await["requests"].clone();
    let rows: Vec<_> = rows.as_array().unwrap().iter().filter(|row| row["call"] == "poll").collect();
    let millis = |row: &Value| row["received_ms"].as_u64().unwrap();
    assert_eq!(rows.len(), 2);
    assert!((5000..5010).contains(&(millis(rows[1]) - millis(rows[0]))), "{rows:?}");
    assert_eq!(rows[0]["status"], 200);
    assert_eq!(sandbox.calls(Call::Unknown).len(), 0);
    sandbox.assert_expected();
}

#[tokio::test]
async fn other_web_sites_are_kept_out() {
    let sandbox = plain().await;
    let http = Http::to(&sandbox);
    let id = initiate(&http).await;
    let url = format!("{}/_sandbox/answer", sandbox.base_url());
    let body = json!({ "auth_req_id": id, "approved": true }).to_string();
    let ask = |headers: &[(&str, &str)]| {
        let mut request = client().post(&url).body(body.clone());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        async move { request.send().await.unwrap().status().as_u16() }
    };
    assert_eq!(ask(&[("content-type", "text/plain")]).await, 403, "a form needs no permission");
    assert_eq!(ask(&[]).await, 403);
    assert_eq!(ask(&[("x-sandbox", "1"), ("host", "evil.example")]).await, 403, "a rebound name");
    assert_eq!(ask(&[("x-sandbox", "1"), ("host", "127.0.0.1.evil.example")]).await, 403);
    assert_eq!(ask(&[("x-sandbox", "1"), ("origin", "https://evil.example")]).await, 403);
    let preflight = http.send("OPTIONS", "/_sandbox/answer", As::Nobody, Body::None).await;
    assert!(preflight.status >= 400 && preflight.header("access-control-allow-origin").is_empty());
    assert_eq!(sandbox.phone(USER).pending().len(), 1, "none of them got through");
    assert_eq!(ask(&[("x-sandbox", "1"), ("host", "localhost:1"), ("origin", "http://[::1]:8")]).await, 200);
    assert!(sandbox.phone(USER).pending().is_empty());
    let page = client().get(sandbox.base_url()).header("host", "evil.example").send().await.unwrap();
    assert_eq!(page.status().as_u16(), 403);
}

#[tokio::test]
async fn the_page_is_self_contained_and_writes_text_only() {
    let sandbox = Sandbox::builder().routes(ApiRoutes::Tenant).user(User::new(USER)).start().await.unwrap();
    let http = Http::to(&sandbox);
    let attack = "<img src=x onerror=alert(1)>";
    let body = json!({ "login_hint": USER, "binding_message": attack });
    http.post("/authsec/uflow/auth/ciba/initiate", body).await;
    let page = http.send("GET", "/", As::Nobody, Body::None).await;
    assert_eq!((page.status, page.header("content-type")), (200, "text/html; charset=utf-8"));
    let policy = page.header("content-security-policy");
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{policy}");
    assert!(!page.text.contains(attack) && !page.text.contains(USER));
    assert!(page.text.contains("message.textContent") || page.text.contains("node.textContent = text"));
    for forbidden in
        ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "http://", "https://"]
    {
        assert!(!page.text.contains(forbidden), "{forbidden}");
    }
    for wanted in ["lang=\"en\"", "<title>", "aria-live", "<label", "name=\"viewport\""] {
        assert!(page.text.contains(wanted), "{wanted}");
    }
}
