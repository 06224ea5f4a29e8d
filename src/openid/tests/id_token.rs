//! The checks of an ID Token, one by one (O-58 to O-71).

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use super::rules;
use super::signing::{Key, set};
use crate::error::{Error, ErrorKind};
use crate::jose::{Alg, left_half};
use crate::openid::id_token::{About, Rules, Unverified, failed};
use crate::openid::key_set::KeySet;
use crate::outcome::IdToken;

const NOW: u64 = 1_800_000_000;

fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds)
}

fn about() -> About<'static> {
    About {
        access_token: "access",
        refresh_token: Some("refresh"),
        auth_req_id: "id-1",
        subject: None,
        started: Some(at(NOW - 30)),
    }
}

fn claims(changes: &Value) -> String {
    let mut claims = json!({
        "iss": "https://op.example", "sub": "alice", "aud": "checkout", "exp": NOW + 300, "iat": NOW,
    });
    for (name, value) in changes.as_object().expect("an object") {
        claims[name] = value.clone();
    }
    claims.as_object_mut().expect("an object").retain(|_, value| !value.is_null());
    claims.to_string()
}

fn check_payload(payload: &str, rules: &Rules, about: &About<'_>) -> Result<IdToken, Error> {
    let key = Key::new("one");
    let token = key.sign(payload);
    let unverified = Unverified::read(&token, rules)?;
    assert!(KeySet::read(set(&[&key]).as_bytes()).expect("a set").has_signed(&unverified));
    unverified.verified().check(rules, about, at(NOW))
}

fn check(changes: Value) -> Result<IdToken, Error> {
    check_payload(&claims(&changes), &rules(), &about())
}

fn fails<T: std::fmt::Debug>(result: Result<T, Error>) -> Option<&'static str> {
    let error = result.expect_err("it fails");
    assert_eq!(error.kind(), ErrorKind::IdToken, "{error}");
    error.field()
}

#[test]
fn o58_a_right_token_is_taken_and_read() {
    let token = check(json!({
        "auth_time": NOW - 10, "acr": "urn:a", "amr": ["swk", "user"], "nested": {"n": 7}, "nonce": "ignored",
    }))
    .expect("right");
    assert_eq!((token.issuer(), token.subject()), ("https://op.example", "alice"));
    assert_eq!(token.audiences().collect::<Vec<_>>(), ["checkout"]);
    assert_eq!((token.issued_at(), token.expires_at()), (at(NOW), at(NOW + 300)));
    assert_eq!(token.auth_time(), Some(at(NOW - 10)));
    assert_eq!((token.acr(), token.amr().collect::<Vec<_>>()), (Some("urn:a"), vec!["swk", "user"]));
    assert_eq!(token.claim::<Value>("nested"), Some(json!({ "n": 7 })));
    assert_eq!((token.claim::<u8>("sub"), token.claim::<String>("none")), (None, None));
    assert_eq!(token.expose_secret().matches('.').count(), 2);
    assert_eq!(format!("{token:?}"), "IdToken([redacted])");
}

#[test]
fn o58_a_payload_that_is_no_one_clean_object() {
    for payload in ["", "[]", "1", r#"{"iss":"https://op.example","iss":"https://op.example"}"#, "{}x"] {
        assert_eq!(fails(check_payload(payload, &rules(), &about())), Some("id_token"), "{payload}");
    }
    let long = claims(&json!({ "x": "a".repeat(16 * 1024) }));
    assert_eq!(fails(check_payload(&long, &rules(), &about())), Some("id_token"));
    assert_eq!(fails(check_payload("{}", &rules(), &about())), Some("iss"));
}

#[test]
fn o63_o64_who_says_so_and_for_whom() {
    for iss in
        [json!("https://op.example/"), json!("HTTPS://op.example"), json!(["https://op.example"]), json!(7)]
    {
        assert_eq!(fails(check(json!({ "iss": iss }))), Some("iss"), "{iss}");
    }
    for aud in [json!("Checkout"), json!([]), json!([7, "checkout"]), json!({}), json!(["checkout", "other"])]
    {
        assert_eq!(fails(check(json!({ "aud": aud }))), Some("aud"), "{aud}");
    }
    for azp in [json!("other"), json!(7), json!(["checkout"])] {
        assert_eq!(fails(check(json!({ "azp": azp }))), Some("azp"), "{azp}");
    }
    let trusting = Rules { trusted_audiences: vec!["api".to_owned()], ..rules() };
    let two = claims(&json!({ "aud": ["api", "checkout"] }));
    assert!(check_payload(&two, &trusting, &about()).is_ok());
    let without = claims(&json!({ "aud": ["api"] }));
    assert_eq!(fails(check_payload(&without, &trusting, &about())), Some("aud"), "trusted is not enough");
}

