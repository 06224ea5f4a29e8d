//! `private_key_jwt` (RFC 7523, section 3; OpenID Connect Core 1.0, section 9).

use serde_json::Value;

use super::form::Form;
use super::path::{START, TOKEN};
use crate::sandbox::message::exchange::Exchange;
use crate::sandbox::message::jwt::Jwt;
use crate::sandbox::state::clock::wall;

/// The algorithms of assertions.
pub(crate) const ALGS: [&str; 5] = ["ES256", "EdDSA", "Ed25519", "PS256", "RS256"];

const BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// The client that the assertion is of, or which check it fails.
pub(crate) fn client(
    exchange: &mut Exchange<'_>,
    form: &Form,
    assertion: &str,
) -> Result<String, &'static str> {
    if form.get("client_assertion_type") != Some(BEARER) {
        return Err("client_assertion_type is not jwt-bearer");
    }
    let jwt = Jwt::split(assertion).ok_or("the assertion is no signed JWT")?;
    let issuer = jwt.text("iss").ok_or("the assertion has no iss")?;
    if jwt.text("sub") != Some(issuer) {
        return Err("the assertion's sub is not its iss");
    }
    if form.get("client_id").is_some_and(|id| id != issuer) {
        return Err("client_id is not the assertion's iss");
    }
    let key = exchange.settings.client(issuer).and_then(|client| client.key.as_ref());
    let key = key.ok_or("the assertion's iss has no registered key")?;
    let alg = jwt.header.get("alg").and_then(Value::as_str).unwrap_or_default();
    if !key.has_signed(alg, jwt.input, &jwt.signature) {
        return Err("the assertion is not signed by the registered key");
    }
    let place = &exchange.settings.issuer;
    let (start, token) = (format!("{place}{START}"), format!("{place}{TOKEN}"));
    // CIBA, section 7.1: all of these are to be taken.
    if !jwt.is_for(&[place, &start, &token]) {
        return Err("the assertion's aud is neither the issuer nor an endpoint");
    }
    let now = wall().as_secs();
    let expires_at = jwt.claims.get("exp").and_then(Value::as_u64).ok_or("the assertion has no exp")?;
    if expires_at <= now {
        return Err("the assertion has expired");
    }
    if jwt.claims.get("nbf").and_then(Value::as_u64).is_some_and(|nbf| nbf > now) {
        return Err("the assertion is not valid yet");
    }
    let jti = jwt.text("jti").ok_or("the assertion has no jti")?;
    if !exchange.world.assertions.is_first(issuer, jti, expires_at) {
        return Err("the assertion was sent before");
    }
    Ok(issuer.to_owned())
}
