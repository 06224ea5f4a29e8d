//! A client of an OpenID provider over a script, and the ID Tokens of that provider.

#![allow(clippy::arithmetic_side_effects, reason = "a test's numbers")]

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::client::CibaClientBuilder;
use crate::openid::{ClientAuth, Hint, OpenId};
use crate::profile::{OpenIdProvider, Plan, Profile};
use crate::push_guard::PushGuard;
use crate::transport::Places;
use crate::transport::script::{Line, Script};
use crate::{Alg, CibaClient, PendingApproval};

const METADATA: &str = r#"{"issuer":"https://op.example","token_endpoint":"https://op.example/token",
    "backchannel_authentication_endpoint":"https://op.example/bc-authorize",
    "backchannel_token_delivery_modes_supported":["poll"],"id_token_signing_alg_values_supported":["HS256"]}"#;

const SECRET: &str = "secret-0123456789abcdef0123456789abcdef";

/// Without jitter. Its ID Tokens are signed by the client's secret, so that no key has to be fetched.
pub(crate) fn scripted(script: &Script) -> CibaClient {
    scripted_with(script, |provider| provider)
}

pub(crate) fn scripted_with(script: &Script, configure: impl FnOnce(OpenId) -> OpenId) -> CibaClient {
    let settings = configure(OpenId::from_metadata(METADATA).id_token_alg(Alg::HS256));
    let plan = Plan::new(settings, None, None, false).expect("valid settings");
    let provider =
        OpenIdProvider::new(plan, "client", ClientAuth::secret_post(SECRET), None).expect("a provider");
    let profile = Profile::OpenId(Box::new(provider));
    let (transport, places) = (Arc::new(script.clone()), Places::new(16));
    let mut inner = CibaClientBuilder::new()
        .into_inner_with(transport, places, profile, Duration::from_secs(30), PushGuard::default())
        .expect("a valid configuration");
    inner.fixed_jitter = Some(0);
    CibaClient::from_inner(inner)
}

pub(crate) async fn initiate(client: &CibaClient) -> PendingApproval {
    client.initiate(Hint::login("alice")).await.expect("an acknowledgement")
}

/// An approval with an ID Token of these claims, in which `%exp`, `%now`, `%past` (over) and `%week` (a week ago) are times.
pub(crate) fn approved_by(header: &str, claims: &str) -> Line {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
    let claims = claims.replace("%exp", &(now + 300).to_string()).replace("%now", &now.to_string());
    let claims =
        claims.replace("%past", &(now - 61).to_string()).replace("%week", &(now - 604_800).to_string());
    let input = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, SECRET.as_bytes());
    let signature = aws_lc_rs::hmac::sign(&key, input.as_bytes());
    let id_token = format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature));
    Line::json(
        200,
        &format!(
            r#"{{"access_token":"access-1","token_type":"Bearer","expires_in":3600,"id_token":"{id_token}"}}"#
        ),
    )
}

pub(crate) fn approved() -> Line {
    approved_by(
        r#"{"alg":"HS256"}"#,
        r#"{"iss":"https://op.example","sub":"alice-1","aud":"client","exp":%exp,"iat":%now}"#,
    )
}
