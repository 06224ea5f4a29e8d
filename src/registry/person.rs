use std::collections::VecDeque;
use std::sync::Arc;

use super::Slot;
use super::aftermath::Aftermath;
use crate::clock::Instant;
use crate::expiring::Entry;
use crate::outcome::CancelReason;
use crate::types::PersonKey;

/// How many ids of one person a call looks at, to let go of those that are over.
const SHED: usize = 8;

/// Room for so many ids is not worth giving back.
const SMALL: usize = 16;

/// The ids of one person that can still be ended from here. Most people wait for one thing: that costs two words.
pub(super) struct Person {
    first: Arc<Slot>,
    #[expect(clippy::box_collection, reason = "one word for most people, who have none")]
    others: Option<Box<VecDeque<Arc<Slot>>>>,
}

impl Person {
    pub(super) fn new(slot: Arc<Slot>) -> Self {
        Self { first: slot, others: None }
    }

    pub(super) fn add(&mut self, slot: Arc<Slot>) {
        self.others.get_or_insert_default().push_back(slot);
    }

    #[cfg(test)]
    #[cfg(not(authsec_model))]
    pub(super) fn len(&self) -> usize {
        self.others.as_ref().map_or(0, |others| others.len()).saturating_add(1)
    }

    /// For how many further ids there is room.
    #[cfg(test)]
    #[cfg(not(authsec_model))]
    pub(super) fn room(&self) -> usize {
        self.others.as_ref().map_or(0, |others| others.capacity())
    }

    /// Ends all. Each with whether anybody was waiting for it, and what to do about it when no lock is held.
    pub(super) fn end(&self, reason: CancelReason) -> Vec<(bool, Aftermath)> {
        let others = self.others.iter().flat_map(|others| others.iter());
        others.chain(std::iter::once(&self.first)).map(|slot| slot.end(reason)).collect()
    }
}

impl Entry for Person {
    type Key = PersonKey;

    fn key(&self) -> &PersonKey {
        self.first.who()
    }

    /// The next few ids, in turn: so each costs the same, however many there are.
    fn shed(&mut self, at: Instant) {
        let Some(others) = &mut self.others else { return };
        for _ in 0..SHED.min(others.len()) {
            if let Some(slot) = others.pop_front()
                && !slot.forget(at)
            {
                others.push_back(slot);
            }
        }
        if self.first.forget(at)
            && let Some(other) = others.pop_front()
        {
            self.first = other;
        }
        if others.capacity() > SMALL && others.len() < others.capacity() / 4 {
            others.shrink_to(others.len().saturating_mul(2));
        }
        if others.is_empty() {
            self.others = None;
        }
    }

    fn is_over(&self, at: Instant) -> bool {
        self.others.is_none() && self.first.forget(at)
    }
}
