//! The OpenID provider's routes, byte by byte (OpenID CIBA Core 1.0, "CIBA" below).

use authsec_ciba::sandbox::{Call, Fault, RequestState, Sandbox, SandboxBuilder, User};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::support::{USER, drain, seconds, split};

const START: &str = "/bc-authorize";
const TOKEN: &str = "/token";
/// The grant, form-encoded.
const GRANT: &str = "grant_type=urn%3Aopenid%3Aparams%3Agrant-type%3Aciba";
const ME: &str = "Basic Y2hlY2tvdXQ6c2VjcmV0"; // checkout:secret
const OTHER: &str = "Basic b3RoZXI6c2VjcmV0"; // other:secret

fn builder() -> SandboxBuilder {
    Sandbox::builder()
        .openid()
        .user(User::new(USER))
        .user(User::new("nodevice@example.com").without_device())
        .user(User::new("gone@example.com").inactive())
        .client("checkout", Some("secret"))
        .client("other", Some("secret"))
        .client("odd:id+1%", Some("p@ss w&rd"))
        .unapproved_client("unapproved", Some("secret"))
}

/// Status, head and body of an answer.
struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Answer {
    fn json(&self) -> Value {
        assert!(self.head.contains("content-type: application/json"), "{}", self.head);
        serde_json::from_str(&self.body).unwrap()
    }

    /// Status and `error`.
    fn code(&self) -> (u16, String) {
        (self.status, self.json()["error"].as_str().unwrap_or_default().to_owned())
    }
}

/// Sends these bytes, and reads to the end of the connection.
async fn raw(sandbox: &Sandbox, request: &str) -> Answer {
    let mut stream = TcpStream::connect(sandbox.address()).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let (answer, end) = drain(&mut stream).await;
    end.unwrap();
    let (head, body) = split(&answer);
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Answer { status, head: head.to_owned(), body: body.to_owned() }
}

async fn get(sandbox: &Sandbox, path: &str) -> Answer {
    let host = sandbox.address();
    raw(sandbox, &format!("GET {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n")).await
}

/// Posts a form that is written out; `authorization` may be empty.
async fn post(sandbox: &Sandbox, path: &str, authorization: &str, form: &str) -> Answer {
    let header =
        if authorization.is_empty() { String::new() } else { format!("authorization: {authorization}\r\n") };
    let request = format!(
        "POST {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n{header}\
         content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{form}",
        sandbox.address(),
        form.len()
    );
    raw(sandbox, &request).await
}

const HINT: &str = "scope=openid&login_hint=user%40example.com";

/// Starts for [`USER`], and gives the id.
async fn started(sandbox: &Sandbox, authorization: &str) -> String {
    let answer = post(sandbox, START, authorization, HINT).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()["auth_req_id"].as_str().unwrap().to_owned()
}

async fn poll(sandbox: &Sandbox, authorization: &str, id: &str) -> Answer {
    post(sandbox, TOKEN, authorization, &format!("{GRANT}&auth_req_id={id}")).await
}

