//! The OpenID provider's ID Tokens and keys, verified by another implementation.

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use authsec_ciba::sandbox::{Call, Fault, IdTokenFlaw, Reaction, Sandbox, User};
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde_json::{Value, json};

use crate::support::{As, Body, Http, USER, seconds};

const ME: As<'static> = As::Client("client-id", "client-secret");
const GRANT: (&str, &str) = ("grant_type", "urn:openid:params:grant-type:ciba");

async fn provider() -> (Sandbox, Http) {
    let sandbox =
        Sandbox::builder().openid().user(User::new(USER).reaction(Reaction::Approve)).start().await.unwrap();
    let http = Http::to(&sandbox);
    (sandbox, http)
}

async fn started(http: &Http, fields: &[(&str, &str)]) -> String {
    let mut form = vec![("scope", "openid email")];
    form.extend_from_slice(fields);
    let answer = http.send("POST", "/bc-authorize", ME, Body::Form(&form)).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()["auth_req_id"].as_str().unwrap().to_owned()
}

/// The answer that approves.
async fn tokens(http: &Http, id: &str) -> Value {
    let answer = http.send("POST", "/token", ME, Body::Form(&[GRANT, ("auth_req_id", id)])).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()
}

async fn signed_in(http: &Http) -> Value {
    let id = started(http, &[("login_hint", USER)]).await;
    tokens(http, &id).await
}

async fn key_set(http: &Http) -> JwkSet {
    let text = http.send("GET", "/jwks", As::Nobody, Body::None).await.text;
    serde_json::from_str(&text).unwrap()
}

/// The claims, if jsonwebtoken accepts the token for this client by a key of the set.
fn verified(sandbox: &Sandbox, keys: &JwkSet, token: &str) -> Result<Value, String> {
    let header = decode_header(token).map_err(|error| error.to_string())?;
    let kid = header.kid.ok_or("no kid")?;
    let key =
        DecodingKey::from_jwk(keys.find(&kid).ok_or("no such key")?).map_err(|error| error.to_string())?;
    let mut rules = Validation::new(Algorithm::ES256);
    rules.set_issuer(&[sandbox.issuer()]);
    rules.set_audience(&["client-id"]);
    rules.set_required_spec_claims(&["iss", "sub", "aud", "exp"]);
    decode::<Value>(token, &key, &rules).map(|data| data.claims).map_err(|error| error.to_string())
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

#[tokio::test(start_paused = true)]
async fn a_token_says_who_for_whom_and_when() {
    let (sandbox, http) = provider().await;
    let before = now();
    let id = started(&http, &[("login_hint", USER), ("acr_values", "urn:strong urn:weak")]).await;
    // The wall clock of those who verify does not run with these two.
    tokio::time::sleep(seconds(120)).await;
    sandbox.clock().advance(seconds(60));
    let answer = tokens(&http, &id).await;
    let token = answer["id_token"].as_str().unwrap();
    assert_eq!(decode_header(token).unwrap().typ.as_deref(), Some("JWT"));
    let mut claims = verified(&sandbox, &key_set(&http).await, token).unwrap();
    let issued_at = claims["iat"].as_u64().unwrap();
    assert!((before..=now()).contains(&issued_at));
    assert_eq!(claims["exp"], issued_at + 300);
    assert!((before..=issued_at).contains(&claims["auth_time"].as_u64().unwrap()));
    let hash = digest(&SHA256, answer["access_token"].as_str().unwrap().as_bytes());
    assert_eq!(claims["at_hash"], URL_SAFE_NO_PAD.encode(&hash.as_ref()[..16]));
    for known in ["iat", "exp", "auth_time", "at_hash"] {
        claims.as_object_mut().unwrap().remove(known);
    }
    assert_eq!(
        claims,
        json!({
            "iss": sandbox.issuer(),
            "aud": "client-id",
            "sub": sandbox.subject(" USER@example.com"),
            "acr": "urn:strong",
            "email": USER,
            "email_verified": true,
            "urn:openid:params:jwt:claim:auth_req_id": id,
        })
    );
}

#[tokio::test(start_paused = true)]
async fn a_rotation_keeps_the_old_key_until_it_is_dropped() {
    let (sandbox, http) = provider().await;
    let before = signed_in(&http).await["id_token"].as_str().unwrap().to_owned();
    let first = key_set(&http).await;
    sandbox.rotate_keys().unwrap();
    let after = signed_in(&http).await["id_token"].as_str().unwrap().to_owned();
    assert_eq!(verified(&sandbox, &first, &after).unwrap_err(), "no such key");
    let both = key_set(&http).await;
    assert_eq!(both.keys.len(), 2);
    assert!(verified(&sandbox, &both, &before).is_ok() && verified(&sandbox, &both, &after).is_ok());
    sandbox.drop_old_keys();
    let last = key_set(&http).await;
    assert_eq!(last.keys.len(), 1);
    assert_eq!(verified(&sandbox, &last, &before).unwrap_err(), "no such key");
    assert!(verified(&sandbox, &last, &after).is_ok());

    // The same for tests in other languages.
    let told = http.post("/_sandbox/keys", json!({ "drop_old": true })).await.json();
    let keys = key_set(&http).await;
    assert_eq!(keys.keys.len(), 1);
    assert_eq!(keys.keys[0].common.key_id.as_deref(), told["kid"].as_str());
    http.post("/_sandbox/keys", json!({})).await;
    assert_eq!(key_set(&http).await.keys.len(), 2);
}

#[tokio::test]
async fn only_a_provider_has_keys() {
    let sandbox = Sandbox::start().await.unwrap();
    let http = Http::to(&sandbox);
    assert_eq!(http.post("/_sandbox/keys", json!({})).await.status, 400);
    let slip = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| sandbox.rotate_keys()));
    let slip = *slip.unwrap_err().downcast::<&str>().unwrap();
    assert!(slip.contains("SandboxBuilder::openid"), "{slip}");
}

