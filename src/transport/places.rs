use tokio::sync::{Semaphore, SemaphorePermit};

use crate::clock::Instant;

/// The places for requests under way: first come, first served.
pub(crate) struct Places(Semaphore);

impl Places {
    pub(crate) fn new(number: usize) -> Self {
        Self(Semaphore::new(number.min(Semaphore::MAX_PERMITS)))
    }

    /// Waits for a place, at most until the deadline. Cancel safe: a dropped wait leaves the queue.
    pub(crate) async fn take(&self, until: Instant) -> Option<SemaphorePermit<'_>> {
        if let Ok(place) = self.0.try_acquire() {
            return Some(place);
        }
        tokio::time::timeout_at(until, self.0.acquire()).await.ok()?.ok()
    }
}
