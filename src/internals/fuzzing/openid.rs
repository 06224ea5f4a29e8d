//! The readers of any OpenID provider's bytes.

use std::time::{Duration, SystemTime};

use super::{ASKED, Read, answer, failed, of_poll, shown};
use crate::openid::{Challenge, Endpoints, KeySet, Metadata, Unverified, issuer, read_poll, read_start};

/// RFC 7515, appendix A.3.1: the public key that has signed one token known to all, and no other.
pub const PUBLISHED: &str = r#"{"keys":[{"kty":"EC","crv":"P-256","kid":"one","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}"#;

/// The answer to a poll at an OpenID provider, before its ID Token is looked at.
#[must_use]
pub fn read_openid_poll(status: u16, body: Option<&[u8]>) -> Read {
    of_poll(read_poll(&answer(status, body), Challenge::default(), false))
}

/// The answer to a start at an OpenID provider.
#[must_use]
pub fn read_openid_start(status: u16, body: Option<&[u8]>) -> Read {
    match read_start(&answer(status, body), Challenge::default()) {
        Ok(ack) => Read::Acknowledged {
            id: ack.auth_req_id.expose_secret().to_owned(),
            expires_in: ack.expires_in,
            interval: ack.interval,
        },
        Err(error) => failed(error),
    }
}

/// The addresses that metadata leads to, for the issuer that is configured: the start, the token endpoint, the keys.
///
/// # Errors
///
/// The error, as it shows itself.
pub fn metadata(
    document: &[u8],
    configured: &str,
    with_certificate: bool,
) -> Result<(String, String, Option<String>), String> {
    let metadata = Metadata::read(document).map_err(shown)?;
    metadata.is_of(configured).map_err(shown)?;
    let issuer = issuer(configured, None).map_err(shown)?;
    let endpoints = Endpoints { issuer: &issuer, plain_http_to: None, origins: &[] };
    let found = metadata.addresses(&endpoints, with_certificate).map_err(shown)?;
    Ok((found.start.into(), found.token.into(), found.keys.map(Into::into)))
}

/// Whether any text is an ID Token with a signature by the key in [`PUBLISHED`].
#[must_use]
pub fn is_accepted(token: &str) -> bool {
    jwks(PUBLISHED.as_bytes(), token) == Some(true)
}

/// Whether this document is a set of keys, and if so, whether one of them has signed this token by ES256.
#[must_use]
pub fn jwks(document: &[u8], token: &str) -> Option<bool> {
    let keys = KeySet::read(document)?;
    let rules = rules(crate::Alg::ES256);
    Some(Unverified::read(token, &rules).is_ok_and(|token| keys.has_signed(&token)))
}

/// Whom an ID Token is from, whom it is of, and for whom; at [`ID_TOKEN_AT`], for the client and the answer that the constants
/// beside it name. The header and the claims are signed by HS256 first, so that every check is reached.
///
/// # Errors
///
/// The error, as it shows itself.
pub fn id_token(header: &str, claims: &str) -> Result<(String, String, Vec<String>), String> {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use crate::jose::{sign_by_secret, signed};

    let secret = [7; 32];
    let input = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let token = signed(&input, &sign_by_secret(&secret, input.as_bytes()));
    let rules = rules(crate::Alg::HS256);
    let unverified = Unverified::read(&token, &rules).map_err(shown)?;
    if !unverified.jws.is_signed_by_secret(unverified.alg, &secret) {
        return Err("the signature is none".to_owned());
    }
    let about = crate::openid::About {
        access_token: "access",
        refresh_token: None,
        auth_req_id: ASKED.0,
        subject: None,
        started: Some(at(ID_TOKEN_AT - 30)),
    };
    let checked = unverified.verified().check(&rules, &about, at(ID_TOKEN_AT)).map_err(shown)?;
    let audiences = checked.audiences().map(str::to_owned).collect();
    Ok((checked.issuer().to_owned(), checked.subject().to_owned(), audiences))
}

/// Any text as an ID Token: whether its form and its header are those of one.
#[must_use]
pub fn is_unverified_id_token(token: &str) -> bool {
    Unverified::read(token, &rules(crate::Alg::ES256)).is_ok()
}

/// When ID Tokens are checked, in seconds since 1970.
pub const ID_TOKEN_AT: u64 = 1_800_000_000;

/// The issuer and the client that an ID Token has to name.
pub const ID_TOKEN_NAMES: (&str, &str) = ("https://op.example", "checkout");

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds)).unwrap_or(SystemTime::UNIX_EPOCH)
}

fn rules(alg: crate::Alg) -> crate::openid::Rules {
    crate::openid::Rules {
        issuer: ID_TOKEN_NAMES.0.into(),
        client_id: ID_TOKEN_NAMES.1.into(),
        algs: vec![alg],
        skew: Duration::from_secs(60),
        trusted_audiences: vec!["api".to_owned()],
        required_acr: Vec::new(),
    }
}
