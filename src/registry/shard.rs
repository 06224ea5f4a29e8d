use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;
use std::time::Duration;

use hashbrown::HashTable;

use super::{Slot, UNKNOWN_LIFETIME};
use crate::clock::{Instant, later};
use crate::outcome::CancelReason;
use crate::poll::Pace;
use crate::types::{AuthReqId, EmailKey};

/// How often a shard that is in use looks for records that are over.
const SWEEP: Duration = Duration::from_secs(15);

/// Part of the slots of a registry, under one lock. A table of slots under the hash of their email: a waiting person
/// costs a pointer here, and nothing more.
pub(super) struct Shard {
    slots: HashTable<Arc<Slot>>,
    initiates: HashMap<EmailKey, Initiates>,
    next_sweep: Instant,
}

/// The initiates of one email that are under way.
#[derive(Default)]
struct Initiates {
    under_way: u32,
    /// Cancels since the first of them began.
    cancels: u32,
}

impl Shard {
    pub(super) fn new(at: Instant) -> Self {
        Self { slots: HashTable::new(), initiates: HashMap::new(), next_sweep: later(at, SWEEP) }
    }

    /// Forgets what is over, now and then: the cost is spread over the calls that make records.
    pub(super) fn sweep(&mut self, at: Instant, hasher: &RandomState) {
        if at >= self.next_sweep {
            self.next_sweep = later(at, SWEEP);
            self.forget_expired(at, hasher);
        }
    }

    pub(super) fn forget_expired(&mut self, at: Instant, hasher: &RandomState) {
        self.slots.retain(|slot| !slot.is_forgotten(at));
        // A crowd that has left gives its room back.
        if self.slots.len() < self.slots.capacity() / 4 {
            self.slots.shrink_to_fit(|slot| hasher.hash_one(slot.key()));
        }
    }

    pub(super) fn end_all(&self, reason: CancelReason) {
        for slot in &self.slots {
            slot.end(reason);
        }
    }

    #[cfg(test)]
    pub(super) fn number_of_people(&self) -> usize {
        let keys = self.slots.iter().map(|slot| slot.key());
        keys.chain(self.initiates.keys()).collect::<std::collections::HashSet<_>>().len()
    }

    /// (live polls, remembered ids)
    pub(super) fn count(&self) -> (usize, usize) {
        (self.slots.iter().filter(|slot| slot.is_held()).count(), self.slots.len())
    }

    /// The part of this shard that is about one person.
    pub(super) fn person<'a>(
        &'a mut self,
        key: &'a EmailKey,
        hash: u64,
        hasher: &'a RandomState,
    ) -> Person<'a> {
        Person { shard: self, key, hash, hasher }
    }
}

/// All that is remembered of one email.
pub(super) struct Person<'a> {
    shard: &'a mut Shard,
    key: &'a EmailKey,
    hash: u64,
    hasher: &'a RandomState,
}

impl Person<'_> {
    fn slots(&self) -> impl Iterator<Item = &Arc<Slot>> {
        self.shard.slots.iter_hash(self.hash).filter(|slot| slot.key() == self.key)
    }

    /// The slot of an id; one that this client did not initiate is remembered from now on.
    pub(super) fn find_or_insert(
        &mut self,
        id: &AuthReqId,
        resource: Option<&str>,
        at: Instant,
    ) -> Arc<Slot> {
        let forget = later(at, UNKNOWN_LIFETIME);
        if let Some(slot) = self.slots().find(|slot| slot.id() == id) {
            slot.keep_until(forget);
            return Arc::clone(slot);
        }
        self.insert(Slot::new(self.key.clone(), id.clone(), resource, Pace::unknown(), false, forget))
    }

    /// Remembers an id. A server that repeats one gets a record afresh.
    pub(super) fn insert(&mut self, slot: Arc<Slot>) -> Arc<Slot> {
        let same = |known: &Arc<Slot>| known.id() == slot.id() && known.key() == slot.key();
        if let Ok(known) = self.shard.slots.find_entry(self.hash, same) {
            known.get().end(CancelReason::Superseded);
            known.remove();
        }
        let rehash = |slot: &Arc<Slot>| self.hasher.hash_one(slot.key());
        self.shard.slots.insert_unique(self.hash, Arc::clone(&slot), rehash);
        slot
    }

    /// Ends every older approval of this person: the newest is the one that counts.
    pub(super) fn supersede_all(&self) {
        for slot in self.slots() {
            slot.end(CancelReason::Superseded);
        }
    }

    /// Stops the polls of all other ids; they may be polled again.
    pub(super) fn supersede_polls_but(&self, mine: &Arc<Slot>) {
        for slot in self.slots().filter(|slot| !Arc::ptr_eq(slot, mine)) {
            slot.stop(CancelReason::Superseded);
        }
    }

    /// Ends every approval, also one whose initiate is under way. Returns how many polls it stopped.
    pub(super) fn cancel(&mut self) -> usize {
        if let Some(initiates) = self.shard.initiates.get_mut(self.key) {
            initiates.cancels = initiates.cancels.wrapping_add(1);
        }
        self.slots().filter(|slot| slot.end(CancelReason::Requested)).count()
    }

    /// Returns the number of cancels so far, for comparison when the answer is there.
    pub(super) fn begin_initiate(&mut self) -> u32 {
        let initiates = self.shard.initiates.entry(self.key.clone()).or_default();
        initiates.under_way = initiates.under_way.saturating_add(1);
        initiates.cancels
    }

    pub(super) fn end_initiate(&mut self) {
        if let Some(initiates) = self.shard.initiates.get_mut(self.key) {
            initiates.under_way = initiates.under_way.saturating_sub(1);
            if initiates.under_way == 0 {
                self.shard.initiates.remove(self.key);
            }
        }
    }

    /// Cancels since the first initiate that is under way.
    pub(super) fn cancels(&self) -> u32 {
        self.shard.initiates.get(self.key).map_or(0, |initiates| initiates.cancels)
    }
}
