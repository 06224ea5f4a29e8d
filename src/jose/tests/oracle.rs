//! Another implementation as the oracle: jsonwebtoken and this one agree about 10,000 tokens, right ones and broken ones, but
//! for four differences that are known: it has no ES512, no `Ed25519`, takes a `crit` that nobody understands, and loses a whole
//! set of keys to one that it cannot read.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde_json::{Value, json};

use super::{decoded, encoded, key};
use crate::answer::is_one_object;
use crate::jose::{Alg, Jwk, Jws, SigningKey};

const TOKENS: usize = 10_000;

const SECRET: &[u8; 64] = b"a secret of 64 bytes, which is what HS512 wants: 0123456789abcde";

/// Signed tokens of each algorithm, so many by each side.
const SIGNED: usize = 12;

/// What was done to a token that was right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Broken {
    Not,
    Bit,
    Letter,
    Cut,
    Longer,
    Part,
    Padding,
    Payload,
    /// The header names another algorithm than the one that has signed.
    OtherAlg,
    OtherKey,
    Crit,
}

const ALL: [Broken; 11] = [
    Broken::Not,
    Broken::Bit,
    Broken::Letter,
    Broken::Cut,
    Broken::Longer,
    Broken::Part,
    Broken::Padding,
    Broken::Payload,
    Broken::OtherAlg,
    Broken::OtherKey,
    Broken::Crit,
];

/// Both sides' keys of one algorithm.
struct Signer {
    alg: Alg,
    ours: Option<SigningKey>,
    jwk: Option<Jwk>,
    other_jwk: Option<Jwk>,
    theirs: Option<(Algorithm, EncodingKey, DecodingKey, DecodingKey)>,
    tokens: Vec<String>,
}

fn der(pem: &str) -> Vec<u8> {
    let base64: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    STANDARD.decode(base64).expect("base64")
}

fn text(key: &Value, name: &str) -> String {
    key[name].as_str().expect("text").to_owned()
}

/// The public key as the other side takes it.
fn decoding(alg: Alg, key: &Value) -> DecodingKey {
    match alg.as_str().get(..2) {
        Some("RS" | "PS") => DecodingKey::from_rsa_components(&text(key, "n"), &text(key, "e")),
        Some("ES") => DecodingKey::from_ec_components(&text(key, "x"), &text(key, "y")),
        _ => DecodingKey::from_ed_components(&text(key, "x")),
    }
    .expect("a key")
}

impl Signer {
    fn new(alg: Alg) -> Self {
        let (kid, pem) = match alg.as_str() {
            "ES256" => ("p256", key::P256),
            "ES384" => ("p384", key::P384),
            "ES512" => ("p521", key::P521),
            "EdDSA" | "Ed25519" => ("ed25519", key::ED25519),
            _ => ("rsa", key::RSA),
        };
        let algorithm = alg.as_str().parse::<Algorithm>().ok();
        if alg.is_symmetric() {
            let theirs = (EncodingKey::from_secret(SECRET), DecodingKey::from_secret(SECRET));
            let other = DecodingKey::from_secret(&SECRET[1..]);
            let theirs = algorithm.map(|it| (it, theirs.0, theirs.1, other));
            return Self { alg, ours: None, jwk: None, other_jwk: None, theirs, tokens: Vec::new() };
        }
        let ours = SigningKey::from_pem(pem).expect("a key").alg(alg).expect("an algorithm of this key");
        let public = key::public(kid);
        let other = other_key(kid);
        let theirs = algorithm.map(|it| {
            let private = match kid {
                "rsa" => EncodingKey::from_rsa_der(&der(include_str!("keys/rsa.pkcs1.pem"))),
                "ed25519" => EncodingKey::from_ed_der(&der(pem)),
                _ => EncodingKey::from_ec_der(&der(pem)),
            };
            (it, private, decoding(alg, &public), decoding(alg, &other))
        });
        let jwk = Jwk::read(&public).expect("a key");
        let other_jwk = Jwk::read(&other).expect("a key");
        Self { alg, ours: Some(ours), jwk: Some(jwk), other_jwk: Some(other_jwk), theirs, tokens: Vec::new() }
    }

