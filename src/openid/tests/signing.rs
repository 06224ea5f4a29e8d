//! Keys of a provider, for tests.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

pub(super) struct Key {
    kid: Option<&'static str>,
    pair: EcdsaKeyPair,
}

impl Key {
    pub(super) fn new(kid: impl Into<Option<&'static str>>) -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key");
        Self { kid: kid.into(), pair }
    }

    fn member(&self) -> String {
        self.kid.map(|kid| format!(r#","kid":"{kid}""#)).unwrap_or_default()
    }

    pub(super) fn jwk(&self) -> String {
        let point = self.pair.public_key().as_ref();
        let (x, y) = (URL_SAFE_NO_PAD.encode(&point[1..33]), URL_SAFE_NO_PAD.encode(&point[33..]));
        format!(r#"{{"kty":"EC","crv":"P-256"{},"x":"{x}","y":"{y}"}}"#, self.member())
    }

    pub(super) fn sign(&self, payload: &str) -> String {
        self.sign_with(&format!(r#"{{"alg":"ES256"{}}}"#, self.member()), payload)
    }

    pub(super) fn sign_with(&self, header: &str, payload: &str) -> String {
        let input = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
        let signature = self.pair.sign(&SystemRandom::new(), input.as_bytes()).expect("a signature");
        format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

/// A set of these keys.
pub(super) fn set(keys: &[&Key]) -> String {
    let keys: Vec<_> = keys.iter().map(|key| key.jwk()).collect();
    format!(r#"{{"keys":[{}]}}"#, keys.join(","))
}
