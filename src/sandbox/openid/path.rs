//! Where the provider's routes are.

/// OpenID Connect Discovery 1.0, section 4; the rest is the provider's choice.
pub(crate) const METADATA: &str = "/.well-known/openid-configuration";
pub(crate) const KEYS: &str = "/jwks";
/// The backchannel authentication endpoint.
pub(crate) const START: &str = "/bc-authorize";
pub(crate) const TOKEN: &str = "/token";
