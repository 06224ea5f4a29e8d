use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::clock::{Instant, now};
use crate::outcome::CancelReason;
use crate::poll::Pace;
use crate::sync::{Mutex, lock};
use crate::types::{AuthReqId, EmailKey};

/// What is remembered of one `auth_req_id` until it expires.
pub(crate) struct Slot {
    key: EmailKey,
    id: AuthReqId,
    /// Sent with every poll if it was sent with the initiate (wire contract, section 2.2).
    resource: Option<Box<str>>,
    state: Mutex<State>,
}

struct State {
    pace: Pace,
    /// A request of this id is under way.
    asking: bool,
    holder: Option<Holder>,
    /// Counts holders, so that a late clean-up of one never touches its successor.
    generation: u32,
    /// Nobody may poll this id any more.
    ended: Option<CancelReason>,
    /// Whether this client initiated it, and so knows when it expires.
    lifetime_known: bool,
    /// When the record may be forgotten: the server's `expires_in`, where that is known.
    forget: Instant,
}

/// The poll that holds a slot.
struct Holder {
    token: CancellationToken,
    stopped: Option<CancelReason>,
}

/// A request that is under way: never two of one id. Dropped with its answer, or with its poll.
pub(crate) struct Asking<'a> {
    slot: &'a Slot,
    answer_was_lost: bool,
}

impl Asking<'_> {
    /// Whether an answer was missing before this request left.
    pub(crate) fn answer_was_lost(&self) -> bool {
        self.answer_was_lost
    }
}

impl Drop for Asking<'_> {
    /// However it ended, with an answer or with its poll: the floor counts from here.
    fn drop(&mut self) {
        let mut state = lock(&self.slot.state);
        state.asking = false;
        state.pace.ended(now());
    }
}

impl Slot {
    pub(super) fn new(
        key: EmailKey,
        id: AuthReqId,
        resource: Option<&str>,
        pace: Pace,
        lifetime_known: bool,
        forget: Instant,
    ) -> Arc<Self> {
        let state =
            State { pace, asking: false, holder: None, generation: 0, ended: None, lifetime_known, forget };
        Arc::new(Self { key, id, resource: resource.map(Box::from), state: Mutex::new(state) })
    }

    /// Makes a poll the holder. The one before is superseded; an id that was ended takes none.
    pub(super) fn hold(&self, token: &CancellationToken) -> Result<u32, CancelReason> {
        let mut state = lock(&self.state);
        if let Some(reason) = state.ended {
            return Err(reason);
        }
        let before = state.holder.replace(Holder { token: token.clone(), stopped: None });
        // Never 0, which stands for no poll.
        state.generation = state.generation.wrapping_add(1).max(1);
        let generation = state.generation;
        drop(state);
        if let Some(before) = before {
            before.token.cancel();
        }
        Ok(generation)
    }

    /// Whether this generation may bring home an outcome: it still holds the slot and nobody stopped it. The slot is
    /// free afterwards.
    pub(super) fn release(&self, generation: u32) -> Result<(), CancelReason> {
        let mut state = lock(&self.state);
        if state.generation != generation {
            return Err(CancelReason::Superseded);
        }
        match state.holder.take() {
            Some(Holder { stopped: None, .. }) => Ok(()),
            Some(Holder { stopped: Some(reason), .. }) => Err(reason),
            None => Err(state.ended.unwrap_or(CancelReason::Requested)),
        }
    }

    /// Stops the poll that holds the slot; the id may be polled again. Returns whether there was one.
    pub(super) fn stop(&self, reason: CancelReason) -> bool {
        self.stop_if(reason, |_| true)
    }

    /// Stops the poll of this generation, if it still holds the slot.
    pub(crate) fn stop_generation(&self, generation: u32, reason: CancelReason) {
        self.stop_if(reason, |holder| holder == generation);
    }

    fn stop_if(&self, reason: CancelReason, which: impl Fn(u32) -> bool) -> bool {
        let mut state = lock(&self.state);
        if !which(state.generation) {
            return false;
        }
        let Some(holder) = &mut state.holder else { return false };
        let fresh = holder.stopped.is_none();
        holder.stopped.get_or_insert(reason);
        let token = holder.token.clone();
        drop(state);
        token.cancel();
        fresh
    }

    /// Stops the poll, and every later one of this id. The first reason stays.
    pub(super) fn end(&self, reason: CancelReason) -> bool {
        lock(&self.state).ended.get_or_insert(reason);
        self.stop(reason)
    }

    pub(super) fn is_held(&self) -> bool {
        lock(&self.state).holder.is_some()
    }

    pub(super) fn is_held_by(&self, generation: u32) -> bool {
        let state = lock(&self.state);
        state.generation == generation && matches!(state.holder, Some(Holder { stopped: None, .. }))
    }

    /// Whether nothing needs this record any more. After a last look its floor is kept for as long as it forbids another.
    pub(super) fn is_forgotten(&self, at: Instant) -> bool {
        let state = lock(&self.state);
        let floor = state.pace.floor(None, Duration::ZERO);
        let rests = state.pace.allowed_at(floor).is_some_and(|allowed| at < allowed);
        state.holder.is_none() && super::is_over(state.forget, at) && !rests
    }

    /// Keeps the record of an id that is still in use. Only ids of unknown lifetime move.
    pub(super) fn keep_until(&self, at: Instant) {
        let mut state = lock(&self.state);
        if !state.lifetime_known {
            state.forget = state.forget.max(at);
        }
    }

    /// The caller knows when the request expires, although this record does not: it was made after the first one was
    /// forgotten.
    pub(crate) fn learn_expiry(&self, at: Instant) {
        let mut state = lock(&self.state);
        if !state.lifetime_known {
            state.lifetime_known = true;
            state.forget = at;
        }
    }

    pub(crate) fn pace<T>(&self, with: impl FnOnce(&mut Pace) -> T) -> T {
        with(&mut lock(&self.state).pace)
    }

    /// Marks a request as under way from now on. `None` if another already is: then nothing may be sent, and the
    /// floor counts from now.
    pub(crate) fn ask(&self, now: Instant) -> Option<Asking<'_>> {
        let mut state = lock(&self.state);
        if state.asking {
            state.pace.ended(now);
            return None;
        }
        state.asking = true;
        let answer_was_lost = state.pace.asked(now);
        Some(Asking { slot: self, answer_was_lost })
    }

    pub(super) fn is_asking(&self) -> bool {
        lock(&self.state).asking
    }

    pub(crate) fn key(&self) -> &EmailKey {
        &self.key
    }

    pub(crate) fn id(&self) -> &AuthReqId {
        &self.id
    }

    pub(crate) fn resource(&self) -> Option<&str> {
        self.resource.as_deref()
    }

    /// When the server's `expires_in` is over; `None` for an id that another process initiated.
    pub(crate) fn expires(&self) -> Option<Instant> {
        let state = lock(&self.state);
        state.lifetime_known.then_some(state.forget)
    }
}