fn code(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

#[tokio::test(start_paused = true)]
async fn the_metadata_name_the_routes() {
    let sandbox = builder().start().await.unwrap();
    let issuer = sandbox.base_url();
    assert_eq!(sandbox.issuer(), issuer);
    let metadata = get(&sandbox, "/.well-known/openid-configuration").await.json();
    assert_eq!(
        metadata,
        json!({
            "issuer": issuer,
            "token_endpoint": format!("{issuer}/token"),
            "jwks_uri": format!("{issuer}/jwks"),
            "backchannel_authentication_endpoint": format!("{issuer}/bc-authorize"),
            "backchannel_token_delivery_modes_supported": ["poll"],
            "backchannel_user_code_parameter_supported": false,
            "grant_types_supported": ["urn:openid:params:grant-type:ciba"],
            "response_types_supported": [],
            "subject_types_supported": ["public"],
            "scopes_supported": ["openid", "email", "profile"],
            "claims_supported": [
                "iss", "sub", "aud", "exp", "iat", "auth_time", "acr", "at_hash", "email", "email_verified",
                "urn:openid:params:jwt:claim:auth_req_id",
            ],
            "id_token_signing_alg_values_supported": ["ES256"],
            "token_endpoint_auth_methods_supported":
                ["client_secret_basic", "client_secret_post", "private_key_jwt"],
            "token_endpoint_auth_signing_alg_values_supported": ["ES256", "EdDSA", "Ed25519", "PS256", "RS256"],
        })
    );
    let keys = get(&sandbox, "/jwks").await.json()["keys"].as_array().unwrap().clone();
    assert_eq!(keys.len(), 1);
    for (name, value) in [("kty", "EC"), ("crv", "P-256"), ("use", "sig"), ("alg", "ES256")] {
        assert_eq!(keys[0][name], value);
    }
    assert_eq!(keys[0].get("d"), None, "the private part stays inside");
    assert_eq!((sandbox.calls(Call::Discovery).len(), sandbox.calls(Call::Keys).len()), (1, 1));
    sandbox.assert_expected();
}

#[tokio::test(start_paused = true)]
async fn without_openid_there_are_no_such_routes() {
    let sandbox = Sandbox::start().await.unwrap();
    assert_eq!(get(&sandbox, "/jwks").await.status, 404);
    assert_eq!(post(&sandbox, START, ME, HINT).await.status, 404);
    assert_eq!(post(&sandbox, TOKEN, ME, GRANT).await.status, 404);
}

#[tokio::test(start_paused = true)]
async fn an_acknowledgement_and_its_tokens() {
    let sandbox = builder().start().await.unwrap();
    let start = post(
        &sandbox,
        START,
        ME,
        "scope=openid+email+openid-plus&login_hint=+USER%40example.com+&binding_message=PAY-4711",
    )
    .await;
    assert!(start.head.contains("cache-control: no-store"), "{}", start.head);
    let mut acknowledged = start.json();
    let id = acknowledged.as_object_mut().unwrap().remove("auth_req_id").unwrap();
    let id = id.as_str().unwrap();
    assert_eq!(acknowledged, json!({ "expires_in": 300, "interval": 5 }));
    // CIBA, section 7.3: the characters of an id, and enough of them.
    assert_eq!(id.len(), 43);
    assert!(id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte)), "{id}");
    let shown = &sandbox.phone(USER).pending()[0];
    assert_eq!(shown.binding_message.as_deref(), Some("PAY-4711"));
    assert_eq!(shown.scopes, ["openid", "email", "openid-plus"]);

    tokio::time::sleep(seconds(5)).await;
    assert_eq!(poll(&sandbox, ME, id).await.code(), code(400, "authorization_pending"));
    sandbox.phone(USER).approve().await;
    let answer = poll(&sandbox, ME, id).await;
    assert!(answer.head.contains("cache-control: no-store"), "{}", answer.head);
    let mut tokens = answer.json();
    let members = tokens.as_object_mut().unwrap();
    let access_token = members.remove("access_token").unwrap();
    assert!(members.remove("id_token").unwrap().is_string());
    assert_eq!(
        tokens,
        json!({ "token_type": "Bearer", "expires_in": 3600, "scope": "openid email openid-plus" })
    );
    let issued = sandbox.issued();
    assert_eq!(issued.requests[0].token.as_deref(), access_token.as_str());
    assert_eq!((issued.requests[0].state, issued.pushes_to(USER)), (RequestState::Consumed, 1));
    assert!(issued.requests[0].answered_at.is_some());
    assert_eq!(poll(&sandbox, ME, id).await.code(), code(400, "invalid_grant"), "once only");
    sandbox.clock().advance(seconds(301));
    assert_eq!(poll(&sandbox, ME, id).await.code(), code(400, "invalid_grant"), "fetched, not expired");
    assert_eq!(sandbox.polls_of_request(id).len(), 4);
    sandbox.assert_expected();
}

