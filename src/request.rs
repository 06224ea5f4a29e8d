//! The calls: each is built, awaited once, and gone.

mod initiate;
mod pending;
mod poll;
pub(crate) mod totp;

pub use initiate::InitiateApproval;
pub use pending::PendingApproval;
pub use poll::PollForApproval;

use std::future::Future;
use std::pin::Pin;

use crate::clock::check_runtime;

/// What an awaited call becomes: `Send`, and owns all that it needs.
pub type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send + 'static>>;

#[cfg(test)]
mod tests;
