//! The calls over an in-memory script, on tokio's paused clock.

mod cancelling;
mod initiating;
mod instants;
mod leftovers;
#[cfg(feature = "openid")]
mod openid;
mod outage;
mod outcomes;
mod progress;
#[cfg(feature = "ticket")]
mod resuming;
mod server;
mod tasks;
mod totp;
mod waits;
