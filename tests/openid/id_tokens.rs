//! ID Tokens that do not stand the checks let nobody in (O-58 to O-71).

use authsec_ciba::{CibaClient, ErrorKind, Hint, OpenId};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::op::{Answer, CLIENT, Key, Op, TOKEN, now};
use crate::support::{client, polled, started, status, stops, with};

/// Approves with this ID Token, and gives the check that it failed.
async fn failed(op: &Op, id_token: &str) -> Option<&'static str> {
    let (outcome, polls) = polled(op, [op.tokens(id_token)]).await;
    let error = outcome.expect_err("an ID Token that is none");
    assert_eq!(error.kind(), ErrorKind::IdToken, "{error}");
    assert!(!error.is_retryable());
    assert_eq!(polls.len(), 1, "no further poll");
    let shown = format!("{error} {error:?}");
    for part in id_token.split('.').filter(|part| part.len() > 8) {
        assert!(!shown.contains(part), "{shown}");
    }
    assert!(!shown.contains("access-1"), "{shown}");
    error.field()
}

async fn failed_with(changes: Value) -> Option<&'static str> {
    let op = Op::start().await;
    let id_token = op.id_token(changes);
    failed(&op, &id_token).await
}

#[tokio::test(start_paused = true)]
async fn c15_c16_c17_of_another_or_for_another() {
    for iss in ["https://other.example", "", "http://127.0.0.1"] {
        assert_eq!(failed_with(json!({ "iss": iss })).await, Some("iss"));
    }
    for aud in [json!("other"), json!(["other"]), json!(""), json!([]), json!(7), json!([7])] {
        assert_eq!(failed_with(json!({ "aud": aud })).await, Some("aud"), "{aud}");
    }
    assert_eq!(failed_with(json!({ "aud": [CLIENT, "other"] })).await, Some("aud"));
    assert_eq!(failed_with(json!({ "azp": "other" })).await, Some("azp"));
}

#[tokio::test(start_paused = true)]
async fn c18_a_broken_signature() {
    let op = Op::start().await;
    let right = op.id_token(json!({}));
    let (input, signature) = right.rsplit_once('.').expect("a signature");
    let mut bytes = URL_SAFE_NO_PAD.decode(signature).expect("base64url");
    bytes[10] ^= 1;
    let broken = format!("{input}.{}", URL_SAFE_NO_PAD.encode(&bytes));
    assert_eq!(failed(&op, &broken).await, Some("signature"));
    let stranger = Key::es256("one").sign(&op.claims().to_string());
    assert_eq!(failed(&op, &stranger).await, Some("signature"));
}

