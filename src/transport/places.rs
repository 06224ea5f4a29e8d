use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout_at;

use crate::clock::{Instant, later, now};

/// How often somebody in the queue looks whether it is worth standing there.
const LOOK: Duration = Duration::from_millis(250);

/// So many requests in a row go unanswered by chance only where hardly any is answered.
const NO_CHANCE: usize = 8;

/// The places for requests under way: first come, first served.
pub(crate) struct Places {
    free: Arc<Semaphore>,
    number: usize,
    /// Requests in a row that nobody answered.
    unanswered: AtomicUsize,
}

/// A place. It is free again when the last clone is dropped: the request holds one, and the connection that it dials
/// another, for a request that finds an idle connection meanwhile leaves the dialling behind.
#[derive(Clone)]
pub(crate) struct Place {
    permit: Arc<OwnedSemaphorePermit>,
}

impl Place {
    fn new(permit: OwnedSemaphorePermit) -> Self {
        Self { permit: Arc::new(permit) }
    }

    /// Whether it was the last one: somebody may be waiting for it.
    pub(crate) fn is_last(&self) -> bool {
        self.permit.semaphore().available_permits() == 0
    }
}

/// Who asks for a place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(dead_code)]
pub(crate) enum Caller {
    Poll,
    Look,
    Totp,
    Initiate,
}

/// What became of waiting for a place.
pub(crate) enum Turn {
    Mine(Place),
    /// Behind a server that does not answer a queue is a herd, and so are many requests that hang: when the server is
    /// back they would come all at once. Come again later.
    NotWorthWaiting,
}

impl Places {
    pub(crate) fn new(number: usize) -> Self {
        let number = number.min(Semaphore::MAX_PERMITS);
        Self { free: Arc::new(Semaphore::new(number)), number, unanswered: AtomicUsize::new(0) }
    }

    pub(crate) fn try_take(&self, _: Caller) -> Option<Place> {
        if self.is_unanswered() && self.taken() > self.number / 4 {
            return None;
        }
        Arc::clone(&self.free).try_acquire_owned().ok().map(Place::new)
    }

    pub(crate) async fn queue(&self, _: Caller) -> Turn {
        let mut waiting = pin!(Arc::clone(&self.free).acquire_owned());
        loop {
            if self.is_unanswered() && self.taken() > self.number / 4 {
                return Turn::NotWorthWaiting;
            }
            match timeout_at(later(now(), LOOK), &mut waiting).await {
                Ok(Ok(permit)) => return Turn::Mine(Place::new(permit)),
                Ok(Err(_)) => return Turn::NotWorthWaiting,
                Err(_) => {}
            }
        }
    }

    /// Waits for a place, however the server does.
    pub(crate) async fn take(&self, until: Instant) -> Option<Place> {
        if let Ok(permit) = Arc::clone(&self.free).try_acquire_owned() {
            return Some(Place::new(permit));
        }
        timeout_at(until, Arc::clone(&self.free).acquire_owned()).await.ok()?.ok().map(Place::new)
    }

    /// Takes note of how a request ended.
    pub(crate) fn ended(&self, answered: bool) {
        if answered {
            self.unanswered.store(0, Ordering::Relaxed);
        } else {
            self.unanswered.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Whether the server does not answer.
    fn is_unanswered(&self) -> bool {
        self.unanswered.load(Ordering::Relaxed) >= NO_CHANCE
    }

    fn taken(&self) -> usize {
        self.number.saturating_sub(self.free.available_permits())
    }
}
