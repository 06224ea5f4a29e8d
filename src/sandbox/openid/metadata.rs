//! What the provider says of itself (OpenID Connect Discovery 1.0, section 3; CIBA, section 4).

use serde_json::json;

use super::assertion::ALGS;
use super::form::GRANT;
use super::path::{KEYS, START, TOKEN};
use crate::sandbox::message::reply::Reply;
use crate::sandbox::state::settings::Settings;

/// `GET /.well-known/openid-configuration`. There is no authorization endpoint, for nothing here is a browser's.
pub(crate) fn document(settings: &Settings) -> Reply {
    let issuer = &settings.issuer;
    let mut methods = vec!["client_secret_basic", "client_secret_post", "private_key_jwt"];
    methods.extend(settings.allow_unauthenticated_clients.then_some("none"));
    Reply::json(
        200,
        &json!({
            "issuer": issuer,
            "token_endpoint": format!("{issuer}{TOKEN}"),
            "jwks_uri": format!("{issuer}{KEYS}"),
            "backchannel_authentication_endpoint": format!("{issuer}{START}"),
            "backchannel_token_delivery_modes_supported": ["poll"],
            "backchannel_user_code_parameter_supported": false,
            "grant_types_supported": [GRANT],
            "response_types_supported": [],
            "subject_types_supported": ["public"],
            "scopes_supported": ["openid", "email", "profile"],
            "claims_supported": [
                "iss", "sub", "aud", "exp", "iat", "auth_time", "acr", "at_hash", "email", "email_verified",
                "urn:openid:params:jwt:claim:auth_req_id",
            ],
            "id_token_signing_alg_values_supported": ["ES256"],
            "token_endpoint_auth_methods_supported": methods,
            "token_endpoint_auth_signing_alg_values_supported": ALGS,
        }),
    )
}
