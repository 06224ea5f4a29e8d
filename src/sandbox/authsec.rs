//! AuthSec's servers, imitated: from a request's bytes to an answer's, by hand from the contract. Uses `message` and `state`.

pub(crate) mod admin;
#[cfg(feature = "openid")]
pub(crate) mod assertion;
pub(crate) mod client_auth;
pub(crate) mod devices;
pub(crate) mod fields;
pub(crate) mod issue;
pub(crate) mod oauth;
pub(crate) mod respond;
pub(crate) mod route;
pub(crate) mod shape;
pub(crate) mod tenant;
pub(crate) mod totp_login;
pub(crate) mod workspace;
