use serde_json::{Value, json};

use super::key::public;
use super::{encoded, token};
use crate::jose::{Alg, Jwk, Jws};

const KIDS: [&str; 5] = ["rsa", "p256", "p384", "p521", "ed25519"];

fn with(kid: &str, name: &str, value: Value) -> Option<Jwk> {
    let mut key = public(kid);
    key[name] = value;
    Jwk::read(&key)
}

#[test]
fn o62_each_kind_fits_its_own_algorithms() {
    for kid in KIDS {
        let key = Jwk::read(&public(kid)).expect(kid);
        assert_eq!(key.kid(), Some(kid));
        for alg in Alg::ALL {
            let fits = match alg.as_str() {
                "ES256" => kid == "p256",
                "ES384" => kid == "p384",
                "ES512" => kid == "p521",
                "EdDSA" | "Ed25519" => kid == "ed25519",
                name => kid == "rsa" && !name.starts_with("HS"),
            };
            assert_eq!(key.fits(alg), fits, "{kid} {alg}");
        }
    }
}

#[test]
fn o62_a_named_algorithm_is_the_only_one() {
    let key = with("rsa", "alg", json!("PS256")).expect("a key");
    for alg in Alg::ALL {
        assert_eq!(key.fits(alg), alg == Alg::PS256, "{alg}");
    }
    // By either of its names.
    for name in ["EdDSA", "Ed25519"] {
        let key = with("ed25519", "alg", json!(name)).expect("a key");
        assert!(key.fits(Alg::EdDSA) && key.fits(Alg::Ed25519));
    }
    for (kid, alg) in
        [("rsa", "ES256"), ("p256", "ES384"), ("p256", "RS256"), ("ed25519", "ES256"), ("rsa", "HS256")]
    {
        assert_eq!(with(kid, "alg", json!(alg)), None, "{kid} {alg}");
    }
}

#[test]
fn o77_what_cannot_verify_is_passed_over() {
    for kid in KIDS {
        for (name, value) in [
            ("kid", json!(7)),
            ("kid", json!(["a"])),
            ("alg", json!("RSA-OAEP")),
            ("alg", json!("none")),
            ("alg", json!(256)),
            ("use", json!("enc")),
            ("use", json!(7)),
            ("key_ops", json!(["sign"])),
            ("key_ops", json!([])),
            ("key_ops", json!("verify")),
            ("d", json!("AQAB")),
            ("p", json!("AQAB")),
            ("oth", json!([])),
            ("k", json!("AQAB")),
            ("kty", json!("oct")),
            ("kty", json!("XX")),
            ("kty", json!("ec")),
            ("kty", json!(1)),
            ("kty", Value::Null),
        ] {
            assert_eq!(with(kid, name, value.clone()), None, "{kid} {name} {value}");
        }
        for (name, value) in [
            ("use", json!("sig")),
            ("use", Value::Null),
            ("key_ops", json!(["sign", "verify"])),
            ("alg", Value::Null),
            ("kid", Value::Null),
            ("x5c", json!(["AAAA"])),
            ("more", json!({"d": 1})),
        ] {
            assert!(with(kid, name, value.clone()).is_some(), "{kid} {name} {value}");
        }
    }
    for value in [json!("text"), json!(7), Value::Null, json!([]), json!({})] {
        assert_eq!(Jwk::read(&value), None, "{value}");
    }
}

#[test]
fn o77_curves_and_points_that_are_none() {
    for (kid, name, value) in [
        ("p256", "crv", json!("P-384")),
        ("p256", "crv", json!("secp256k1")),
        ("p256", "crv", json!("Ed25519")),
        ("p256", "crv", Value::Null),
        ("p256", "x", public("p256")["y"].clone()),
        ("p256", "x", json!("")),
        ("p256", "x", json!(encoded([0; 32]))),
        ("p256", "x", json!(format!("AA{}", public("p256")["x"].as_str().expect("text")))),
        ("p256", "x", json!(format!("{}=", public("p256")["x"].as_str().expect("text")))),
        ("p256", "y", Value::Null),
        ("p521", "x", json!(encoded([1; 65]))),
        ("ed25519", "crv", json!("X25519")),
        ("ed25519", "crv", json!("Ed448")),
        ("ed25519", "x", json!(encoded([1; 31]))),
        ("ed25519", "x", json!(encoded([1; 33]))),
    ] {
        assert_eq!(with(kid, name, value.clone()), None, "{kid} {name} {value}");
    }
}

