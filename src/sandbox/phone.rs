//! What a person holds: a phone that answers, an authenticator that counts. Uses `state`.

pub(crate) mod authenticator;
pub(crate) mod handset;
