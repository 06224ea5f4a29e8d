//! ID Tokens (OpenID Connect Core 1.0, sections 2 and 3.1.3.6), signed by ES256.

use std::io;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;

use crate::sandbox::message::exchange::Exchange;
use crate::sandbox::state::clock::wall;
use crate::sandbox::state::flaw::IdTokenFlaw;
use crate::sandbox::state::ledger::Row;
use crate::sandbox::state::random;

/// How long an ID Token is good, in seconds.
const LIFETIME: u64 = 300;

/// The token of this approval, with `flaw` if there is one. Its times are the wall clock's.
pub(crate) fn mint(
    exchange: &Exchange<'_>,
    row: &Row,
    client: &str,
    access_token: &str,
    flaw: Option<IdTokenFlaw>,
) -> io::Result<String> {
    let gone = || io::Error::other("the request or its user is gone");
    let provider = exchange.world.provider.as_ref().ok_or_else(gone)?;
    let account = exchange.world.admin_account(&row.request.email).ok_or_else(gone)?;
    let asked = provider.asked(&row.request.auth_req_id).ok_or_else(gone)?;
    let key = provider.keys.current();
    let has = |wanted| flaw == Some(wanted);

    let header = if has(IdTokenFlaw::Unsigned) {
        json!({ "alg": "none", "typ": "JWT" })
    } else if has(IdTokenFlaw::UnknownKey) {
        json!({ "alg": "ES256", "typ": "JWT", "kid": random::uuid() })
    } else {
        json!({ "alg": "ES256", "typ": "JWT", "kid": key.kid })
    };

    let now = wall();
    // The server's clock says how long ago the person answered. It may have been moved, so the start is the earliest.
    let ago = row.answered_at.map_or_else(Default::default, |at| exchange.now.saturating_sub(at));
    let auth_time = now.saturating_sub(ago).max(asked.at).as_secs();
    let past = if has(IdTokenFlaw::Expired) { 3_600 } else { 0 };
    let issued_at = now.as_secs().saturating_sub(past);
    let other =
        |wanted, right: &str, wrong: &str| if has(wanted) { wrong.to_owned() } else { right.to_owned() };
    let hashed = other(IdTokenFlaw::AccessTokenHash, access_token, "another");
    let mut claims = json!({
        "iss": other(IdTokenFlaw::Issuer, &exchange.settings.issuer, "https://another.example"),
        "sub": account.id,
        "aud": other(IdTokenFlaw::Audience, client, "another-client"),
        "iat": issued_at,
        "exp": issued_at.saturating_add(LIFETIME),
        "auth_time": auth_time.min(issued_at),
        "at_hash": left_half(&hashed),
        "urn:openid:params:jwt:claim:auth_req_id":
            other(IdTokenFlaw::AuthReqId, &row.request.auth_req_id, "another"),
    });
    if let Some(members) = claims.as_object_mut() {
        if let Some(acr) = &asked.acr {
            members.insert("acr".into(), acr.as_str().into());
        }
        if row.request.scopes.iter().any(|scope| scope == "email") {
            members.insert("email".into(), account.email.as_str().into());
            members.insert("email_verified".into(), true.into());
        }
    }

    let part = |value: &serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let input = format!("{}.{}", part(&header), part(&claims));
    let mut signature = if has(IdTokenFlaw::Unsigned) { Vec::new() } else { key.sign(input.as_bytes())? };
    if has(IdTokenFlaw::Signature)
        && let Some(last) = signature.last_mut()
    {
        *last ^= 1;
    }
    Ok(format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature)))
}

/// `at_hash`: the left half of the token's SHA-256 (OpenID Connect Core 1.0, section 3.1.3.6).
fn left_half(token: &str) -> String {
    let hash = digest(&SHA256, token.as_bytes());
    URL_SAFE_NO_PAD.encode(hash.as_ref().get(..16).unwrap_or_default())
}