#[test]
fn o65_times_to_the_second() {
    for (changes, field) in [
        (json!({ "exp": NOW - 60 }), "exp"),
        (json!({ "iat": NOW + 61 }), "iat"),
        (json!({ "iat": NOW - 30 - 60 - 1 }), "iat"),
        (json!({ "nbf": NOW + 61 }), "nbf"),
    ] {
        assert_eq!(fails(check(changes)), Some(field));
    }
    for changes in [
        json!({ "exp": NOW - 59 }),
        json!({ "exp": (NOW as f64) + 0.5 }),
        json!({ "iat": NOW + 60 }),
        json!({ "iat": NOW - 30 - 60 }),
        json!({ "nbf": NOW + 60 }),
    ] {
        assert!(check(changes.clone()).is_ok(), "{changes}");
    }
    for odd in [json!("soon"), json!(-1), json!(1e300), json!([NOW]), json!(true), json!(253_402_300_800_u64)]
    {
        for name in ["exp", "iat", "nbf"] {
            assert_eq!(fails(check(json!({ name: odd }))), Some(name), "{odd}");
        }
    }
    let elsewhere = About { started: None, ..about() };
    let day_old = |seconds: u64| claims(&json!({ "iat": NOW - seconds }));
    assert!(check_payload(&day_old(24 * 3600), &rules(), &elsewhere).is_ok());
    assert_eq!(fails(check_payload(&day_old(24 * 3600 + 1), &rules(), &elsewhere)), Some("iat"));
}

#[test]
fn o67_the_subject() {
    for sub in [json!(""), json!(7), json!("\u{e4}"), json!("a".repeat(256)), Value::Null] {
        assert_eq!(fails(check(json!({ "sub": sub }))), Some("sub"), "{sub}");
    }
    let named = |subject| About { subject: Some(subject), ..about() };
    assert!(check_payload(&claims(&json!({})), &rules(), &named("alice")).is_ok());
    assert_eq!(fails(check_payload(&claims(&json!({})), &rules(), &named("Alice"))), Some("sub"));
}

#[test]
fn o68_what_binds_it_to_this_answer() {
    let rt_hash = "urn:openid:params:jwt:claim:rt_hash";
    let id = "urn:openid:params:jwt:claim:auth_req_id";
    let right = json!({
        "at_hash": left_half(Alg::ES256, "access"), rt_hash: left_half(Alg::ES256, "refresh"), id: "id-1",
    });
    assert!(check(right.clone()).is_ok());
    assert_eq!(fails(check(json!({ "at_hash": left_half(Alg::ES256, "other") }))), Some("at_hash"));
    assert_eq!(fails(check(json!({ "at_hash": left_half(Alg::ES512, "access") }))), Some("at_hash"));
    assert_eq!(fails(check(json!({ "at_hash": 7 }))), Some("at_hash"));
    assert_eq!(fails(check(json!({ rt_hash: left_half(Alg::ES256, "other") }))), Some("rt_hash"));
    assert_eq!(fails(check(json!({ id: "id-2" }))), Some("auth_req_id"));
    let without = About { refresh_token: None, ..about() };
    assert_eq!(fails(check_payload(&claims(&right), &rules(), &without)), Some("rt_hash"));
    // OpenID Connect Core, appendix A.3.
    assert_eq!(
        left_half(Alg::RS256, "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y"),
        "77QmUPtjPfzWtF2AnpK9RQ"
    );
}

#[test]
fn o70_how_the_person_was_authenticated() {
    let strict = Rules { required_acr: vec!["urn:a".to_owned(), "urn:b".to_owned()], ..rules() };
    for (acr, is_right) in
        [(json!("urn:b"), true), (json!("urn:c"), false), (json!(["urn:a"]), false), (Value::Null, false)]
    {
        let checked = check_payload(&claims(&json!({ "acr": acr })), &strict, &about());
        assert_eq!(checked.is_ok(), is_right, "{acr}");
        if !is_right {
            assert_eq!(fails(checked), Some("acr"));
        }
    }
}

