//! The async client for AuthSec.

#[cfg(feature = "sandbox")]
pub mod sandbox;
