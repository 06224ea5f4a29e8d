//! A signed JWT that somebody sent (RFC 7515, section 3.1).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

/// Taken apart; its signature has still to be verified.
pub(crate) struct Jwt<'a> {
    pub(crate) header: Value,
    pub(crate) claims: Value,
    /// What is signed.
    pub(crate) input: &'a [u8],
    pub(crate) signature: Vec<u8>,
}

impl<'a> Jwt<'a> {
    pub(crate) fn split(token: &'a str) -> Option<Self> {
        let (input, signature) = token.rsplit_once('.')?;
        let (header, claims) = input.split_once('.')?;
        let json = |part: &str| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok();
        Some(Self {
            header: json(header)?,
            claims: json(claims)?,
            input: input.as_bytes(),
            signature: URL_SAFE_NO_PAD.decode(signature).ok()?,
        })
    }

    /// A claim that is a text with something in it.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.claims.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
    }

    /// Whether one of these is an audience; `aud` is a text or a list of texts (RFC 7519, section 4.1.3).
    pub(crate) fn is_for(&self, wanted: &[&str]) -> bool {
        let fits = |value: &Value| value.as_str().is_some_and(|text| wanted.contains(&text));
        match self.claims.get("aud") {
            Some(Value::Array(audiences)) => audiences.iter().any(fits),
            Some(one) => fits(one),
            None => false,
        }
    }
}