/// A modulus of so many bytes, the highest of them this one.
fn modulus(bytes: usize, highest: u8) -> Value {
    let mut n = vec![0xff; bytes];
    n[0] = highest;
    json!(encoded(n))
}

#[test]
fn o60_rsa_of_2048_to_8192_bits() {
    for (n, is_one) in [
        (modulus(128, 0xff), false),
        (modulus(255, 0xff), false),
        // 2,047 bits.
        (modulus(256, 0x7f), false),
        (modulus(256, 0x80), true),
        (modulus(1024, 0xff), true),
        (modulus(1025, 0x01), false),
        (json!(""), false),
        (json!("AA"), false),
    ] {
        assert_eq!(with("rsa", "n", n.clone()).is_some(), is_one, "{n}");
    }
    // Zeros in front are nobody's intent, and change nothing.
    let n = super::decoded(public("rsa")["n"].as_str().expect("text"));
    let padded = with("rsa", "n", json!(encoded([&[0, 0], n.as_slice()].concat())));
    assert_eq!(padded, Jwk::read(&public("rsa")));
    for e in ["", "AA", "AQ", "Ag", "AQABAQABAQAB"] {
        assert_eq!(with("rsa", "e", json!(e)), None, "e = {e}");
    }
    assert!(with("rsa", "e", json!("Aw")).is_some());
}

/// Signatures that a careless verifier takes (as Wycheproof lists them).
#[test]
fn o62_signatures_that_are_none() {
    let p256 = Jwk::read(&public("p256")).expect("a key");
    let order = "FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551";
    let order: Vec<u8> =
        (0..64).step_by(2).map(|at| u8::from_str_radix(&order[at..at + 2], 16).expect("hex")).collect();
    let (zero, one) = (vec![0; 32], [vec![0; 31], vec![1]].concat());
    let numbers = [zero, one, order, vec![0xff; 32]];
    let input = format!("{}.e30", encoded(r#"{"alg":"ES256"}"#));
    for r in &numbers {
        for s in &numbers {
            let forged = token(&input, &[r.as_slice(), s].concat());
            assert!(!p256.has_signed(&Jws::split(&forged).expect("a token"), Alg::ES256));
        }
    }
    // ASN.1, as OpenSSL writes it.
    let der = token(&input, &[0x30, 0x06, 0x02, 0x01, 0x01, 0x02, 0x01, 0x01]);
    assert!(!p256.has_signed(&Jws::split(&der).expect("a token"), Alg::ES256));
    let rsa = Jwk::read(&public("rsa")).expect("a key");
    let modulus = super::decoded(public("rsa")["n"].as_str().expect("text"));
    for signature in
        [vec![], vec![0; 256], [vec![0; 255], vec![1]].concat(), modulus, vec![0xff; 256], vec![1; 257]]
    {
        for alg in [Alg::RS256, Alg::RS384, Alg::RS512, Alg::PS256, Alg::PS384, Alg::PS512] {
            let forged = token(&input, &signature);
            assert!(!rsa.has_signed(&Jws::split(&forged).expect("a token"), alg), "{alg}");
        }
    }
    let ed25519 = Jwk::read(&public("ed25519")).expect("a key");
    for signature in [vec![], vec![0; 64], vec![0xff; 64], [vec![1], vec![0; 63]].concat()] {
        let forged = token(&input, &signature);
        assert!(!ed25519.has_signed(&Jws::split(&forged).expect("a token"), Alg::EdDSA));
    }
}
