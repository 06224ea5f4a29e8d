//! The one clock: tokio's, which tests can pause. Monotonic, so that nothing here notices a change of the wall clock.

use std::time::Duration;

pub(crate) use tokio::time::Instant;

pub(crate) fn now() -> Instant {
    Instant::now()
}

/// Longer than anything of ours waits, and no clock overflows by it.
const A_CENTURY: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

/// An instant plus a wait. Every wait of ours is at most a week; a longer one is cut to a century, never to nothing.
pub(crate) fn later(instant: Instant, wait: Duration) -> Instant {
    instant.checked_add(wait.min(A_CENTURY)).unwrap_or(instant)
}
