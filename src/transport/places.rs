use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout_at;

use crate::clock::{Instant, later, now};

/// How often somebody in the queue looks whether it is worth standing there.
const LOOK: Duration = Duration::from_millis(250);

/// The places for requests under way: first come, first served.
pub(crate) struct Places {
    free: Semaphore,
    /// Whether the last request that ended was answered.
    answering: AtomicBool,
}

/// What became of waiting for a place.
pub(crate) enum Turn<'a> {
    Mine(SemaphorePermit<'a>),
    /// Behind a server that does not answer a queue is a herd: when the server is back it would come all at once. Come
    /// again later.
    NotWorthWaiting,
    /// The deadline is here.
    TooLate,
}

impl Places {
    pub(crate) fn new(number: usize) -> Self {
        Self { free: Semaphore::new(number.min(Semaphore::MAX_PERMITS)), answering: AtomicBool::new(true) }
    }

    /// Waits for a place, at most until the deadline. Cancel safe: a dropped wait leaves the queue.
    pub(crate) async fn turn(&self, until: Instant) -> Turn<'_> {
        if let Ok(place) = self.free.try_acquire() {
            return Turn::Mine(place);
        }
        // One wait over all looks, so that nobody loses their place in the queue by looking.
        let mut waiting = pin!(self.free.acquire());
        loop {
            match timeout_at(later(now(), LOOK).min(until), &mut waiting).await {
                Ok(Ok(place)) => return Turn::Mine(place),
                // Nobody closes the semaphore.
                Ok(Err(_)) => return Turn::TooLate,
                Err(_) if now() >= until => return Turn::TooLate,
                Err(_) if !self.answering.load(Ordering::Relaxed) => return Turn::NotWorthWaiting,
                Err(_) => {}
            }
        }
    }

    /// Waits for a place, however the server does.
    pub(crate) async fn take(&self, until: Instant) -> Option<SemaphorePermit<'_>> {
        if let Ok(place) = self.free.try_acquire() {
            return Some(place);
        }
        timeout_at(until, self.free.acquire()).await.ok()?.ok()
    }

    /// Takes note of how a request ended.
    pub(crate) fn ended(&self, answered: bool) {
        self.answering.store(answered, Ordering::Relaxed);
    }
}