#[tokio::test(start_paused = true)]
async fn a_flaw_is_one_and_the_only_one() {
    let (sandbox, http) = provider().await;
    let keys = key_set(&http).await;
    let mut refusals = BTreeSet::new();
    for flaw in [
        IdTokenFlaw::Signature,
        IdTokenFlaw::Unsigned,
        IdTokenFlaw::UnknownKey,
        IdTokenFlaw::Issuer,
        IdTokenFlaw::Audience,
        IdTokenFlaw::Expired,
    ] {
        sandbox.faults().next(Call::Poll, Fault::WrongIdToken(flaw));
        let answer = signed_in(&http).await;
        let why = verified(&sandbox, &keys, answer["id_token"].as_str().unwrap()).unwrap_err();
        assert!(refusals.insert(why.clone()), "{flaw:?}: {why} is another's, too");
    }
    // Two that jsonwebtoken does not look at.
    for (flaw, claim) in [
        (IdTokenFlaw::AccessTokenHash, "at_hash"),
        (IdTokenFlaw::AuthReqId, "urn:openid:params:jwt:claim:auth_req_id"),
    ] {
        let id = started(&http, &[("login_hint", USER)]).await;
        sandbox.faults().next(Call::Poll, Fault::WrongIdToken(flaw));
        let answer = tokens(&http, &id).await;
        let claims = verified(&sandbox, &keys, answer["id_token"].as_str().unwrap()).unwrap();
        let hash = digest(&SHA256, answer["access_token"].as_str().unwrap().as_bytes());
        let hash = URL_SAFE_NO_PAD.encode(&hash.as_ref()[..16]);
        let wrong: Vec<&str> = [("at_hash", &hash), ("urn:openid:params:jwt:claim:auth_req_id", &id)]
            .into_iter()
            .filter(|(name, right)| claims[*name] != **right)
            .map(|(name, _)| name)
            .collect();
        assert_eq!(wrong, [claim]);
    }
    sandbox.faults().next(Call::Poll, Fault::WrongIdToken(IdTokenFlaw::Missing));
    assert_eq!(signed_in(&http).await.get("id_token"), None);
    assert!(verified(&sandbox, &keys, signed_in(&http).await["id_token"].as_str().unwrap()).is_ok(), "over");

    // A poll that does not approve is what it is, and the log names the fault.
    let body = json!({ "call": "poll", "fault": "wrong_id_token", "flaw": "audience", "always": true });
    assert_eq!(http.post("/_sandbox/fault", body).await.status, 200);
    let odd = json!({ "call": "poll", "fault": "wrong_id_token", "flaw": "smell" });
    assert_eq!(http.post("/_sandbox/fault", odd).await.status, 400);
    sandbox.phone(USER).react(Reaction::Ignore);
    let id = started(&http, &[("login_hint", USER)]).await;
    tokio::time::sleep(seconds(5)).await;
    let pending = http.send("POST", "/token", ME, Body::Form(&[GRANT, ("auth_req_id", &id)])).await;
    assert_eq!(pending.code(), (400, "authorization_pending".to_owned()));
    assert_eq!(sandbox.calls(Call::Poll).last().unwrap().fault, Some("wrong_id_token"));
}

#[tokio::test(start_paused = true)]
async fn an_id_token_of_before_names_the_person() {
    let (sandbox, http) = provider().await;
    let token = signed_in(&http).await["id_token"].as_str().unwrap().to_owned();
    // One that has been rotated away from, and is still shown, will do.
    sandbox.rotate_keys().unwrap();
    let id = started(&http, &[("id_token_hint", &token)]).await;
    assert_eq!(sandbox.issued().request(&id).unwrap().email, USER);
    let refused = |hint: String| {
        let http = &http;
        async move {
            let form = [("scope", "openid"), ("id_token_hint", hint.as_str())];
            http.send("POST", "/bc-authorize", ME, Body::Form(&form)).await.code()
        }
    };
    let no = (400, "invalid_request".to_owned());
    let (head, _) = token.rsplit_once('.').unwrap();
    assert_eq!(refused(format!("{head}.{}", URL_SAFE_NO_PAD.encode([1; 64]))).await, no);
    sandbox.drop_old_keys();
    assert_eq!(refused(token).await, no, "its key is gone");
    sandbox.faults().next(Call::Poll, Fault::WrongIdToken(IdTokenFlaw::Audience));
    let others = signed_in(&http).await["id_token"].as_str().unwrap().to_owned();
    assert_eq!(refused(others).await, no, "another client's");
    let mine = signed_in(&http).await["id_token"].as_str().unwrap().to_owned();
    sandbox.set_active(USER, false);
    assert_eq!(refused(mine).await, (400, "unknown_user_id".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn what_is_forgotten_is_forgotten_whole() {
    let (sandbox, http) = provider().await;
    signed_in(&http).await;
    sandbox.clock().advance(Duration::from_secs(302));
    let taken = sandbox.take_expired();
    assert_eq!(taken.len(), 1);
    assert!(taken[0].token.is_some());
    signed_in(&http).await;
}
