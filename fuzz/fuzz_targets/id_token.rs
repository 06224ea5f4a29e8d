//! Any header and any claims as an ID Token that is signed rightly; and any text as one that is not yet verified.
#![no_main]

use authsec_ciba::internals::fuzzing::{ID_TOKEN_AT, ID_TOKEN_NAMES, id_token, is_unverified_id_token};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

/// What an accepted token says: at least what nobody may be let in without.
fn check(header: &Value, claims: &Value, subject: &str, audiences: &[String]) {
    let (issuer, client) = ID_TOKEN_NAMES;
    assert_eq!(header["alg"], "HS256");
    assert!(header.get("crit").is_none());
    assert_eq!(claims["iss"], issuer);
    let named: Vec<&Value> = match &claims["aud"] {
        Value::Array(all) => all.iter().collect(),
        one => vec![one],
    };
    assert!(named.iter().any(|audience| **audience == client));
    assert!(named.iter().all(|audience| **audience == client || **audience == "api"));
    assert!(
        named.iter().zip(audiences).all(|(named, told)| *named == told) && named.len() == audiences.len()
    );
    assert!(claims["azp"].is_null() || claims["azp"] == client);
    let seconds = |name: &str| claims[name].as_f64().expect("a number");
    let now = ID_TOKEN_AT as f64;
    assert!(seconds("exp") > now - 60.0 && seconds("iat") <= now + 60.0 && seconds("iat") >= now - 90.0);
    assert!(claims["nbf"].is_null() || seconds("nbf") <= now + 60.0);
    assert!(!subject.is_empty() && subject.len() <= 255 && subject.is_ascii() && claims["sub"] == subject);
    assert!(claims["urn:openid:params:jwt:claim:rt_hash"].is_null(), "there is no refresh token");
}

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    // Without a signature nothing is let in here; it may only not panic.
    let _ = is_unverified_id_token(text);
    let Some((header, claims)) = text.split_once('\n') else { return };
    match id_token(header, claims) {
        Ok((issuer, subject, audiences)) => {
            assert_eq!(issuer, ID_TOKEN_NAMES.0);
            let read = |json: &str| serde_json::from_str::<Value>(json).expect("JSON");
            check(&read(header), &read(claims), &subject, &audiences);
        }
        // Nothing of the token is shown.
        Err(shown) => assert!(!shown.contains("canary"), "{shown}"),
    }
});
