//! Who is to be asked (O-25, O-26, I1).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::refused;
use crate::openid::hint::{Hint, Named};
use crate::types::Email;

const ISSUER: &str = "https://op.example/";
const CLIENT: &str = "checkout";

fn named(hint: &Hint) -> Named {
    hint.named(ISSUER, CLIENT).unwrap_or_else(|error| panic!("{hint:?}: {error}"))
}

fn jwt(payload: &str) -> String {
    format!("{}.{}.c2ln", URL_SAFE_NO_PAD.encode(r#"{"alg":"RS256"}"#), URL_SAFE_NO_PAD.encode(payload))
}

fn written(hint: &Hint) -> (&'static str, String) {
    let named = named(hint);
    (named.parameter, named.value.to_string())
}

#[test]
fn o25_each_hint_is_one_parameter() {
    let email = Email::new("User@Example.com").expect("an address");
    let token = jwt(r#"{"iss":"https://op.example/","sub":"s-1","aud":"checkout","exp":1}"#);
    for (hint, parameter, value) in [
        (Hint::login("alice"), "login_hint", "alice"),
        (Hint::email(&email), "login_hint", "User@Example.com"),
        (Hint::phone("+447700900123"), "login_hint", "tel:+447700900123"),
        (Hint::phone("tel:+447700900123"), "login_hint", "tel:+447700900123"),
        (
            Hint::iss_sub("auth0|x"),
            "login_hint",
            r#"{"format":"iss_sub","iss":"https://op.example/","sub":"auth0|x"}"#,
        ),
        (Hint::login_token("opaque"), "login_hint_token", "opaque"),
        (Hint::id_token(token.clone()), "id_token_hint", token.as_str()),
    ] {
        assert_eq!(written(&hint), (parameter, value.to_owned()), "{hint:?}");
    }
}

#[test]
fn o25_what_cannot_be_a_hint_is_refused() {
    let refused = |hint: &Hint, field| refused(hint.named(ISSUER, CLIENT), field, &format!("{hint:?}"));
    for text in ["", " ", "a\nb", &"a".repeat(2049)] {
        refused(&Hint::login(text), "login_hint");
    }
    for number in ["", "+", "447700900123", "+0447700900123", "+44 7700", "+1", "+1234567890123456", "tel:x"]
    {
        refused(&Hint::phone(number), "login_hint");
    }
    for sub in ["", "\u{e4}", "a\nb", &"a".repeat(256)] {
        refused(&Hint::iss_sub(sub), "sub");
    }
    for token in ["", "a b", "\u{e4}", &"a".repeat(16 * 1024 + 1)] {
        refused(&Hint::login_token(token), "login_hint_token");
        refused(&Hint::id_token(token), "id_token_hint");
    }
}

#[test]
fn o26_an_id_token_hint_may_be_expired_but_is_of_this_issuer_and_for_this_client() {
    for payload in [
        r#"{"iss":"https://op.example/","sub":"s-1","aud":"checkout","exp":1}"#,
        r#"{"iss":"https://op.example/","sub":"s-1","aud":["other","checkout"]}"#,
    ] {
        assert_eq!(named(&Hint::id_token(jwt(payload))).subject.as_deref(), Some("s-1"), "{payload}");
    }
    for (payload, says) in [
        (r#"{"iss":"https://op.example","sub":"s-1","aud":"checkout"}"#, "another issuer"),
        (r#"{"iss":["https://op.example/"],"sub":"s-1","aud":"checkout"}"#, "another issuer"),
        (r#"{"sub":"s-1","aud":"checkout"}"#, "another issuer"),
        (r#"{"iss":"https://op.example/","sub":"s-1","aud":"other"}"#, "another client"),
        (r#"{"iss":"https://op.example/","sub":"s-1","aud":["checkout2"]}"#, "another client"),
        (r#"{"iss":"https://op.example/","sub":"s-1"}"#, "another client"),
        (r#"{"iss":"https://op.example/","aud":"checkout"}"#, "no subject"),
        (r#"{"iss":"https://op.example/","sub":1,"aud":"checkout"}"#, "no subject"),
        (
            r#"{"iss":"https://op.example/","iss":"https://op.example/","sub":"s","aud":"checkout"}"#,
            "no signed JWT",
        ),
        ("[]", "no signed JWT"),
    ] {
        let said = refused(Hint::id_token(jwt(payload)).named(ISSUER, CLIENT), "id_token_hint", payload);
        assert!(said.contains(says), "{payload}: {said}");
    }
    for token in ["a", "a.b", "a.b.c", "a.b.c.d.e", "..", &jwt("{}").replace('.', "=.")] {
        refused(Hint::id_token(token).named(ISSUER, CLIENT), "id_token_hint", token);
    }
}

#[test]
fn i1_an_address_is_a_person_however_it_is_spelled_and_other_texts_are_byte_for_byte() {
    let key = |hint: &Hint| named(hint).person;
    let email = Email::new("user@example.com").expect("an address");
    assert_eq!(key(&Hint::login("User@Example.COM")), email.key());
    assert_eq!(key(&Hint::email(&email)), email.key());
    assert!(named(&Hint::login("user@example.com")).email.is_some());
    assert_ne!(key(&Hint::login("Alice")), key(&Hint::login("alice")));
    let json = r#"{"format":"email","email":"User@example.com"}"#;
    assert_ne!(key(&Hint::login(json)), key(&Hint::login(json.to_lowercase())));
    assert_eq!(key(&Hint::login("alice")).as_str(), "alice");
}

#[test]
fn i1_tokens_are_the_person_that_they_name_and_never_stand_in_the_key() {
    let key = |hint: &Hint| named(hint).person;
    let of = |exp: u32| jwt(&format!(r#"{{"iss":"{ISSUER}","sub":"s-1","aud":"checkout","exp":{exp}}}"#));
    assert_eq!(key(&Hint::id_token(of(1))), key(&Hint::id_token(of(2))));
    assert_eq!(key(&Hint::id_token(of(1))), key(&Hint::iss_sub("s-1")), "one person by another hint");
    assert_eq!(key(&Hint::login_token(of(3))), key(&Hint::iss_sub("s-1")));
    assert_ne!(key(&Hint::iss_sub("s-1")), key(&Hint::iss_sub("s-2")));
    assert_ne!(key(&Hint::login_token("opaque-1")), key(&Hint::login_token("opaque-2")));
    assert!(!key(&Hint::login_token("opaque-1")).as_str().contains("opaque"));
    assert!(!key(&Hint::iss_sub("s-1")).as_str().contains("s-1"));
}

#[test]
fn i1_a_program_names_the_person_itself() {
    let hint = Hint::login("alice").of_person("account-42");
    assert_eq!(named(&hint).person, named(&Hint::phone("+447700900123").of_person("account-42")).person);
    assert_eq!(written(&hint).1, "alice");
}

#[test]
fn o52_nothing_of_a_hint_is_shown() {
    let token = jwt(r#"{"iss":"https://op.example/","sub":"canary","aud":"checkout"}"#);
    for hint in [
        Hint::login("canary"),
        Hint::login("canary@example.com"),
        Hint::email(&Email::new("canary@example.com").expect("an address")),
        Hint::phone("+447700900123"),
        Hint::iss_sub("canary"),
        Hint::login_token("canary"),
        Hint::id_token(token.clone()),
    ] {
        let shown = format!("{hint:?} {hint:#?}");
        for secret in ["canary", "447700900123", token.as_str()] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }
}
