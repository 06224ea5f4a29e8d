//! The imitated server: from a request's bytes to an answer's, by hand from the contract. Uses `state`.

pub(crate) mod admin;
pub(crate) mod client_auth;
pub(crate) mod devices;
pub(crate) mod exchange;
pub(crate) mod issue;
pub(crate) mod oauth;
pub(crate) mod reply;
pub(crate) mod respond;
pub(crate) mod route;
pub(crate) mod tenant;
pub(crate) mod totp_login;
pub(crate) mod workspace;
