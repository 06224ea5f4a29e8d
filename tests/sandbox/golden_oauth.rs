//! Generation 3 (sections 1, 2.1, 2.2 and 4).

use authsec_ciba::ApiRoutes;
use authsec_ciba::sandbox::{Sandbox, SandboxBuilder, User};
use serde_json::json;

use crate::support::{Answer, As, Body, CLIENT, Http, OTHER, UNAPPROVED, USER};

const ME: As<'static> = As::Client(CLIENT, "secret");
const GRANT: (&str, &str) = ("grant_type", "urn:openid:params:grant-type:ciba");

fn builder() -> SandboxBuilder {
    Sandbox::builder()
        .oauth(true)
        .user(User::new(USER))
        .user(User::new("nodevice@example.com").without_device())
        .client(CLIENT, Some("secret"))
        .client(OTHER, Some("other"))
        .unapproved_client(UNAPPROVED, Some("x"))
}

async fn authorize(http: &Http, who: As<'_>, fields: &[(&str, &str)]) -> Answer {
    http.send("POST", "/oauth/bc-authorize", who, Body::Form(fields)).await
}

async fn token(http: &Http, who: As<'_>, fields: &[(&str, &str)]) -> Answer {
    http.send("POST", "/oauth/token", who, Body::Form(fields)).await
}

#[tokio::test]
async fn an_acknowledgement_has_no_message() {
    let sandbox = builder().start().await.unwrap();
    let http = Http::to(&sandbox);
    let answer =
        authorize(&http, ME, &[("login_hint", " USER@example.com "), ("scope", "openid email")]).await;
    let mut body = answer.json();
    assert_eq!(answer.status, 200);
    body.as_object_mut().unwrap().remove("auth_req_id").unwrap();
    assert_eq!(body, json!({ "expires_in": 300, "interval": 5 }));
}

#[tokio::test]
async fn refusals_have_no_empty_acknowledgement() {
    let sandbox = builder().start().await.unwrap();
    let http = Http::to(&sandbox);
    let hint = |hint| [("login_hint", hint)];
    let unknown = authorize(&http, ME, &hint("nobody@example.com")).await;
    assert_eq!(unknown.code(), (400, "user_not_found".into()));
    assert_eq!(unknown.json().get("auth_req_id"), None);
    let none = authorize(&http, ME, &hint("nodevice@example.com")).await;
    assert_eq!(none.code(), (400, "no_device_registered".into()));
    assert_eq!(authorize(&http, ME, &[]).await.code(), (400, "invalid_request".into()));
    let unapproved = authorize(&http, As::Client(UNAPPROVED, "x"), &hint(USER)).await;
    assert_eq!(unapproved.code(), (400, "invalid_client".into()));
    let post = [("login_hint", USER), ("client_id", CLIENT), ("client_secret", "secret")];
    let in_body = authorize(&http, As::Nobody, &post).await;
    assert_eq!(in_body.code(), (401, "invalid_client".into()), "client_secret_post is not implemented");
    assert!(in_body.json()["error_description"].as_str().unwrap().starts_with("invalid_client: "));
}

#[tokio::test]
async fn polls() {
    let sandbox = builder().start().await.unwrap();
    let http = Http::to(&sandbox);
    let answer = authorize(&http, ME, &[("login_hint", USER), ("scope", "openid email")]).await.json();
    let id = answer["auth_req_id"].as_str().unwrap();
    let fields = [GRANT, ("auth_req_id", id)];
    assert_eq!(token(&http, ME, &fields).await.code(), (400, "authorization_pending".into()));
    let bad = token(&http, As::Client(CLIENT, "wrong"), &fields).await;
    assert_eq!(bad.code(), (401, "invalid_client".into()));
    let unknown = token(&http, As::Client("unknown", "x"), &fields).await;
    assert_eq!(unknown.code(), (400, "invalid_client".into()));
    assert_eq!(token(&http, As::Nobody, &fields).await.code(), (400, "invalid_request".into()));
    assert_eq!(token(&http, ME, &[GRANT]).await.code(), (400, "invalid_request".into()));
    let other = token(&http, ME, &[("grant_type", "password"), ("auth_req_id", id)]).await;
    assert_eq!(other.code(), (400, "unsupported_grant_type".into()));
    sandbox.phone(USER).approve().await;
    let foreign = token(&http, As::Client(OTHER, "other"), &fields).await;
    assert_eq!(foreign.code(), (400, "invalid_grant".into()));
    let mut body = token(&http, ME, &fields).await.json();
    assert!(body.as_object_mut().unwrap().remove("access_token").unwrap().is_string());
    assert_eq!(body, json!({ "token_type": "Bearer", "expires_in": 3600, "scope": "openid email" }));
    assert_eq!(token(&http, ME, &fields).await.code(), (400, "expired_token".into()));
}

#[tokio::test]
async fn a_denial() {
    let sandbox = builder().start().await.unwrap();
    let http = Http::to(&sandbox);
    let answer = authorize(&http, ME, &[("login_hint", USER)]).await.json();
    sandbox.phone(USER).deny().await;
    let fields = [GRANT, ("auth_req_id", answer["auth_req_id"].as_str().unwrap())];
    assert_eq!(token(&http, ME, &fields).await.code(), (400, "access_denied".into()));
}

