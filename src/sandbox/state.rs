//! What the server knows and what it is told to break: users, requests, settings, faults, the log. Uses no other room.

#[cfg(feature = "openid")]
pub(crate) mod assertions;
pub(crate) mod clock;
pub(crate) mod fault;
pub(crate) mod fault_script;
#[cfg(feature = "openid")]
pub(crate) mod flaw;
pub(crate) mod issued;
pub(crate) mod ledger;
pub(crate) mod log;
#[cfg(feature = "openid")]
pub(crate) mod provider;
#[cfg(feature = "openid")]
pub(crate) mod public_key;
pub(crate) mod random;
pub(crate) mod script;
pub(crate) mod settings;
pub(crate) mod shared;
#[cfg(feature = "openid")]
pub(crate) mod signing_keys;
pub(crate) mod totp;
pub(crate) mod user;
pub(crate) mod users;
pub(crate) mod world;
