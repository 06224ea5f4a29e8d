//! Who is being waited for: email -> slots. A slot remembers one `auth_req_id`: its pace, and the poll that holds it.
//!
//! A poll claims its slot before its first await, so that a cancel right after `spawn()` finds it, and commits its
//! outcome under the slot's lock: an approval comes out only if nobody has stopped the poll before. A `select!`, even
//! a `biased` one, cannot promise that.

mod claim;
mod initiating;
mod shard;
mod slot;

use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

pub(crate) use claim::Claim;
pub(crate) use initiating::Initiating;
use shard::Shard;
pub(crate) use slot::Slot;

use crate::clock::{Instant, later, now};
use crate::outcome::CancelReason;
use crate::poll::Pace;
use crate::sync::{AtomicBool, Mutex, MutexGuard, lock};
use crate::types::{AuthReqId, EmailKey};
use crate::wire::Acknowledgement;

/// A rehash of one shard holds up only the callers of that shard, and is short.
const SHARDS: usize = if cfg!(authsec_model) { 1 } else { 64 };

/// How long an id is remembered whose lifetime the server told to another process.
const UNKNOWN_LIFETIME: Duration = Duration::from_secs(300);

/// All waiting of one client.
pub(crate) struct Registry {
    shards: [Mutex<Shard>; SHARDS],
    hasher: RandomState,
    /// Several approvals side by side for one email.
    concurrent: bool,
    closed: AtomicBool,
}

impl Registry {
    pub(crate) fn new(concurrent: bool) -> Self {
        Self {
            shards: std::array::from_fn(|_| Mutex::new(Shard::new(now()))),
            hasher: RandomState::new(),
            concurrent,
            closed: AtomicBool::new(false),
        }
    }

    /// The shard of an email, and the email's hash.
    fn shard(&self, key: &EmailKey) -> (MutexGuard<'_, Shard>, u64) {
        let hash = self.hasher.hash_one(key);
        // Bits from the middle: the shard's own table goes by the lowest and the highest.
        let place = (hash >> 32) as usize % SHARDS;
        // The remainder is always a place of the array.
        let [first, ..] = &self.shards;
        (lock(self.shards.get(place).unwrap_or(first)), hash)
    }

    /// An initiate is under way: a cancel that comes before its answer is not lost.
    pub(crate) fn initiating(self: &Arc<Self>, key: EmailKey) -> Initiating {
        let (mut shard, hash) = self.shard(&key);
        let cancels = shard.person(&key, hash, &self.hasher).begin_initiate();
        drop(shard);
        Initiating::new(Arc::clone(self), key, cancels)
    }

    /// Claims the slot of an id for a poll that starts now. A poll that holds it, or another id of the same email where
    /// only one may run, is superseded.
    pub(crate) fn claim(&self, key: &EmailKey, id: &AuthReqId, resource: Option<&str>) -> Claim {
        let at = now();
        let (mut shard, hash) = self.shard(key);
        shard.sweep(at, &self.hasher);
        let mut person = shard.person(key, hash, &self.hasher);
        let slot = person.find_or_insert(id, resource, at);
        if self.is_closed() {
            slot.end(CancelReason::Shutdown);
        }
        let claim = Claim::new(slot);
        if !self.concurrent && claim.is_live() {
            person.supersede_polls_but(claim.slot());
        }
        claim
    }

    /// Claims the slot of an id for a single look, which disturbs nobody: where a poll holds it, it stays with it.
    pub(crate) fn look(&self, key: &EmailKey, id: &AuthReqId, resource: Option<&str>) -> Look {
        let at = now();
        let (mut shard, hash) = self.shard(key);
        shard.sweep(at, &self.hasher);
        let slot = shard.person(key, hash, &self.hasher).find_or_insert(id, resource, at);
        if self.is_closed() {
            slot.end(CancelReason::Shutdown);
        }
        if slot.is_held() || slot.is_asking() { Look::Held(slot) } else { Look::Free(Claim::new(slot)) }
    }

    /// Stops every poll of an email and marks its ids, so that a later poll of them is stopped too. Returns how many
    /// polls it stopped.
    pub(crate) fn cancel(&self, key: &EmailKey) -> usize {
        let (mut shard, hash) = self.shard(key);
        shard.sweep(now(), &self.hasher);
        shard.person(key, hash, &self.hasher).cancel()
    }

    /// Stops everything, for good.
    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
        for shard in &self.shards {
            lock(shard).end_all(CancelReason::Shutdown);
        }
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::SeqCst)
    }

    /// (live polls, remembered ids)
    pub(crate) fn usage(&self) -> (usize, usize) {
        let at = now();
        self.shards.iter().fold((0, 0), |(live, ids), shard| {
            let mut shard = lock(shard);
            shard.forget_expired(at, &self.hasher);
            let (more_live, more_ids) = shard.count();
            (live.saturating_add(more_live), ids.saturating_add(more_ids))
        })
    }

    fn acknowledge(&self, key: &EmailKey, cancels_seen: u32, ack: &Acknowledgement, resource: Option<&str>) {
        let at = now();
        let expires = later(at, ack.expires_in);
        let pace = Pace::acknowledged(ack.interval.min(ack.expires_in), at);
        let (mut shard, hash) = self.shard(key);
        shard.sweep(at, &self.hasher);
        let mut person = shard.person(key, hash, &self.hasher);
        if !self.concurrent {
            person.supersede_all();
        }
        let slot = Slot::new(key.clone(), ack.auth_req_id.clone(), resource, pace, true, expires);
        let slot = person.insert(slot);
        if person.cancels() != cancels_seen {
            slot.end(CancelReason::Requested);
        }
        if self.is_closed() {
            slot.end(CancelReason::Shutdown);
        }
    }

    fn end_initiate(&self, key: &EmailKey) {
        let (mut shard, hash) = self.shard(key);
        shard.person(key, hash, &self.hasher).end_initiate();
    }
}

impl std::fmt::Debug for Registry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Registry").field("concurrent", &self.concurrent).finish_non_exhaustive()
    }
}

/// What a single look finds at the slot.
pub(crate) enum Look {
    Free(Claim),
    /// A poll holds it, or has not yet let go of its request.
    Held(Arc<Slot>),
}

/// When a record may be forgotten.
fn is_over(forget: Instant, at: Instant) -> bool {
    at > forget
}

#[cfg(all(test, authsec_model))]
mod model;
#[cfg(test)]
#[cfg(not(authsec_model))]
mod tests;