    /// Signs on this side.
    fn sign(&self, header: &Value, claims: &Value) -> String {
        let input = format!("{}.{}", encoded(header.to_string()), encoded(claims.to_string()));
        let signature = match &self.ours {
            Some(key) => key.sign(input.as_bytes()).expect("random numbers"),
            None => hmac(self.alg, input.as_bytes()),
        };
        super::token(&input, &signature)
    }

    /// Signs on the other side.
    fn signed_by_them(&self, claims: &Value) -> Option<String> {
        let (algorithm, private, ..) = self.theirs.as_ref()?;
        Some(jsonwebtoken::encode(&Header::new(*algorithm), claims, private).expect("a token"))
    }

    fn is_taken(&self, token: &str, with_other_key: bool) -> bool {
        let Ok(jws) = Jws::split(token) else { return false };
        let is_right = match if with_other_key { &self.other_jwk } else { &self.jwk } {
            Some(key) => key.has_signed(&jws, self.alg),
            None => jws.is_signed_by_secret(self.alg, if with_other_key { &SECRET[1..] } else { SECRET }),
        };
        let has_crit = jws.header.contains_key("crit");
        jws.alg() == Some(self.alg) && !has_crit && is_right && is_one_object(&jws.payload)
    }

    fn is_taken_by_them(&self, token: &str, with_other_key: bool) -> Option<bool> {
        let (algorithm, _, right, other) = self.theirs.as_ref()?;
        let mut validation = Validation::new(*algorithm);
        validation.validate_exp = false;
        validation.validate_aud = false;
        validation.required_spec_claims.clear();
        let key = if with_other_key { other } else { right };
        Some(jsonwebtoken::decode::<serde_json::Map<String, Value>>(token, key, &validation).is_ok())
    }
}

/// A key of the same kind that has signed nothing.
fn other_key(kid: &str) -> Value {
    use aws_lc_rs::signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, ECDSA_P521_SHA512_FIXED_SIGNING,
        EcdsaKeyPair, Ed25519KeyPair, KeyPair as _,
    };

    let mut key = key::public(kid);
    let curve = match kid {
        "p256" => &ECDSA_P256_SHA256_FIXED_SIGNING,
        "p384" => &ECDSA_P384_SHA384_FIXED_SIGNING,
        "p521" => &ECDSA_P521_SHA512_FIXED_SIGNING,
        "ed25519" => {
            let pair = Ed25519KeyPair::generate().expect("a key");
            key["x"] = json!(encoded(pair.public_key()));
            return key;
        }
        _ => {
            let mut n = decoded(&text(&key, "n"));
            n[100] ^= 1;
            key["n"] = json!(encoded(n));
            return key;
        }
    };
    let pair = EcdsaKeyPair::generate(curve).expect("a key");
    let point = &pair.public_key().as_ref()[1..];
    let (x, y) = point.split_at(point.len() / 2);
    (key["x"], key["y"]) = (json!(encoded(x)), json!(encoded(y)));
    key
}

fn hmac(alg: Alg, input: &[u8]) -> Vec<u8> {
    use aws_lc_rs::hmac::{HMAC_SHA256, HMAC_SHA384, HMAC_SHA512, Key, sign};

    let algorithm = match alg {
        Alg::HS384 => HMAC_SHA384,
        Alg::HS512 => HMAC_SHA512,
        _ => HMAC_SHA256,
    };
    sign(&Key::new(algorithm, SECRET), input).as_ref().to_vec()
}

const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=";

