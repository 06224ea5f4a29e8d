//! What is remembered of every id, and who waits for it. Found by id, and by person to cancel.

mod aftermath;
mod asking;
mod end;
mod initiates;
mod person;
mod request;
mod slot;
mod state;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use aftermath::Aftermath;
pub(crate) use asking::{Asking, Ended, News};
pub(crate) use initiates::Acknowledged;
use initiates::Initiates;
use person::Person;
pub(crate) use request::{Companion, Request, Work};
pub(crate) use slot::{Joined, Membership, Said, Slot};
use tokio::runtime::Handle;

use crate::clock::{Instant, now};
use crate::error::Error;
use crate::expiring::{Entry, Expiring};
use crate::outcome::{CancelReason, Outcome};
use crate::poll::{Life, Pace};
use crate::sync::AtomicBool;
use crate::trace::FlowId;
use crate::types::{AuthReqId, PersonKey};

/// All waiting of one client.
///
/// The locks nest one way: the shard of an id, the shard of a person's initiates, the shard of a person, the slot. Nothing foreign runs under any of them.
pub(crate) struct Registry {
    ids: Expiring<Arc<Slot>>,
    people: Expiring<Person>,
    initiates: Expiring<Initiates>,
    /// Ids that somebody waits for.
    live: AtomicUsize,
    /// Several approvals side by side for one email.
    concurrent: bool,
    closed: AtomicBool,
}

/// What a wait knows of an id that nobody has heard of here.
pub(crate) struct UnknownId {
    pub(crate) flow: FlowId,
    pub(crate) said: Said,
    /// Where the caller has seen the acknowledgement.
    pub(crate) life: Option<Life>,
    /// The server's, where the wait goes on with what another process has begun.
    pub(crate) interval: Option<Duration>,
}

/// An initiate that is under way.
pub(crate) struct Initiating {
    registry: Arc<Registry>,
    key: PersonKey,
    /// Which one of the person it is, of those that are under way.
    number: u32,
    /// How many cancels there had been when it began.
    cancels_seen: u32,
}

/// What an initiate has replaced, to be dropped under no lock.
struct Replaced {
    _ended: Vec<(bool, Aftermath)>,
    _person: Option<Person>,
}

impl Entry for Arc<Slot> {
    type Key = AuthReqId;

    fn key(&self) -> &AuthReqId {
        self.id()
    }

    fn is_over(&self, at: Instant) -> bool {
        self.forget(at)
    }
}

impl Registry {
    pub(crate) fn new(concurrent: bool) -> Self {
        Self {
            ids: Expiring::new(),
            people: Expiring::new(),
            initiates: Expiring::new(),
            live: AtomicUsize::new(0),
            concurrent,
            closed: AtomicBool::new(false),
        }
    }

    /// An initiate is under way: a cancel that comes before its answer is not lost.
    pub(crate) fn initiating(self: &Arc<Self>, key: PersonKey) -> Initiating {
        let (number, cancels_seen) = self.initiates.with(&key, now(), |cell| {
            let initiates = cell.get_or_insert_with(|| Initiates::new(key.clone()));
            (initiates.begin(), initiates.cancels)
        });
        Initiating { registry: Arc::clone(self), key, number, cancels_seen }
    }

    /// One more wait for an id. What the caller knows of it is used where nobody has heard of it here.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Input`](crate::ErrorKind::Input) where the id is another person's, is polled with another resource, or is known
    /// here without what its start says, and the caller has that.
    pub(crate) fn join(
        &self,
        key: &PersonKey,
        id: &AuthReqId,
        unknown: UnknownId,
    ) -> Result<(Arc<Slot>, Joined), Error> {
        let at = now();
        self.people.sweep(at);
        let UnknownId { flow, said, life, interval } = unknown;
        let (resource, is_checked) = (said.resource.clone(), said.started.is_some());
        let mut said = Some(said);
        let mut fresh = || {
            let (key, id, said) = (key.clone(), id.clone(), said.take().unwrap_or_default());
            let pace = interval.map_or_else(Pace::unknown, |interval| Pace::resumed(interval, at));
            Slot::new(key, id, flow, said, pace, life, at)
        };
        let joined = self.ids.with(id, at, |cell| {
            if self.is_closed() {
                let slot = fresh();
                drop(slot.end(CancelReason::Shutdown));
                let joined = slot.join(at);
                return Ok((slot, joined));
            }
            if let Some(slot) = cell.get() {
                if slot.who() != key {
                    return Err(Error::input("auth_req_id", "is another person's"));
                }
                if is_checked && slot.started().is_none() {
                    // What is granted would be checked by less than the caller knows.
                    let why = "was polled here before without what its start says";
                    return Err(Error::input("auth_req_id", why));
                }
                if let Some(resource) = &resource {
                    slot.name_resource(resource)?;
                }
                if let Some(life) = life {
                    slot.learn(life);
                }
                if let Some(joined) = slot.join(at) {
                    return Ok((Arc::clone(slot), Some(joined)));
                }
            }
            // Nobody has heard of it, or it has just been forgotten.
            let slot = fresh();
            // First: what nobody waits for may be forgotten as soon as its person is known.
            let joined = slot.join(at);
            self.add(key, &slot, at);
            drop(cell.insert(Arc::clone(&slot)));
            Ok((slot, joined))
        });
        let (slot, joined) = joined?;
        // A slot that was made here is not forgotten.
        let joined = joined.ok_or_else(|| Error::input("auth_req_id", "is not known any more"))?;
        if joined.first {
            self.live.fetch_add(1, Ordering::Relaxed);
        }
        Ok((slot, joined))
    }

