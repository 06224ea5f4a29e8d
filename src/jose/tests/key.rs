use serde_json::Value;

use super::{decoded, encoded, token};
use crate::error::{Error, ErrorKind};
use crate::jose::{Alg, Jwk, Jws, SigningKey};

pub(super) const RSA: &str = include_str!("keys/rsa.pkcs8.pem");
pub(super) const P256: &str = include_str!("keys/p256.pkcs8.pem");
pub(super) const P384: &str = include_str!("keys/p384.pkcs8.pem");
pub(super) const P521: &str = include_str!("keys/p521.pkcs8.pem");
pub(super) const ED25519: &str = include_str!("keys/ed25519.pkcs8.pem");

/// The public half of one of these, as JSON.
pub(super) fn public(kid: &str) -> Value {
    let set: Value = serde_json::from_str(include_str!("keys/public.json")).expect("JSON");
    let keys = set["keys"].as_array().expect("keys");
    keys.iter().find(|key| key["kid"] == kid).expect("a key of this name").clone()
}

/// Whether what the private key signs is verified by the public one.
fn belongs_to(key: &SigningKey, kid: &str) -> bool {
    let alg = key.algorithm();
    let input = format!("{}.e30", encoded(format!(r#"{{"alg":"{alg}"}}"#)));
    let signed = token(&input, &key.sign(input.as_bytes()).expect("random numbers"));
    let jws = Jws::split(&signed).expect("a token");
    assert_eq!(jws.alg(), Some(alg));
    Jwk::read(&public(kid)).expect("a key").has_signed(&jws, alg)
}

#[test]
fn each_form_of_pem_signs_with_the_usual_algorithm_of_its_kind() {
    for (pem, kid, alg) in [
        (RSA, "rsa", Alg::PS256),
        (include_str!("keys/rsa.pkcs1.pem"), "rsa", Alg::PS256),
        (P256, "p256", Alg::ES256),
        (include_str!("keys/p256.sec1.pem"), "p256", Alg::ES256),
        (P384, "p384", Alg::ES384),
        (include_str!("keys/p384.sec1.pem"), "p384", Alg::ES384),
        (P521, "p521", Alg::ES512),
        (include_str!("keys/p521.sec1.pem"), "p521", Alg::ES512),
        (ED25519, "ed25519", Alg::EdDSA),
    ] {
        let key = SigningKey::from_pem(pem).expect(kid);
        assert_eq!(key.algorithm(), alg);
        assert!(belongs_to(&key, kid), "{kid}");
        let others = ["rsa", "p256", "p384", "p521", "ed25519"].into_iter().filter(|other| *other != kid);
        for other in others {
            assert!(!belongs_to(&key, other), "{kid} is not {other}");
        }
    }
}

#[test]
fn the_first_private_key_counts_and_what_stands_around_it_does_not() {
    let text = format!("Bag Attributes: none\r\n{}\r\n{P256}", RSA.replace('\n', "\r\n"));
    assert_eq!(SigningKey::from_pem(text).expect("a key").algorithm(), Alg::PS256);
    let indented = P256.replace('\n', "\n  ");
    assert!(belongs_to(&SigningKey::from_pem(indented).expect("a key"), "p256"));
}

fn refused(key: Result<SigningKey, Error>) -> String {
    let error = key.expect_err("no key");
    assert_eq!((error.kind(), error.field()), (ErrorKind::Config, Some("signing_key")));
    format!("{error} {error:?}")
}

#[test]
fn what_is_no_key_is_refused_and_not_shown() {
    let cut = &P256[..P256.len() - 40];
    let public = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEATZrr+ohYwv2F8CiVXpW949WTylQJJ+EVnDAznsFi7nQ=\n-----END PUBLIC KEY-----\n";
    for pem in [
        "",
        "secret",
        cut,
        public,
        include_str!("keys/p256.encrypted.pem"),
        include_str!("keys/rsa.encrypted.pem"),
        include_str!("keys/rsa1024.pkcs8.pem"),
        include_str!("keys/k256.pkcs8.pem"),
        include_str!("keys/ed448.pkcs8.pem"),
        "-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----",
    ] {
        let shown = refused(SigningKey::from_pem(pem));
        for line in pem.lines().filter(|line| line.len() > 5 && !line.starts_with('-')) {
            assert!(!shown.contains(line), "{shown}");
        }
    }
    refused(SigningKey::from_pem([0xff, 0xfe]));
}

#[test]
fn an_rsa_key_signs_in_six_ways_and_ed25519_has_two_names() {
    let key = SigningKey::from_pem(RSA).expect("a key");
    for alg in Alg::ALL {
        let is_rsa = alg.as_str().starts_with("RS") || alg.as_str().starts_with("PS");
        match key.clone().alg(alg) {
            Ok(key) => assert!(is_rsa && belongs_to(&key, "rsa"), "{alg}"),
            error => assert!(!is_rsa && refused(error).contains(alg.as_str()), "{alg}"),
        }
    }
    let key = SigningKey::from_pem(ED25519).expect("a key");
    for alg in Alg::ALL {
        match key.clone().alg(alg) {
            Ok(key) => assert!(alg.is_ed25519() && belongs_to(&key, "ed25519"), "{alg}"),
            Err(_) => assert!(!alg.is_ed25519(), "{alg}"),
        }
    }
    assert!(SigningKey::from_pem(P256).expect("a key").alg(Alg::ES384).is_err());
}

const JWK: &str = r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
"y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0","d":"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"}"#;

/// The key with members before its own.
fn with(members: &str) -> String {
    JWK.replacen('{', &format!("{{{members},"), 1)
}

#[test]
fn a_jwk_brings_its_name_and_its_algorithm() {
    let key = SigningKey::from_jwk(JWK).expect("a key");
    assert_eq!((key.algorithm(), key.name()), (Alg::ES256, None));
    let named =
        with(r#""kid":"Schl\u00fcssel","alg":"ES256","use":"sig","key_ops":["sign","verify"],"x5t":7"#);
    let key = SigningKey::from_jwk(named).expect("a key");
    assert_eq!((key.algorithm(), key.name()), (Alg::ES256, Some("Schl\u{fc}ssel")));
    let key = key.kid("2026-11");
    assert_eq!(key.name(), Some("2026-11"));
    let ed25519 = r#"{"kty":"OKP","crv":"Ed25519","alg":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
    assert_eq!(SigningKey::from_jwk(ed25519).expect("a key").algorithm(), Alg::Ed25519);
}

#[test]
fn a_jwk_that_may_not_sign_or_is_none_is_refused_and_not_shown() {
    let d = "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI";
    let other = "870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE";
    for json in [
        String::new(),
        "{}".to_owned(),
        "[]".to_owned(),
        format!("{JWK}{JWK}"),
        with(r#""use":"enc""#),
        with(r#""key_ops":["verify"]"#),
        with(r#""key_ops":"sign""#),
        with(r#""alg":"ES384""#),
        with(r#""alg":"none""#),
        with(r#""alg":"ECDH-ES""#),
        with(r#""kid":7"#),
        with(r#""kty":"EC""#),
        JWK.replace("\"d\"", "\"e\""),
        JWK.replace("P-256", "P-384"),
        JWK.replace("P-256", "secp256k1"),
        JWK.replace("\"EC\"", "\"OKP\""),
        JWK.replace("\"EC\"", "\"oct\""),
        // The numbers of two keys.
        JWK.replace(d, other),
        JWK.replace(d, "jpsQ"),
        JWK.replace(d, &format!("{d}=")),
        r#"{"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A","x":"TZrr-ohYwv2F8CiVXpW949WTylQJJ-EVnDAznsFi7nQ"}"#.to_owned(),
        r#"{"kty":"OKP","crv":"Ed25519","d":"AAAAnWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#.to_owned(),
        r#"{"kty":"RSA","n":"AQAB","e":"AQAB","d":"AQAB"}"#.to_owned(),
    ] {
        let shown = refused(SigningKey::from_jwk(&json));
        assert!(!shown.contains("jpsQ") && !shown.contains("nWGx"), "{shown}");
    }
}

#[test]
fn o52_a_key_shows_its_name_and_its_algorithm_alone() {
    let key = SigningKey::from_jwk(JWK).expect("a key").kid("2026-11");
    assert_eq!(format!("{key:?}"), r#"SigningKey { alg: ES256, kid: Some("2026-11"), .. }"#);
    assert_eq!(decoded("AQAB"), [1, 0, 1]);
}
