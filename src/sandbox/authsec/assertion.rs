//! `private_key_jwt` under `/oauth` (section 4).

use serde_json::Value;

use crate::sandbox::message::exchange::Exchange;
use crate::sandbox::message::jwt::Jwt;
use crate::sandbox::state::clock::wall;

const BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Those of the server's that the sandbox has keys for.
const ALGS: [&str; 3] = ["ES256", "PS256", "RS256"];

/// So long behind its `exp` an assertion is taken, in seconds.
const LEEWAY: u64 = 30;

/// The client whose assertion it is, if it is a right one.
pub(crate) fn client(exchange: &mut Exchange<'_>, kind: &str, assertion: &str) -> Option<String> {
    if kind != BEARER {
        return None;
    }
    let jwt = Jwt::split(assertion)?;
    let id = jwt.text("iss").filter(|id| jwt.text("sub") == Some(id))?;
    let key = exchange.settings.client(id)?.key.as_ref()?;
    let alg = jwt.header.get("alg").and_then(Value::as_str).filter(|alg| ALGS.contains(alg))?;
    if !key.has_signed(alg, jwt.input, &jwt.signature) {
        return None;
    }
    // At both routes, and nothing else beside it.
    if jwt.text("aud")? != format!("{}/oauth/token", exchange.settings.issuer) {
        return None;
    }
    let expires_at = jwt.claims.get("exp").and_then(Value::as_u64)?.saturating_add(LEEWAY);
    if expires_at <= wall().as_secs() {
        return None;
    }
    let is_first = exchange.world.assertions.is_first(id, jwt.text("jti")?, expires_at);
    is_first.then(|| id.to_owned())
}
