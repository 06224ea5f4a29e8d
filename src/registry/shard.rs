use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use super::{Slot, UNKNOWN_LIFETIME};
use crate::clock::{Instant, later};
use crate::outcome::CancelReason;
use crate::poll::Pace;
use crate::types::{AuthReqId, EmailKey};

/// How often a shard that is in use looks for records that are over.
const SWEEP: Duration = Duration::from_secs(15);

/// Part of the people of a registry, under one lock.
pub(super) struct Shard {
    people: HashMap<EmailKey, Person>,
    next_sweep: Instant,
}

/// All that is remembered of one email.
#[derive(Default)]
pub(super) struct Person {
    slots: Vec<Arc<Slot>>,
    /// Initiates that are under way.
    initiating: u32,
    /// Cancels since the first of them began.
    cancels: u32,
}

impl Shard {
    pub(super) fn new(at: Instant) -> Self {
        Self { people: HashMap::new(), next_sweep: later(at, SWEEP) }
    }

    /// The record of an email, made if there is none.
    pub(super) fn person(&mut self, key: &EmailKey) -> &mut Person {
        if !self.people.contains_key(key) {
            self.people.insert(key.clone(), Person::default());
        }
        self.people.entry(key.clone()).or_default()
    }

    pub(super) fn known(&mut self, key: &EmailKey) -> Option<&mut Person> {
        self.people.get_mut(key)
    }

    pub(super) fn drop_if_empty(&mut self, key: &EmailKey) {
        if self.people.get(key).is_some_and(Person::is_empty) {
            self.people.remove(key);
        }
    }

    /// Forgets what is over, now and then: the cost is spread over the calls that make records.
    pub(super) fn sweep(&mut self, at: Instant) {
        if at >= self.next_sweep {
            self.next_sweep = later(at, SWEEP);
            self.forget_expired(at);
        }
    }

    pub(super) fn forget_expired(&mut self, at: Instant) {
        self.people.retain(|_, person| {
            person.slots.retain(|slot| !slot.is_forgotten(at));
            !person.is_empty()
        });
        // A crowd that has left gives its room back.
        if self.people.len() < self.people.capacity() / 4 {
            self.people.shrink_to_fit();
        }
    }

    pub(super) fn end_all(&mut self, reason: CancelReason) {
        for person in self.people.values() {
            for slot in &person.slots {
                slot.end(reason);
            }
        }
    }

    #[cfg(test)]
    pub(super) fn number_of_people(&self) -> usize {
        self.people.len()
    }

    /// (live polls, remembered ids)
    pub(super) fn count(&self) -> (usize, usize) {
        let slots = || self.people.values().flat_map(|person| &person.slots);
        (slots().filter(|slot| slot.is_held()).count(), slots().count())
    }
}

impl Person {
    fn find(&self, id: &AuthReqId) -> Option<Arc<Slot>> {
        self.slots.iter().find(|slot| slot.id() == id).map(Arc::clone)
    }

    /// The slot of an id; one that this client did not initiate is remembered from now on.
    pub(super) fn find_or_insert(
        &mut self,
        id: &AuthReqId,
        resource: Option<&str>,
        at: Instant,
    ) -> Arc<Slot> {
        let forget = later(at, UNKNOWN_LIFETIME);
        match self.find(id) {
            Some(slot) => {
                slot.keep_until(forget);
                slot
            }
            None => self.insert(Slot::new(id.clone(), resource, Pace::unknown(), None, forget)),
        }
    }

    /// Remembers an id. A server that repeats one gets a record afresh.
    pub(super) fn insert(&mut self, slot: Arc<Slot>) -> Arc<Slot> {
        if let Some(same) = self.slots.iter_mut().find(|known| known.id() == slot.id()) {
            same.end(CancelReason::Superseded);
            *same = Arc::clone(&slot);
        } else {
            self.slots.reserve_exact(1);
            self.slots.push(Arc::clone(&slot));
        }
        slot
    }

    /// Ends every older approval of this person: the newest is the one that counts.
    pub(super) fn supersede_all(&self) {
        for slot in &self.slots {
            slot.end(CancelReason::Superseded);
        }
    }

    /// Stops the polls of all other ids; they may be polled again.
    pub(super) fn supersede_polls_but(&self, mine: &Arc<Slot>) {
        for slot in self.slots.iter().filter(|slot| !Arc::ptr_eq(slot, mine)) {
            slot.stop(CancelReason::Superseded);
        }
    }

    pub(super) fn cancel(&mut self) -> usize {
        if self.initiating > 0 {
            self.cancels = self.cancels.wrapping_add(1);
        }
        self.slots.iter().filter(|slot| slot.end(CancelReason::Requested)).count()
    }

    /// Returns the number of cancels so far, for comparison when the answer is there.
    pub(super) fn begin_initiate(&mut self) -> u32 {
        self.initiating = self.initiating.saturating_add(1);
        self.cancels
    }

    pub(super) fn end_initiate(&mut self) {
        self.initiating = self.initiating.saturating_sub(1);
        if self.initiating == 0 {
            self.cancels = 0;
        }
    }

    pub(super) fn cancels(&self) -> u32 {
        self.cancels
    }

    fn is_empty(&self) -> bool {
        self.slots.is_empty() && self.initiating == 0
    }
}
