use std::sync::Arc;

use super::Slot;
use super::slot::Aftermath;
use crate::clock::Instant;
use crate::expiring::Entry;
use crate::outcome::CancelReason;
use crate::types::EmailKey;

/// The ids of one person that can still be ended from here. Most people wait for one thing: that costs two words.
pub(super) struct Person {
    first: Arc<Slot>,
    #[expect(clippy::box_collection, reason = "one word for most people, who have none")]
    others: Option<Box<Vec<Arc<Slot>>>>,
}

impl Person {
    pub(super) fn new(slot: Arc<Slot>) -> Self {
        Self { first: slot, others: None }
    }

    pub(super) fn add(&mut self, slot: Arc<Slot>, at: Instant) {
        let others = self.others.get_or_insert_default();
        if others.len() == others.capacity() {
            // Before it grows: so looking for what is over costs a constant for each id.
            others.retain(|slot| !slot.forget(at));
        }
        others.push(slot);
    }

    /// Ends all. Each with whether anybody was waiting for it, and what to do about it when no lock is held.
    pub(super) fn end(&self, reason: CancelReason) -> Vec<(bool, Aftermath)> {
        self.slots().map(|slot| slot.end(reason)).collect()
    }

    /// The newest first: it is the likeliest to be needed.
    fn slots(&self) -> impl Iterator<Item = &Arc<Slot>> {
        let others = self.others.iter().flat_map(|others| others.iter().rev());
        others.chain(std::iter::once(&self.first))
    }
}

impl Entry for Person {
    type Key = EmailKey;

    fn key(&self) -> &EmailKey {
        self.first.who()
    }

    fn is_over(&self, at: Instant) -> bool {
        self.slots().all(|slot| slot.forget(at))
    }
}
