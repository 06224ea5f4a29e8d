//! A standard OpenID provider with CIBA in poll mode, by hand from the standards: OpenID CIBA Core 1.0 ("CIBA" in the comments),
//! OpenID Connect Core and Discovery 1.0, RFC 6749, RFC 7517, RFC 7523. Uses `message` and `state`, and nothing of the client.

pub(crate) mod assertion;
pub(crate) mod client_auth;
pub(crate) mod form;
pub(crate) mod hint;
pub(crate) mod id_token;
pub(crate) mod key_set;
pub(crate) mod metadata;
pub(crate) mod path;
pub(crate) mod route;
pub(crate) mod start;
pub(crate) mod token;