#[tokio::test]
async fn the_metadata_tell_whether_ciba_is_on() {
    let on = builder().start().await.unwrap();
    let base = on.base_url();
    for path in ["/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"] {
        let document = Http::to(&on).send("GET", path, As::Nobody, Body::None).await.json();
        assert_eq!(document["issuer"], base);
        assert_eq!(document["backchannel_authentication_endpoint"], format!("{base}/oauth/bc-authorize"));
        assert_eq!(document["token_endpoint"], format!("{base}/oauth/token"));
        assert_eq!(document["backchannel_token_delivery_modes_supported"], json!(["poll"]));
        assert_eq!(document["backchannel_user_code_parameter_supported"], false);
        assert!(document["grant_types_supported"].as_array().unwrap().contains(&GRANT.1.into()));
    }
    let off = builder().oauth(false).start().await.unwrap();
    let http = Http::to(&off);
    let path = "/.well-known/openid-configuration";
    let document = http.send("GET", path, As::Nobody, Body::None).await.json();
    assert_eq!(document.get("backchannel_authentication_endpoint"), None);
    let refused = authorize(&http, ME, &[("login_hint", USER)]).await;
    assert_eq!(refused.code(), (400, "unsupported_grant_type".into()));
}

#[tokio::test]
async fn another_host_is_redirected_to_the_issuer() {
    let sandbox = builder().issuer("https://auth.example/").start().await.unwrap();
    let http = Http::to(&sandbox);
    let answer = authorize(&http, ME, &[("login_hint", USER)]).await;
    assert_eq!((answer.status, answer.header("location")), (308, "https://auth.example/oauth/bc-authorize"));
    assert_eq!(sandbox.issued().pushes(), 0);
    let json =
        http.post("/authsec/uflow/auth/ciba/initiate", json!({ "login_hint": USER, "client_id": CLIENT }));
    assert_eq!(json.await.status, 200, "the JSON routes do not look at the host");
}

#[tokio::test]
async fn the_workspace_plane_gets_short_tokens() {
    let sandbox = builder().start().await.unwrap();
    let http = Http::to(&sandbox);
    let plane = "/authsec/uflow/auth/workspace/ciba";
    let id = http.post_as(ME, format!("{plane}/initiate"), json!({ "email": USER })).await.json();
    sandbox.phone(USER).approve().await;
    let body = json!({ "auth_req_id": id["auth_req_id"] });
    assert_eq!(http.post_as(ME, format!("{plane}/token"), body).await.json()["expires_in"], 3600);
}

#[tokio::test]
async fn oauth_needs_the_newest_generation() {
    let error = builder().routes(ApiRoutes::Tenant).start().await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
}

/// Each is good once, at one audience, by an algorithm that this server takes.
#[cfg(feature = "openid")]
#[tokio::test]
async fn a_client_assertion_is_for_the_token_endpoint_alone() {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
    use rcgen::PublicKeyData as _;

    const BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    let pair = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
    let part = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let (x, y) = (part(&pair.der_bytes()[1..33]), part(&pair.der_bytes()[33..]));
    let jwk = json!({ "kty": "EC", "crv": "P-256", "x": x, "y": y });
    let sandbox = builder().client_key("keyed", jwk.to_string()).start().await.unwrap();
    let http = Http::to(&sandbox);
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let sign = |changes: serde_json::Value| {
        let mut claims = json!({
            "iss": "keyed", "sub": "keyed", "aud": format!("{}/oauth/token", sandbox.base_url()), "exp": now + 60, "jti": "1",
        });
        for (name, value) in changes.as_object().unwrap() {
            claims[name] = value.clone();
        }
        let key = EncodingKey::from_ec_der(&pair.serialize_der());
        encode(&Header::new(Algorithm::ES256), &claims, &key).unwrap()
    };
    let start = async |assertion: &str, kind: &str, more: &[(&str, &str)]| {
        let mut fields =
            vec![("login_hint", USER), ("client_assertion_type", kind), ("client_assertion", assertion)];
        fields.extend_from_slice(more);
        authorize(&http, As::Nobody, &fields).await
    };
    let right = sign(json!({}));
    assert_eq!(start(&right, BEARER, &[("client_id", "keyed")]).await.status, 200);
    let twice = start(&right, BEARER, &[]).await;
    assert_eq!(twice.code(), (401, "invalid_client".into()), "a jti is taken once");
    let late = sign(json!({ "jti": "2", "exp": now - 20 }));
    assert_eq!(start(&late, BEARER, &[]).await.status, 200, "30 s of leeway");
    let issuer = sandbox.base_url();
    for (assertion, kind, more) in [
        (sign(json!({ "jti": "3", "aud": issuer })), BEARER, None),
        (sign(json!({ "jti": "4", "aud": format!("{issuer}/oauth/bc-authorize") })), BEARER, None),
        (sign(json!({ "jti": "5", "sub": "another" })), BEARER, None),
        (sign(json!({ "jti": "6", "iss": CLIENT, "sub": CLIENT })), BEARER, None),
        (sign(json!({ "jti": "7", "exp": now - 31 })), BEARER, None),
        (sign(json!({ "jti": null })), BEARER, None),
        (sign(json!({ "jti": "8" })), "urn:authsec:params:oauth:client-assertion-type:spiffe-svid", None),
        (sign(json!({ "jti": "9" })), BEARER, Some(("client_id", CLIENT))),
        ("a.b.c".to_owned(), BEARER, None),
    ] {
        let more: Vec<_> = more.into_iter().collect();
        let answer = start(&assertion, kind, &more).await;
        assert_eq!(answer.code(), (401, "invalid_client".into()), "{assertion}");
    }
    let both = sign(json!({ "jti": "10" }));
    let fields = [("login_hint", USER), ("client_assertion_type", BEARER), ("client_assertion", &both)];
    assert_eq!(authorize(&http, ME, &fields).await.code(), (401, "invalid_client".into()), "one way alone");
}