    /// One wait less. `spawn` finishes a request that is under way.
    pub(crate) fn leave(&self, slot: &Arc<Slot>, listener: Option<u32>, spawn: impl FnOnce(Work, &Handle)) {
        if slot.leave(now(), listener, spawn) {
            self.live.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// Hands out what has come for a wait, and lets it leave. `None` while nothing has.
    pub(crate) fn receive(
        &self,
        slot: &Arc<Slot>,
        member: Membership,
        listener: Option<u32>,
        spawn: impl FnOnce(Work, &Handle),
    ) -> Option<Outcome> {
        let (outcome, last) = slot.receive(member, listener, now(), spawn)?;
        if last {
            self.live.fetch_sub(1, Ordering::Relaxed);
        }
        Some(outcome)
    }

    /// Ends every id of a person, also one whose initiate is under way. Returns how many of them somebody was waiting for.
    pub(crate) fn cancel(&self, key: &PersonKey) -> usize {
        let at = now();
        // First: an acknowledgement that does not see this any more has added its id before.
        self.initiates.with(key, at, |cell| {
            if let Some(initiates) = cell.get_mut() {
                initiates.cancels = initiates.cancels.wrapping_add(1);
            }
        });
        let (ended, _person) = self.people.with(key, at, |cell| {
            let ended = cell.get().map(|person| person.end(CancelReason::Requested)).unwrap_or_default();
            // What has ended cannot be ended again.
            (ended, cell.remove())
        });
        ended.iter().filter(|(waited, _)| *waited).count()
    }

    fn add(&self, key: &PersonKey, slot: &Arc<Slot>, at: Instant) {
        self.people.with_unswept(key, at, |cell| match cell.get_mut() {
            Some(person) => person.add(Arc::clone(slot)),
            None => {
                cell.get_or_insert_with(|| Person::new(Arc::clone(slot)));
            }
        });
    }

    /// Adds an id that takes the place of all others of its person; or ends it, where a newer initiate has been acknowledged
    /// before: the person who clicked twice waits for that one.
    fn replace(&self, initiating: &Initiating, slot: &Arc<Slot>, at: Instant) -> Replaced {
        let key = &initiating.key;
        // Under one lock with the replacing: of two acknowledgements at once the newer one's id is left.
        self.initiates.with_unswept(key, at, |cell| {
            if let Some(initiates) = cell.get_mut()
                && !initiates.acknowledge(initiating.number)
            {
                let was_cancelled = initiates.cancels != initiating.cancels_seen;
                let reason = if was_cancelled { CancelReason::Requested } else { CancelReason::Superseded };
                return Replaced { _ended: vec![slot.end(reason)], _person: None };
            }
            self.replace_all(key, slot, at)
        })
    }

    fn replace_all(&self, key: &PersonKey, slot: &Arc<Slot>, at: Instant) -> Replaced {
        self.people.with_unswept(key, at, |cell| {
            let ended = cell.get().map(|person| person.end(CancelReason::Superseded)).unwrap_or_default();
            Replaced { _ended: ended, _person: cell.insert(Person::new(Arc::clone(slot))) }
        })
    }

    /// Ends everything, for good, and forgets it.
    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
        self.ids.for_each(|slot| slot.end(CancelReason::Shutdown), drop);
        self.ids.drain(drop);
        self.people.drain(drop);
        self.initiates.drain(drop);
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::SeqCst)
    }

    /// (ids that somebody waits for, remembered ids)
    pub(crate) fn usage(&self) -> (usize, usize) {
        let at = now();
        self.ids.tidy(at);
        self.people.tidy(at);
        (self.live.load(Ordering::Relaxed), self.ids.len())
    }

    fn acknowledge(&self, initiating: &Initiating, acknowledged: Acknowledged) {
        let key = &initiating.key;
        let Acknowledged { id, interval, life, flow, said, at } = acknowledged;
        self.people.sweep(at);
        let pace = Pace::acknowledged(interval, at);
        let slot = Slot::new(key.clone(), id.clone(), flow, said, pace, Some(life), at);
        let (known, _replaced) = self.ids.with(&id, at, |cell| {
            if self.is_closed() {
                return (None, None);
            }
            let replaced = if self.concurrent {
                self.add(key, &slot, at);
                None
            } else {
                Some(self.replace(initiating, &slot, at))
            };
            (cell.insert(Arc::clone(&slot)), replaced)
        });
        // A server that repeats an id gets a record afresh.
        let _repeated = known.map(|known| known.end(CancelReason::Superseded));
        let cancels =
            self.initiates.with(key, at, |cell| cell.get().map_or(0, |initiates| initiates.cancels));
        if cancels != initiating.cancels_seen {
            drop(slot.end(CancelReason::Requested));
        }
    }

    fn end_initiate(&self, key: &PersonKey) {
        let _over = self.initiates.with(key, now(), |cell| {
            let initiates = cell.get_mut()?;
            initiates.under_way = initiates.under_way.saturating_sub(1);
            if initiates.under_way == 0 { cell.remove() } else { None }
        });
    }
}

impl Initiating {
    /// The server has taken the request: remember its id, and end what it replaces.
    pub(crate) fn acknowledged(self, acknowledged: Acknowledged) {
        self.registry.acknowledge(&self, acknowledged);
    }
}

impl Drop for Initiating {
    fn drop(&mut self) {
        self.registry.end_initiate(&self.key);
    }
}

#[cfg(all(test, authsec_model))]
mod model;
#[cfg(test)]
#[cfg(not(authsec_model))]
mod tests;
