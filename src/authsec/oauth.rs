//! The routes of the standard: forms instead of JSON (`docs/wire.md`, sections 2.1 and 2.2; OpenID CIBA Core, sections 7.1 and
//! 10.1). The answers are read as those of the other routes.

use url::form_urlencoded::byte_serialize;
use zeroize::Zeroizing;

use crate::answer::ErrorCode;
use crate::error::{Error, ErrorKind};
use crate::types::Wish;

/// The grant of a poll (OpenID CIBA Core, section 10.1).
const GRANT: &str = "urn:openid:params:grant-type:ciba";

/// A start. The client is named by its credential alone.
pub(crate) fn write_start_form(wish: &Wish<'_>) -> Vec<u8> {
    let scope = (!wish.scopes.is_empty()).then(|| wish.scopes.join(" "));
    form([
        ("login_hint", Some(wish.login_hint)),
        ("scope", scope.as_deref()),
        ("binding_message", Some(wish.binding_message)),
        ("resource", wish.resource),
    ])
}

/// A poll.
pub(crate) fn write_poll_form(auth_req_id: &str, resource: Option<&str>) -> Vec<u8> {
    form([("grant_type", Some(GRANT)), ("auth_req_id", Some(auth_req_id)), ("resource", resource)])
}

/// What only these routes say, and what is then a setting that is wrong: that they are switched off, or (308) that the issuer has
/// another host. From other routes the one is a refusal, and the other an answer of somebody else.
pub(crate) fn off_the_routes(error: Error) -> Error {
    match (error.code(), error.status()) {
        (Some(ErrorCode::UnsupportedGrantType), _) => error.with_kind(ErrorKind::Config).with_field("routes").with_message(
            "the server has CIBA switched off at its /oauth routes: switch it on there, or choose other routes".to_owned(),
        ),
        (_, Some(308)) => error.with_kind(ErrorKind::Config).with_field("base_url"),
        _ => error,
    }
}

/// In one piece: a buffer that had to grow would leave a copy of a secret behind.
fn form<const N: usize>(members: [(&'static str, Option<&str>); N]) -> Vec<u8> {
    let room = members.iter().fold(0_usize, |room, (name, value)| {
        // An escape has three characters.
        let longest = value.map_or(0, |value| value.len().saturating_mul(3));
        room.saturating_add(name.len()).saturating_add(longest).saturating_add(2)
    });
    let mut bytes = Zeroizing::new(Vec::with_capacity(room));
    for (name, value) in members {
        let Some(value) = value else { continue };
        if !bytes.is_empty() {
            bytes.push(b'&');
        }
        bytes.extend_from_slice(name.as_bytes());
        bytes.push(b'=');
        for part in byte_serialize(value.as_bytes()) {
            bytes.extend_from_slice(part.as_bytes());
        }
    }
    std::mem::take(&mut *bytes)
}
