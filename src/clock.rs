//! The one clock: tokio's, which tests can pause. Monotonic, so that nothing here notices a change of the wall clock.

use std::time::Duration;

pub(crate) use tokio::time::Instant;

pub(crate) fn now() -> Instant {
    Instant::now()
}

/// An instant plus a wait. Every wait of ours is at most a week, so this never saturates in earnest.
pub(crate) fn later(instant: Instant, wait: Duration) -> Instant {
    instant.checked_add(wait).unwrap_or(instant)
}
