use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::Alg;
use crate::answer::is_one_object;

/// A signed token, taken apart and not yet verified (RFC 7515, section 7.1).
pub(crate) struct Jws<'a> {
    pub(crate) header: Map<String, Value>,
    pub(crate) payload: Zeroizing<Vec<u8>>,
    /// What is signed.
    input: &'a str,
    signature: Vec<u8>,
}

/// What a text that is no signed token is instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Malformed {
    /// Five parts (RFC 7516).
    Encrypted,
    Other,
}

impl<'a> Jws<'a> {
    /// Takes a token apart: three parts of base64url without padding, of which the first is one JSON object without a member
    /// that stands twice.
    pub(crate) fn split(token: &'a str) -> Result<Self, Malformed> {
        match token.bytes().filter(|byte| *byte == b'.').count() {
            2 => {}
            4 => return Err(Malformed::Encrypted),
            _ => return Err(Malformed::Other),
        }
        let (input, signature) = token.rsplit_once('.').ok_or(Malformed::Other)?;
        let (header, payload) = input.split_once('.').ok_or(Malformed::Other)?;
        let decode = |part| URL_SAFE_NO_PAD.decode(part).map_err(|_| Malformed::Other);
        let (header, payload) = (decode(header)?, Zeroizing::new(decode(payload)?));
        if !is_one_object(&header) {
            return Err(Malformed::Other);
        }
        let header = serde_json::from_slice(&header).map_err(|_| Malformed::Other)?;
        Ok(Self { header, payload, input, signature: decode(signature)? })
    }

    /// The algorithm that the header names, if it is one.
    pub(crate) fn alg(&self) -> Option<Alg> {
        self.header.get("alg").and_then(Value::as_str).and_then(Alg::named)
    }

    /// What the header calls the key.
    pub(crate) fn kid(&self) -> Option<&str> {
        self.header.get("kid").and_then(Value::as_str)
    }

    pub(crate) fn input(&self) -> &[u8] {
        self.input.as_bytes()
    }

    pub(crate) fn signature(&self) -> &[u8] {
        &self.signature
    }

    /// Whether this secret has signed it.
    pub(crate) fn is_signed_by_secret(&self, alg: Alg, secret: &[u8]) -> bool {
        use aws_lc_rs::hmac::{HMAC_SHA256, HMAC_SHA384, HMAC_SHA512, Key, verify};

        let algorithm = match alg {
            Alg::HS256 => HMAC_SHA256,
            Alg::HS384 => HMAC_SHA384,
            Alg::HS512 => HMAC_SHA512,
            _ => return false,
        };
        verify(&Key::new(algorithm, secret), self.input(), &self.signature).is_ok()
    }
}