#[test]
fn o58_o59_o61_the_header_is_judged_before_any_key() {
    let key = Key::new("one");
    let read = |header: &str| {
        let token = key.sign_with(header, &claims(&json!({})));
        Unverified::read(&token, &rules()).map(drop)
    };
    assert!(read(r#"{"alg":"ES256"}"#).is_ok());
    assert!(
        read(r#"{"alg":"ES256","typ":"jwt","kid":"x","jku":"https://evil.example","jwk":{},"x5u":"x"}"#)
            .is_ok()
    );
    for (header, field) in [
        (r#"{"alg":"none"}"#, "alg"),
        (r#"{"alg":"NONE"}"#, "alg"),
        (r#"{"alg":"HS256"}"#, "alg"),
        (r#"{"alg":"RS256"}"#, "alg"),
        (r#"{"alg":"ES384"}"#, "alg"),
        (r#"{"alg":"es256"}"#, "alg"),
        (r#"{"alg":["ES256"]}"#, "alg"),
        (r"{}", "alg"),
        (r#"{"alg":"ES256","crit":[]}"#, "crit"),
        (r#"{"alg":"ES256","typ":"at+jwt"}"#, "typ"),
        (r#"{"alg":"ES256","typ":7}"#, "typ"),
        (r#"{"alg":"ES256","kid":7}"#, "kid"),
        (r#"{"alg":"ES256","alg":"ES256"}"#, "id_token"),
        (r"[]", "id_token"),
    ] {
        assert_eq!(fails(read(header)), Some(field), "{header}");
    }
}

#[test]
fn o58_parts_and_padding() {
    let token = Key::new("one").sign("{}");
    let (head, signature) = token.rsplit_once('.').expect("parts");
    for odd in [
        "",
        ".",
        "..",
        "a.b",
        head,
        &format!("{token}."),
        &format!("{token}.x"),
        &format!("{token}="),
        &format!(" {token}"),
        &format!("{head}.{signature}+/"),
    ] {
        let error = Unverified::read(odd, &rules()).map(drop).expect_err(odd);
        assert!(matches!(error.field(), Some("id_token" | "alg")), "{odd}: {error}");
    }
    let error = Unverified::read("a.b.c.d.e", &rules()).map(drop).expect_err("encrypted");
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.to_string().contains("encrypted ID Tokens are not supported"), "{error}");
}

#[test]
fn o65_a_start_within_a_second_is_of_that_second() {
    let started = Some(at(NOW - 30) + Duration::from_millis(999));
    let exact = Rules { skew: Duration::ZERO, ..rules() };
    let about = About { started, ..about() };
    assert!(check_payload(&claims(&json!({ "iat": NOW - 30 })), &exact, &about).is_ok());
    assert_eq!(fails(check_payload(&claims(&json!({ "iat": NOW - 31 })), &exact, &about)), Some("iat"));
    assert_eq!(fails(check_payload(&claims(&json!({ "exp": NOW })), &exact, &about)), Some("exp"));
    assert!(check_payload(&claims(&json!({ "exp": NOW + 1 })), &exact, &about).is_ok());
}

/// A token, checked as a whole: form and header, then the signature by this set, then the claims.
fn check_all(token: &str, keys: &KeySet, rules: &Rules, about: &About<'_>) -> Result<IdToken, Error> {
    let unverified = Unverified::read(token, rules)?;
    if !keys.has_signed(&unverified) {
        return Err(failed("signature", "is by no key of the issuer"));
    }
    unverified.verified().check(rules, about, at(NOW))
}

/// The relying-party plan's broken tokens, each with everything else right.
#[test]
fn c15_to_c25_each_broken_form_names_itself() {
    let key = Key::new("one");
    let keys = KeySet::read(set(&[&key]).as_bytes()).expect("a set");
    let right = claims(&json!({}));
    let with = |changes: Value| key.sign(&claims(&changes));
    let cut = |token: String| token[..token.rfind('.').expect("parts") + 1].to_owned();
    let broken = |token: String| {
        let (input, signature) = token.rsplit_once('.').expect("parts");
        let first = if signature.starts_with('A') { "B" } else { "A" };
        format!("{input}.{first}{}", &signature[1..])
    };
    for (case, token, field) in [
        ("C-15, wrong iss", with(json!({ "iss": "https://other.example" })), "iss"),
        ("C-16, wrong aud", with(json!({ "aud": "other" })), "aud"),
        ("C-17, a second aud", with(json!({ "aud": ["checkout", "other"] })), "aud"),
        ("C-18, broken signature", broken(key.sign(&right)), "signature"),
        ("C-18, of another key", Key::new("one").sign(&right), "signature"),
        ("C-18, of an unknown key", Key::new("two").sign(&right), "signature"),
        ("C-18, without one", cut(key.sign(&right)), "signature"),
        ("C-19, none", key.sign_with(r#"{"alg":"none"}"#, &right), "alg"),
        ("C-19, none, unsigned", cut(key.sign_with(r#"{"alg":"none"}"#, &right)), "alg"),
        ("C-20, another alg", key.sign_with(r#"{"alg":"PS256","kid":"one"}"#, &right), "alg"),
        ("C-20, the key as a secret", key.sign_with(r#"{"alg":"HS256","kid":"one"}"#, &right), "alg"),
        ("C-21, over", with(json!({ "exp": NOW - 61 })), "exp"),
        ("C-22, a week old", with(json!({ "iat": NOW - 7 * 24 * 3600 })), "iat"),
        ("C-23, no aud", with(json!({ "aud": null })), "aud"),
        ("C-24, no exp", with(json!({ "exp": null })), "exp"),
        ("C-25, no iss", with(json!({ "iss": null })), "iss"),
    ] {
        let checked = check_all(&token, &keys, &rules(), &about());
        let error = checked.expect_err(case);
        assert_eq!((error.kind(), error.field()), (ErrorKind::IdToken, Some(field)), "{case}");
        assert!(!error.is_retryable(), "{case}");
        let shown = format!("{error} {error:?}");
        for part in token.split('.').chain(["alice", "other"]).filter(|part| part.len() > 3) {
            assert!(part == "other" || !shown.contains(part), "{case}: {shown}");
        }
    }
    assert!(check_all(&key.sign(&right), &keys, &rules(), &about()).is_ok());
}

/// Everything is wrong at first, and then it is put right, one thing after the other.
#[test]
fn o58_to_o70_the_first_failure_names_itself() {
    let (key, stranger) = (Key::new("one"), Key::new("one"));
    let keys = KeySet::read(set(&[&key]).as_bytes()).expect("a set");
    let strict = Rules { required_acr: vec!["urn:a".to_owned()], ..rules() };
    let about = About { refresh_token: Some("refresh"), subject: Some("alice"), ..about() };
    let mut header = json!({ "alg": "none", "crit": ["x"], "typ": "at+jwt", "kid": 7 });
    let mut claims = json!({
        "iss": "https://other.example", "aud": ["other"], "azp": "other", "exp": NOW - 100, "iat": NOW + 100,
        "nbf": NOW + 100, "sub": "bob", "at_hash": "x", "urn:openid:params:jwt:claim:rt_hash": "x",
        "urn:openid:params:jwt:claim:auth_req_id": "x", "acr": "urn:weak",
    });
    let token =
        |key: &Key, header: &Value, claims: &Value| key.sign_with(&header.to_string(), &claims.to_string());
    let twice = key.sign_with(&header.to_string(), r#"{"iss":1,"iss":1}"#);
    assert_eq!(fails(check_all(&twice, &keys, &strict, &about)), Some("id_token"));
    for (name, value) in
        [("alg", json!("ES256")), ("crit", Value::Null), ("typ", json!("JWT")), ("kid", json!("one"))]
    {
        let checked = check_all(&token(&stranger, &header, &claims), &keys, &strict, &about);
        assert_eq!(fails(checked), Some(name));
        header[name] = value;
        header.as_object_mut().expect("an object").retain(|_, value| !value.is_null());
    }
    let checked = check_all(&token(&stranger, &header, &claims), &keys, &strict, &about);
    assert_eq!(fails(checked), Some("signature"));
    for (name, claim, value) in [
        ("iss", "iss", json!("https://op.example")),
        ("aud", "aud", json!(["checkout"])),
        ("azp", "azp", json!("checkout")),
        ("exp", "exp", json!(NOW + 300)),
        ("iat", "iat", json!(NOW)),
        ("nbf", "nbf", json!(NOW)),
        ("sub", "sub", json!("alice")),
        ("at_hash", "at_hash", json!(left_half(Alg::ES256, "access"))),
        ("rt_hash", "urn:openid:params:jwt:claim:rt_hash", json!(left_half(Alg::ES256, "refresh"))),
        ("auth_req_id", "urn:openid:params:jwt:claim:auth_req_id", json!("id-1")),
        ("acr", "acr", json!("urn:a")),
    ] {
        let checked = check_all(&token(&key, &header, &claims), &keys, &strict, &about);
        assert_eq!(fails(checked), Some(name));
        claims[claim] = value;
    }
    let checked = check_all(&token(&key, &header, &claims), &keys, &strict, &about);
    assert_eq!(checked.expect("all is right").subject(), "alice");
}
