//! Identifiers and tokens.

use std::io;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{URL_SAFE, URL_SAFE_NO_PAD};
use serde_json::json;

/// `N` bytes from the operating system.
pub(crate) fn bytes<const N: usize>() -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    Ok(bytes)
}

/// A request id as in section 3.1: 32 random bytes, padded URL-safe base64, 44 characters.
pub(crate) fn auth_req_id() -> io::Result<String> {
    Ok(URL_SAFE.encode(bytes::<32>()?))
}

/// A secret of 32 random bytes in 43 characters, all of which OpenID CIBA Core allows an `auth_req_id` (section 7.3).
#[cfg(feature = "openid")]
pub(crate) fn opaque() -> io::Result<String> {
    Ok(URL_SAFE_NO_PAD.encode(bytes::<32>()?))
}

/// A version-4 UUID. For rows and request ids only: it is not a secret.
pub(crate) fn uuid() -> String {
    let bits = fastrand::u128(..);
    let bits = bits & !(0xf << 76) & !(0x3 << 62) | (0x4 << 76) | (0x2 << 62);
    let hex = format!("{bits:032x}");
    let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
    format!("{}-{}-{}-{}-{}", part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32))
}

/// A token that looks like the server's (section 3.7). Its signature is random bytes, so no two are alike
/// and none verifies anywhere.
pub(crate) fn token(email: &str, now: Duration, lifetime: Duration, algorithm: &str) -> io::Result<String> {
    let header = json!({ "alg": algorithm, "kid": "default", "typ": "JWT" });
    let claims = json!({
        "iss": "authsec-ai/auth-manager",
        "aud": "authsec-api",
        "sub": email,
        "jti": uuid(),
        "iat": now.as_secs(),
        "exp": now.saturating_add(lifetime).as_secs(),
    });
    let part = |value: &serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
    Ok(format!("{}.{}.{}", part(&header), part(&claims), URL_SAFE_NO_PAD.encode(bytes::<32>()?)))
}

/// Whether `text` has the form of a UUID (8-4-4-4-12 hexadecimal digits).
pub(crate) fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_44_characters_and_ends_in_one_padding_sign() {
        let id = auth_req_id().unwrap();
        assert_eq!(id.len(), 44);
        assert!(id.ends_with('=') && !id.ends_with("=="));
        assert!(id[..43].bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'));
        assert_ne!(id, auth_req_id().unwrap());
    }

    #[test]
    fn a_uuid_says_that_it_is_random() {
        let id = uuid();
        assert!(is_uuid(&id), "{id}");
        assert_eq!(id.as_bytes()[14], b'4');
        assert!(b"89ab".contains(&id.as_bytes()[19]), "{id}");
        assert!(!is_uuid("not-a-uuid"));
        assert!(!is_uuid("0000000000000000000000000000000000-0"));
    }
}
