//! The one clock: tokio's, which tests can pause. Monotonic, so that nothing here notices a change of the wall clock.

use std::time::Duration;

pub(crate) use tokio::time::Instant;

use crate::error::{Error, ErrorKind};

pub(crate) fn now() -> Instant {
    Instant::now()
}

/// Longer than anything of ours waits, and no clock overflows by it.
const A_CENTURY: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

/// An instant plus a wait. Every wait of ours is at most a week; a longer one is cut to a century, never to nothing.
pub(crate) fn later(instant: Instant, wait: Duration) -> Instant {
    instant.checked_add(wait.min(A_CENTURY)).unwrap_or(instant)
}

/// Checks what would otherwise be a panic deep inside.
pub(crate) fn check_runtime() -> Result<(), Error> {
    if tokio::runtime::Handle::try_current().is_err() {
        return Err(no_runtime("there is no tokio runtime here"));
    }
    // Tokio has no other way to ask whether the runtime has timers.
    std::panic::catch_unwind(|| drop(tokio::time::sleep(Duration::ZERO)))
        .map_err(|_| no_runtime("the tokio runtime has no timers: call `enable_all` on its builder"))
}

fn no_runtime(message: &'static str) -> Error {
    Error::new(ErrorKind::Runtime, message)
}
