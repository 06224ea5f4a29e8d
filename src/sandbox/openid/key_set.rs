//! The key set (RFC 7517, section 5; RFC 7518, section 6.2).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::sandbox::message::reply::Reply;
use crate::sandbox::state::signing_keys::SigningKey;
use crate::sandbox::state::world::World;

/// `GET /jwks`: the key that signs, then those before it.
pub(crate) fn document(world: &World) -> Reply {
    let keys = world.provider.iter().flat_map(|provider| provider.keys.published());
    Reply::json(200, &json!({ "keys": keys.map(jwk).collect::<Vec<_>>() }))
}

fn jwk(key: &SigningKey) -> Value {
    let (x, y) = key
        .point()
        .split_first()
        .map_or((&[][..], &[][..]), |(_, both)| both.split_at_checked(32).unwrap_or_default());
    json!({
        "kty": "EC",
        "crv": "P-256",
        "use": "sig",
        "alg": "ES256",
        "kid": key.kid,
        "x": URL_SAFE_NO_PAD.encode(x),
        "y": URL_SAFE_NO_PAD.encode(y),
    })
}
