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

use crate::error::{Error, ErrorKind};

/// What an awaited call becomes: `Send`, and owns all that it needs.
pub type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send + 'static>>;

/// Checks what would otherwise be a panic deep inside.
pub(crate) fn check_runtime() -> Result<(), Error> {
    if tokio::runtime::Handle::try_current().is_err() {
        return Err(no_runtime("there is no tokio runtime here"));
    }
    // Tokio has no other way to ask whether the runtime has timers.
    std::panic::catch_unwind(|| drop(tokio::time::sleep(std::time::Duration::ZERO)))
        .map_err(|_| no_runtime("the tokio runtime has no timers: call `enable_all` on its builder"))
}

fn no_runtime(message: &'static str) -> Error {
    Error::new(ErrorKind::Runtime, message)
}

#[cfg(test)]
mod tests;
