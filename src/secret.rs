//! Secrets: wiped on drop, shown by one method, never printed, never serialised.
//!
//! Wiped is what this crate holds: codes, tokens, ids, the client's secret, and the bodies that carry them. Not wiped are
//! buffers of the HTTP and TLS libraries, serde_json's where a server writes a token with an escape in it, the addresses of
//! people, which are no secrets, and what the caller holds. `tests/wiped` looks into every block that is given back.

use std::fmt;
use std::sync::Arc;

use zeroize::Zeroizing;

/// What stands where a secret would be.
pub(crate) const REDACTED: &str = "[redacted]";

/// The token that an approval or a TOTP login yields.
///
/// Treat it as opaque: the deployments sign it in different ways (`docs/wire.md`, section 3.7), and only the service
/// that accepts it can judge it. Clones share it, and it is wiped with the last of them; `Debug` is redacted; there is no `Display`, no `Serialize`. The HTTP
/// and TLS libraries under this crate read it through buffers of their own, which are not wiped.
#[derive(Clone)]
pub struct AccessToken(Arc<Zeroizing<Box<str>>>);

impl AccessToken {
    pub(crate) fn new(token: &str) -> Self {
        Self(Arc::new(Zeroizing::new(token.into())))
    }

    /// The token itself, to send as a bearer token. Do not log it.
    #[must_use]
    pub fn expose_secret(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AccessToken({REDACTED})")
    }
}

/// The token by which a provider gives a new access token (RFC 6749, section 1.5). It is wiped on drop; `Debug` is redacted;
/// there is no `Display`, no `Serialize`.
#[cfg(feature = "openid")]
#[derive(Clone)]
pub struct RefreshToken(Zeroizing<Box<str>>);

#[cfg(feature = "openid")]
impl RefreshToken {
    pub(crate) fn new(token: &str) -> Self {
        Self(Zeroizing::new(token.into()))
    }

    /// The token itself, to keep it. Do not log it.
    #[must_use]
    pub fn expose_secret(&self) -> &str {
        &self.0
    }
}

#[cfg(feature = "openid")]
impl fmt::Debug for RefreshToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RefreshToken({REDACTED})")
    }
}

/// The client's own secret, as HTTP Basic sends it.
#[derive(Clone)]
pub(crate) struct ClientSecret(Zeroizing<String>);

impl ClientSecret {
    pub(crate) fn new(secret: String) -> Self {
        Self(Zeroizing::new(secret))
    }

    pub(crate) fn expose_secret(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ClientSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ClientSecret({REDACTED})")
    }
}