fn break_it(token: &str, broken: Broken, random: &mut fastrand::Rng) -> String {
    let (input, signature) = token.rsplit_once('.').expect("parts");
    let (header, payload) = input.split_once('.').expect("parts");
    let mut bytes = decoded(signature);
    match broken {
        Broken::Not | Broken::OtherKey | Broken::Crit => token.to_owned(),
        Broken::Bit => {
            let at = random.usize(..bytes.len());
            bytes[at] ^= 1_u8.rotate_left(random.u32(..8));
            super::token(input, &bytes)
        }
        Broken::Letter => {
            let mut letters = token.as_bytes().to_vec();
            let at = random.usize(..letters.len());
            letters[at] = LETTERS[random.usize(..LETTERS.len())];
            String::from_utf8(letters).expect("ASCII")
        }
        Broken::Cut => super::token(input, &bytes[..random.usize(..bytes.len())]),
        Broken::Longer => {
            bytes.insert(random.usize(..=bytes.len()), random.u8(..));
            super::token(input, &bytes)
        }
        Broken::Part => match random.u8(..4) {
            0 => input.to_owned(),
            1 => format!("{token}.{signature}"),
            2 => format!("{input}."),
            _ => format!("{payload}.{header}.{signature}"),
        },
        Broken::Padding => {
            let at = [header.len(), input.len(), token.len()][random.usize(..3)];
            let (front, back) = token.split_at(at);
            format!("{front}{}{back}", ["=", "==", " ", "\n"][random.usize(..4)])
        }
        Broken::Payload => {
            let payload = encoded(json!({ "sub": random.u32(..) }).to_string());
            format!("{header}.{payload}.{signature}")
        }
        Broken::OtherAlg => {
            let other = Alg::ALL[random.usize(..Alg::ALL.len())].as_str();
            let other = ["none", "NONE", "", other, other, other][random.usize(..6)];
            format!("{}.{payload}.{signature}", encoded(format!(r#"{{"alg":"{other}"}}"#)))
        }
    }
}

#[test]
fn o59_o60_o61_o62_it_agrees_with_another_implementation() {
    let mut random = fastrand::Rng::with_seed(11);
    let mut signers: Vec<_> = Alg::ALL.into_iter().map(Signer::new).collect();
    for signer in &mut signers {
        for at in 0..SIGNED {
            let claims =
                json!({ "sub": format!("person-{at}"), "iat": random.u32(..), "\u{e4}": [at, null] });
            signer.tokens.push(signer.sign(&json!({ "alg": signer.alg.as_str(), "kid": "one" }), &claims));
            signer.tokens.extend(signer.signed_by_them(&claims));
        }
    }
    let mut taken = BTreeMap::new();
    for _ in 0..TOKENS {
        let signer = &signers[random.usize(..signers.len())];
        let broken = ALL[random.usize(..ALL.len())];
        let token = if broken == Broken::Crit {
            let header = json!({ "alg": signer.alg.as_str(), "crit": ["unheard-of"], "unheard-of": true });
            signer.sign(&header, &json!({ "sub": "alice" }))
        } else {
            let right = &signer.tokens[random.usize(..signer.tokens.len())];
            break_it(right, broken, &mut random)
        };
        let with_other_key = broken == Broken::OtherKey;
        let ours = signer.is_taken(&token, with_other_key);
        let theirs = signer.is_taken_by_them(&token, with_other_key);
        let what = format!("{} {broken:?} {token}", signer.alg);
        match (broken, theirs) {
            (Broken::Crit, theirs) => assert!(!ours && theirs != Some(false), "{what}"),
            (_, Some(theirs)) => assert_eq!(ours, theirs, "{what}"),
            (Broken::Not, None) => assert!(ours, "{what}"),
            (_, None) => assert!(matches!(signer.alg, Alg::ES512 | Alg::Ed25519), "{what}"),
        }
        let count: &mut [usize; 2] = taken.entry(broken).or_default();
        count[usize::from(ours)] += 1;
    }
    for (broken, [refused, taken]) in taken {
        match broken {
            Broken::Not => assert!(refused == 0 && taken > 500, "{taken} taken, {refused} refused"),
            // A letter may have been put in the place of itself.
            Broken::Letter => assert!(refused > 500, "{refused} refused"),
            _ => assert!(taken == 0 && refused > 500, "{broken:?}: {taken} taken, {refused} refused"),
        }
    }
}

#[test]
fn o77_one_key_that_cannot_be_read_costs_the_other_side_the_whole_set() {
    let good = key::public("p256");
    for junk in [json!({ "kty": "EC", "crv": "P-256", "kid": 7, "x": "", "y": "" }), json!("text")] {
        let set = json!({ "keys": [good, junk] });
        assert!(serde_json::from_value::<jsonwebtoken::jwk::JwkSet>(set.clone()).is_err(), "{junk}");
        let read = set["keys"].as_array().expect("keys").iter().filter_map(Jwk::read).count();
        assert_eq!(read, 1, "{junk}");
    }
}
