use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::Alg;

/// How long an assertion is good, in seconds.
const LIFE: u64 = 60;

/// Whom an assertion is for.
pub(crate) enum Audience<'a> {
    One(&'a str),
    List(Vec<&'a str>),
}

/// What a client says of itself in place of a secret (RFC 7523, section 3).
pub(crate) struct Assertion<'a> {
    pub(crate) alg: Alg,
    pub(crate) kid: Option<&'a str>,
    pub(crate) client_id: &'a str,
    pub(crate) audience: Audience<'a>,
    /// Seconds since 1970.
    pub(crate) now: u64,
    /// 128 random bits.
    pub(crate) jti: [u8; 16],
}

impl Assertion<'_> {
    /// What is to be signed.
    pub(crate) fn input(&self) -> Zeroizing<String> {
        let mut header = Map::new();
        header.insert("alg".to_owned(), self.alg.as_str().into());
        header.insert("typ".to_owned(), "JWT".into());
        if let Some(kid) = self.kid {
            header.insert("kid".to_owned(), kid.into());
        }
        let audience = match &self.audience {
            Audience::One(audience) => Value::from(*audience),
            Audience::List(audiences) => Value::from(audiences.as_slice()),
        };
        let mut claims = Map::new();
        claims.insert("iss".to_owned(), self.client_id.into());
        claims.insert("sub".to_owned(), self.client_id.into());
        claims.insert("aud".to_owned(), audience);
        claims.insert("iat".to_owned(), self.now.into());
        claims.insert("exp".to_owned(), self.now.saturating_add(LIFE).into());
        claims.insert("jti".to_owned(), URL_SAFE_NO_PAD.encode(self.jti).into());
        let [header, claims] =
            [header, claims].map(|object| URL_SAFE_NO_PAD.encode(Value::Object(object).to_string()));
        Zeroizing::new(format!("{header}.{claims}"))
    }
}

/// A token out of what was signed and its signature.
pub(crate) fn signed(input: &str, signature: &[u8]) -> Zeroizing<String> {
    // Room enough, so that it never moves.
    let room = input.len().saturating_add(signature.len().saturating_mul(2)).saturating_add(4);
    let mut jwt = Zeroizing::new(String::with_capacity(room));
    jwt.push_str(input);
    jwt.push('.');
    URL_SAFE_NO_PAD.encode_string(signature, &mut jwt);
    jwt
}

/// What the secret's HMAC over these bytes is (RFC 7518, section 3.2).
pub(crate) fn sign_by_secret(secret: &[u8], input: &[u8]) -> Vec<u8> {
    use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign};

    sign(&Key::new(HMAC_SHA256, secret), input).as_ref().to_vec()
}