#[tokio::test(start_paused = true)]
async fn what_people_and_time_do_to_a_request() {
    let sandbox = builder().lifetime(seconds(60)).start().await.unwrap();
    let denied = started(&sandbox, ME).await;
    sandbox.phone(USER).deny().await;
    for _ in 0..2 {
        assert_eq!(poll(&sandbox, ME, &denied).await.code(), code(400, "access_denied"));
    }
    let late = started(&sandbox, ME).await;
    sandbox.clock().advance(seconds(61));
    assert_eq!(poll(&sandbox, ME, &late).await.code(), code(400, "expired_token"));
    assert_eq!(poll(&sandbox, ME, "unknown").await.code(), code(400, "invalid_grant"));
    let mine = started(&sandbox, ME).await;
    assert_eq!(poll(&sandbox, OTHER, &mine).await.code(), code(400, "invalid_grant"), "another client's");
    assert_eq!(sandbox.take_expired().len(), 2);
    assert_eq!(poll(&sandbox, ME, &late).await.code(), code(400, "invalid_grant"), "forgotten");
}

#[tokio::test(start_paused = true)]
async fn whoever_polls_too_early_has_to_slow_down() {
    let sandbox = builder().start().await.unwrap();
    let id = started(&sandbox, ME).await;
    tokio::time::sleep(seconds(4)).await;
    assert_eq!(poll(&sandbox, ME, &id).await.code(), code(400, "slow_down"), "the first one, too");
    tokio::time::sleep(seconds(9)).await;
    assert_eq!(poll(&sandbox, ME, &id).await.code(), code(400, "slow_down"), "10 s are to pass now");
    tokio::time::sleep(seconds(10)).await;
    assert_eq!(poll(&sandbox, ME, &id).await.code(), code(400, "authorization_pending"));
    // Half a second is the network's.
    tokio::time::sleep(std::time::Duration::from_millis(9_500)).await;
    assert_eq!(poll(&sandbox, ME, &id).await.code(), code(400, "authorization_pending"));
    sandbox.phone(USER).approve().await;
    assert_eq!(poll(&sandbox, ME, &id).await.status, 200, "an answer that is there is given");
}