#[tokio::test(start_paused = true)]
async fn c19_c20_none_and_an_algorithm_that_is_not_this_clients() {
    let op = Op::start().await;
    let claims = op.claims().to_string();
    for alg in ["none", "None", "NONE", "nOnE"] {
        let header = URL_SAFE_NO_PAD.encode(format!(r#"{{"alg":"{alg}"}}"#));
        let unsigned = format!("{header}.{}.", URL_SAFE_NO_PAD.encode(&claims));
        assert!(failed(&op, &unsigned).await.is_some());
        let signed = op.key().sign_with(&format!(r#"{{"alg":"{alg}","kid":"one"}}"#), &claims);
        assert_eq!(failed(&op, &signed).await, Some("alg"));
    }
    // The right provider's own key, by an algorithm that is not in the client's set.
    let other = Key::es384("three");
    let set = format!(r#"{{"keys":[{},{}]}}"#, op.key().jwk(), other.jwk());
    op.always(crate::op::KEYS, Answer::json(200, set));
    let signed = other.sign(&claims);
    assert_eq!(failed(&op, &signed).await, Some("alg"));
}

#[tokio::test(start_paused = true)]
async fn c21_c22_over_and_a_week_old() {
    assert_eq!(failed_with(json!({ "exp": now() - 61 })).await, Some("exp"));
    assert_eq!(failed_with(json!({ "iat": now() - 7 * 24 * 3600 })).await, Some("iat"));
    assert_eq!(failed_with(json!({ "iat": now() + 120 })).await, Some("iat"));
    assert_eq!(failed_with(json!({ "nbf": now() + 120 })).await, Some("nbf"));
}

#[tokio::test(start_paused = true)]
async fn c23_c24_c25_what_is_missing() {
    for name in ["aud", "exp", "iss", "iat", "sub"] {
        assert_eq!(failed_with(json!({ name: null })).await, Some(name));
    }
}

#[tokio::test(start_paused = true)]
async fn c47_at_hash_wrong() {
    assert_eq!(failed_with(json!({ "at_hash": "AAAAAAAAAAAAAAAAAAAAAA" })).await, Some("at_hash"));
    let op = Op::start().await;
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, b"access-1");
    let right = URL_SAFE_NO_PAD.encode(&digest.as_ref()[..16]);
    let (outcome, _) = polled(&op, [op.tokens(&op.id_token(json!({ "at_hash": right })))]).await;
    assert_eq!(status(&outcome), "approved");
}

#[tokio::test(start_paused = true)]
async fn o58_o61_what_is_no_signed_jwt() {
    let op = Op::start().await;
    let claims = op.claims().to_string();
    for id_token in ["x", "a.b", "a.b.c", "a.b.c.d", "..", "\u{e4}.b.c"] {
        failed(&op, id_token).await;
    }
    for header in [
        r#"{"alg":"ES256","kid":"one","crit":["exp"]}"#,
        r#"{"alg":"ES256","alg":"ES256","kid":"one"}"#,
        r#"{"kid":"one"}"#,
        r#"{"alg":"ES256","kid":"one","typ":"at+jwt"}"#,
    ] {
        let signed = op.key().sign_with(header, &claims);
        failed(&op, &signed).await;
    }
    let (outcome, _) = polled(&op, [op.tokens("a.b.c.d.e")]).await;
    let error = outcome.expect_err("encrypted");
    assert_eq!(error.kind(), ErrorKind::Config, "{error}");
}

#[tokio::test(start_paused = true)]
async fn o67_the_approval_of_another_person_is_none() {
    let op = Op::start().await;
    op.always(TOKEN, op.approval());
    let client = client(&op).await;
    let approved = async |hint: Hint| client.initiate(hint).await.expect("started").wait().await;
    assert_eq!(status(&approved(Hint::iss_sub("alice-1")).await), "approved");
    let error = approved(Hint::iss_sub("bob-1")).await.expect_err("another person");
    assert_eq!((error.kind(), error.field()), (ErrorKind::IdToken, Some("sub")));
    let alice = op.id_token(json!({ "exp": 1 }));
    assert_eq!(status(&approved(Hint::id_token(alice)).await), "approved");
    let bob = op.id_token(json!({ "sub": "bob-1" }));
    let error = approved(Hint::id_token(bob)).await.expect_err("another person");
    assert_eq!((error.kind(), error.field()), (ErrorKind::IdToken, Some("sub")));
}

#[tokio::test(start_paused = true)]
async fn o64_o70_what_the_settings_allow_and_ask_for() {
    let op = Op::start().await;
    let approve = async |provider: OpenId, changes: Value| {
        op.always(TOKEN, op.tokens(&op.id_token(changes)));
        let client: CibaClient = with(provider).discover().await.expect("a client");
        started(&client).await.wait().await
    };
    let at = || OpenId::at(op.issuer());
    let outcome =
        approve(at().trusted_audiences(["api"]), json!({ "aud": [CLIENT, "api"], "azp": CLIENT })).await;
    assert_eq!(status(&outcome), "approved");
    let outcome = approve(at().require_acr(["urn:strong"]), json!({ "acr": "urn:strong" })).await;
    assert_eq!(status(&outcome), "approved");
    for acr in [json!("urn:weak"), Value::Null] {
        let error = approve(at().require_acr(["urn:strong"]), json!({ "acr": acr })).await.expect_err("weak");
        assert_eq!((error.kind(), error.field()), (ErrorKind::IdToken, Some("acr")));
    }
}

#[tokio::test(start_paused = true)]
async fn o71_every_wait_of_the_id_hears_of_it_and_nothing_is_sent_again() {
    let op = Op::start().await;
    op.always(TOKEN, op.tokens(&op.id_token(json!({ "iss": "https://other.example" }))));
    let client = client(&op).await;
    let pending = started(&client).await;
    let waits = [pending.wait().spawn(), pending.wait().spawn()];
    for wait in waits {
        assert_eq!(wait.await.expect_err("no approval").kind(), ErrorKind::IdToken);
    }
    assert_eq!(pending.wait().await.expect_err("from memory").kind(), ErrorKind::IdToken);
    stops(&op).await;
    assert_eq!(op.requests(TOKEN).len(), 1);
}
