//! Black-box tests of the sandbox: real sockets, no part of the client.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "clippy.toml lets them pass in test functions, but not in what these share"
)]

mod control;
mod defaults;
mod faults;
mod golden_admin;
mod golden_bearer;
mod golden_member;
mod golden_oauth;
#[cfg(feature = "openid")]
mod golden_openid;
mod golden_totp;
mod life;
mod observe;
#[cfg(feature = "openid")]
mod openid_assertions;
#[cfg(feature = "openid")]
mod openid_client;
#[cfg(feature = "openid")]
mod openid_tokens;
mod rooms;
mod support;
mod take;