#[tokio::test(start_paused = true)]
async fn a_start_that_is_refused_asks_nobody() {
    let sandbox = builder().start().await.unwrap();
    let long = format!("{HINT}&binding_message={}", "x".repeat(256));
    for (form, status, wanted) in [
        ("login_hint=user%40example.com", 400, "invalid_request"),
        ("scope=email&login_hint=user%40example.com", 400, "invalid_scope"),
        ("scope=openid", 400, "invalid_request"),
        ("scope=openid&login_hint=", 400, "invalid_request"),
        ("scope=openid&login_hint=user%40example.com&login_hint_token=t", 400, "invalid_request"),
        ("scope=openid&login_hint_token=t", 400, "invalid_request"),
        ("scope=openid&id_token_hint=a.b.c", 400, "invalid_request"),
        ("scope=openid&login_hint=nobody%40example.com", 400, "unknown_user_id"),
        ("scope=openid&login_hint=gone%40example.com", 400, "unknown_user_id"),
        ("scope=openid&login_hint=nodevice%40example.com", 403, "access_denied"),
        ("scope=openid&login_hint=user%40example.com&login_hint=user%40example.com", 400, "invalid_request"),
        ("scope=openid&login_hint=user%40example.com&requested_expiry=0", 400, "invalid_request"),
        ("scope=openid&login_hint=user%40example.com&requested_expiry=-5", 400, "invalid_request"),
        ("scope=openid&login_hint=user%40example.com&requested_expiry=soon", 400, "invalid_request"),
        ("scope=openid&login_hint=user%40example.com&binding_message=a%0Ab", 400, "invalid_binding_message"),
        (&long, 400, "invalid_binding_message"),
        ("scope=openid&login_hint=user%40example.com&user_code=1234", 400, "invalid_request"),
        ("scope=openid&login_hint=user%40example.com&client_notification_token=t", 400, "invalid_request"),
        ("request=a.b.c", 400, "invalid_request"),
    ] {
        assert_eq!(post(&sandbox, START, ME, form).await.code(), code(status, wanted), "{form}");
    }
    let request = format!(
        "POST {START} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\nauthorization: {ME}\r\n\
         content-type: application/json\r\ncontent-length: 2\r\n\r\n{{}}",
        sandbox.address()
    );
    assert_eq!(raw(&sandbox, &request).await.code(), code(400, "invalid_request"), "no form");
    assert_eq!((sandbox.issued().requests.len(), sandbox.phone(USER).pending().len()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn requested_expiry_counts_up_to_a_day() {
    let sandbox = builder().start().await.unwrap();
    let wish = |seconds: u64| format!("{HINT}&requested_expiry={seconds}");
    assert_eq!(post(&sandbox, START, ME, &wish(604_800)).await.json()["expires_in"], 86_400);
    let answer = post(&sandbox, START, ME, &wish(20)).await.json();
    assert_eq!(answer["expires_in"], 20);
    tokio::time::sleep(seconds(22)).await;
    let id = answer["auth_req_id"].as_str().unwrap();
    assert_eq!(poll(&sandbox, ME, id).await.code(), code(400, "expired_token"));
}

#[tokio::test(start_paused = true)]
async fn scopes_that_a_role_does_not_grant_are_left_out() {
    let sandbox = builder().start().await.unwrap();
    sandbox.set_scopes(USER, ["profile"]);
    let form = "scope=openid+email+profile&login_hint=user%40example.com";
    let id = post(&sandbox, START, ME, form).await.json()["auth_req_id"].as_str().unwrap().to_owned();
    sandbox.phone(USER).approve().await;
    assert_eq!(poll(&sandbox, ME, &id).await.json()["scope"], "openid profile");
}

#[tokio::test(start_paused = true)]
async fn clients_authenticate_in_one_way_and_rightly() {
    let sandbox = builder().start().await.unwrap();
    // RFC 6749, section 2.3.1: each half is form-encoded.
    let odd = format!("Basic {}", STANDARD.encode("odd%3Aid%2B1%25:p%40ss+w%26rd"));
    assert_eq!(post(&sandbox, START, &odd, HINT).await.status, 200);
    let in_body = format!("{HINT}&client_id=checkout&client_secret=secret");
    assert_eq!(post(&sandbox, START, "", &in_body).await.status, 200);
    let same = format!("{HINT}&client_id=checkout");
    assert_eq!(post(&sandbox, START, ME, &same).await.status, 200);

    let basic = |pair: &str| format!("Basic {}", STANDARD.encode(pair));
    for header in [
        "",
        "Bearer token",
        "Basic ***",
        &basic("checkout"),
        &basic("checkout:wrong"),
        &basic("nobody:secret"),
        &basic("checkout:"),
        &basic("odd:id+1%:p@ss w&rd"),
    ] {
        for (path, form) in [(START, HINT.to_owned()), (TOKEN, format!("{GRANT}&auth_req_id=x"))] {
            let answer = post(&sandbox, path, header, &form).await;
            assert_eq!(answer.code(), code(401, "invalid_client"), "{header:?} {path}");
            assert!(answer.head.contains("www-authenticate: Basic realm="), "{}", answer.head);
        }
    }
    for form in
        ["client_id=checkout&client_secret=wrong", "client_id=checkout", "client_id=nobody&client_secret=x"]
    {
        let answer = post(&sandbox, START, "", &format!("{HINT}&{form}")).await;
        assert_eq!(answer.code(), code(401, "invalid_client"), "{form}");
    }
    for (header, form) in [
        (ME, "client_id=checkout&client_secret=secret"),
        (ME, "client_id=other"),
        ("", "client_secret=secret"),
        ("", "client_id=checkout&client_secret=secret&client_assertion=a.b.c"),
    ] {
        let answer = post(&sandbox, START, header, &format!("{HINT}&{form}")).await;
        assert_eq!(answer.code(), code(400, "invalid_request"), "{header:?} {form}");
    }
    let unapproved = post(&sandbox, START, &basic("unapproved:secret"), HINT).await;
    assert_eq!(unapproved.code(), code(400, "unauthorized_client"));
    assert_eq!(sandbox.issued().requests.len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_public_client_gets_in_only_where_the_sandbox_lets_it() {
    let sandbox = builder().allow_unauthenticated_clients(true).start().await.unwrap();
    assert_eq!(post(&sandbox, START, "", &format!("{HINT}&client_id=checkout")).await.status, 200);
    let unknown = post(&sandbox, START, "", &format!("{HINT}&client_id=nobody")).await;
    assert_eq!(unknown.code(), code(401, "invalid_client"));
    let metadata = get(&sandbox, "/.well-known/openid-configuration").await.json();
    assert!(metadata["token_endpoint_auth_methods_supported"].as_array().unwrap().contains(&json!("none")));
}

#[tokio::test(start_paused = true)]
async fn polls_that_are_none() {
    let sandbox = builder().start().await.unwrap();
    let id = started(&sandbox, ME).await;
    for (form, wanted) in [
        (format!("auth_req_id={id}"), "invalid_request"),
        (format!("grant_type=password&auth_req_id={id}"), "unsupported_grant_type"),
        (GRANT.to_owned(), "invalid_request"),
        (format!("{GRANT}&auth_req_id={id}&auth_req_id={id}"), "invalid_request"),
    ] {
        assert_eq!(post(&sandbox, TOKEN, ME, &form).await.code(), code(400, wanted), "{form}");
    }
    assert_eq!(sandbox.unexpected().len(), 4);
}

#[tokio::test(start_paused = true)]
async fn the_two_servers_do_not_mix_their_requests() {
    let sandbox = builder().oauth(true).start().await.unwrap();
    let id = started(&sandbox, ME).await;
    let oauth = post(&sandbox, "/oauth/bc-authorize", ME, HINT).await.json();
    let oauth = oauth["auth_req_id"].as_str().unwrap();
    sandbox.phone(USER).approve_id(&id).unwrap();
    sandbox.phone(USER).approve_id(oauth).unwrap();
    let form = |id: &str| format!("{GRANT}&auth_req_id={}", id.replace('=', "%3D"));
    assert_eq!(post(&sandbox, "/oauth/token", ME, &form(&id)).await.code(), code(400, "expired_token"));
    assert_eq!(post(&sandbox, TOKEN, ME, &form(oauth)).await.code(), code(400, "invalid_grant"));
    assert_eq!(post(&sandbox, "/oauth/token", ME, &form(oauth)).await.status, 200);
    assert_eq!(post(&sandbox, TOKEN, ME, &form(&id)).await.status, 200);
    let theirs = get(&sandbox, "/.well-known/oauth-authorization-server").await.json();
    assert_eq!(theirs["token_endpoint"], format!("{}/oauth/token", sandbox.issuer()));
}

#[tokio::test(start_paused = true)]
async fn faults_reach_these_routes() {
    let sandbox = builder().start().await.unwrap();
    sandbox.faults().next(Call::Discovery, Fault::html_502()).next(Call::Keys, Fault::unavailable_503(None));
    assert_eq!(get(&sandbox, "/.well-known/openid-configuration").await.status, 502);
    assert_eq!(get(&sandbox, "/jwks").await.status, 503);
    let id = started(&sandbox, ME).await;
    sandbox.phone(USER).approve().await;
    sandbox.faults().next(Call::Poll, Fault::transaction_failed());
    assert_eq!(poll(&sandbox, ME, &id).await.code(), code(400, "transaction_failed"));
    sandbox.assert_expected();
}
