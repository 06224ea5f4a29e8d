use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

use super::aftermath::Aftermath;
use super::end::End;
use super::request::{Request, Work};
use super::state::{Left, Stage, State};
use crate::clock::{Instant, later, now};
use crate::error::Error;
use crate::outcome::{CancelReason, Outcome};
use crate::poll::{Life, Listener, Pace, UnderWay, View};
use crate::sync::{Mutex, lock};
use crate::trace::FlowId;
use crate::types::{AuthReqId, Email, PersonKey, Started};

/// How long behind its end an id is remembered that this client initiated.
const REMEMBERED: Duration = Duration::from_secs(10 * 60);

/// How long behind its last use an id is remembered that another process initiated.
const REMEMBERED_ELSEWHERE: Duration = Duration::from_secs(60 * 60);

/// How long others may begin to wait for an approval that somebody has received.
const RECEIVED: Duration = Duration::from_secs(10);

/// One `auth_req_id`: whom it is for, how fast it may be polled, the one request of it that is under way, and how it ended.
/// All who wait for the id share it.
pub(crate) struct Slot {
    key: PersonKey,
    id: AuthReqId,
    flow: FlowId,
    /// What the initiate said of it, if that was anything that stays.
    told: Option<Box<Told>>,
    pub(super) state: Mutex<State>,
}

/// What an initiate says of its id.
#[derive(Default)]
pub(crate) struct Said {
    /// The address as it was written.
    pub(crate) email: Option<Email>,
    /// Sent with every poll if it was sent with the initiate (`docs/wire.md`, section 2.2; OpenID CIBA Core, section 10.1);
    /// several stand one in a line.
    pub(crate) resource: Option<Box<str>>,
    /// What what is granted is checked by.
    pub(crate) started: Option<Started>,
}

/// What stays of that, and never changes.
struct Told {
    email: Option<Email>,
    started: Option<Started>,
}

/// What a wait has to know of the id that it joins.
pub(crate) struct Joined {
    pub(crate) token: CancellationToken,
    pub(crate) member: Membership,
    pub(crate) heard: u32,
    /// Nobody else waits.
    pub(crate) first: bool,
}

/// What a wait is to the id that it has joined.
#[derive(Clone, Copy)]
pub(crate) struct Membership {
    /// How many failures there had been when it joined.
    pub(crate) failures: u32,
    /// It came too late for an approval that others have received.
    pub(crate) late: bool,
}

impl Slot {
    pub(super) fn new(
        key: PersonKey,
        id: AuthReqId,
        flow: FlowId,
        said: Said,
        pace: Pace,
        life: Option<Life>,
        at: Instant,
    ) -> Arc<Self> {
        let mut state = State::new(pace, life, at);
        let Said { email, resource, started } = said;
        if resource.is_some() {
            state.rare.get_or_insert_default().resource = resource;
        }
        let told = (email.is_some() || started.is_some()).then(|| Box::new(Told { email, started }));
        Arc::new(Self { key, id, flow, told, state: Mutex::new(state) })
    }

    pub(crate) fn who(&self) -> &PersonKey {
        &self.key
    }

    pub(crate) fn id(&self) -> &AuthReqId {
        &self.id
    }

    pub(crate) fn flow(&self) -> FlowId {
        self.flow
    }

    /// The address of the initiate, as it was written.
    pub(crate) fn email(&self) -> Option<&Email> {
        self.told.as_ref()?.email.as_ref()
    }

    /// What every poll names.
    pub(crate) fn resource(&self) -> Option<Box<str>> {
        lock(&self.state).rare.as_ref()?.resource.clone()
    }

    /// A wait names a resource: it holds for the id from now on, if none was named before.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Input`](crate::ErrorKind::Input) where that was another one: the server would be asked for two tokens.
    pub(super) fn name_resource(&self, resource: &str) -> Result<(), Error> {
        let mut state = lock(&self.state);
        match &mut state.rare.get_or_insert_default().resource {
            Some(named) if **named == *resource => Ok(()),
            Some(_) => Err(Error::input("resource", "is not the one that this id is polled with")),
            none => {
                *none = Some(resource.into());
                Ok(())
            }
        }
    }

    /// What the start said, for the checks of what is granted.
    pub(crate) fn started(&self) -> Option<&Started> {
        self.told.as_ref()?.started.as_ref()
    }

    // Who waits.

    /// One more wait. `None` where the slot was forgotten meanwhile.
    pub(super) fn join(&self, at: Instant) -> Option<Joined> {
        let mut state = lock(&self.state);
        if matches!(state.stage, Stage::Forgotten) {
            return None;
        }
        let wiped = state.keep(at);
        state.used(at);
        let first = state.waits == 0;
        state.waits = state.waits.saturating_add(1);
        let late = matches!(&state.stage, Stage::Ended(End::Approved(kept)) if at >= kept.until());
        let token = state.token.get_or_insert_with(CancellationToken::new).clone();
        let member = Membership { failures: state.failures, late };
        let joined = Joined { token, member, heard: state.pace.heard(), first };
        drop(state);
        drop(wiped);
        Some(joined)
    }

    /// One wait less; returns whether it was the last. A request that has left is finished by `spawn`. With the last wait one
    /// that has not is dropped, and an approval that nobody received is kept for a while.
    pub(super) fn leave(
        self: &Arc<Self>,
        at: Instant,
        listener: Option<u32>,
        spawn: impl FnOnce(Work, &Handle),
    ) -> bool {
        let left = lock(&self.state).leave(at, listener);
        self.is_left(left, spawn)
    }

    /// What a wait that has left leaves to be done under no lock. Returns whether it was the last.
    fn is_left(self: &Arc<Self>, left: Left, spawn: impl FnOnce(Work, &Handle)) -> bool {
        let Left { last, request, kept, token, wiped, listener } = left;
        drop((token, wiped, listener));
        match request {
            // Others may be asleep, or not be driven.
            Some(request) if request.is_sent() => request.finish(spawn),
            Some(request) if last => request.end(),
            _ => {}
        }
        if kept {
            self.time_kept();
        }
        last
    }

    /// Sees to it that an approval for which nobody waits is wiped when its time is over. Where the runtime of its request has
    /// ended, the registry's sweep does it.
    pub(super) fn time_kept(self: &Arc<Self>) {
        let home = match &lock(&self.state).stage {
            Stage::Ended(End::Approved(kept)) => kept.home(),
            _ => None,
        };
        let Some(runtime) = home else { return };
        let slot = Arc::downgrade(self);
        let wiping = runtime.spawn(async move {
            while let Some(until) = slot.upgrade().and_then(|slot| slot.wipe(now())) {
                tokio::time::sleep_until(until).await;
            }
        });
        let timer = wiping.abort_handle();
        let before = match &mut lock(&self.state).stage {
            Stage::Ended(End::Approved(kept)) => kept.set_timer(timer),
            _ => Some(timer),
        };
        if let Some(before) = before {
            before.abort();
        }
    }

    /// Wipes an approval whose time is over. Returns until when it has to be kept, if it is.
    fn wipe(&self, at: Instant) -> Option<Instant> {
        let mut state = lock(&self.state);
        let wiped = state.keep(at);
        let until = match &state.stage {
            Stage::Ended(End::Approved(kept)) if state.waits == 0 => Some(kept.until()),
            _ => None,
        };
        drop(state);
        drop(wiped);
        until
    }

    /// Lets a wait plan, and gives it the request that is under way. `None` where the id has ended, or where an error has
    /// ended the waits since it joined: then it receives.
    pub(crate) fn see<T>(
        &self,
        failures: u32,
        plan: impl FnOnce(&View<'_>) -> T,
    ) -> Option<(T, Option<Arc<Request>>)> {
        let state = lock(&self.state);
        let (under_way, request) = match &state.stage {
            _ if state.failures != failures => return None,
            Stage::Ended(_) | Stage::Forgotten => return None,
            Stage::Idle => (UnderWay::Nothing, None),
            Stage::Asking(request) => (request.under_way(), Some(Arc::clone(request))),
        };
        let (life, alone) = (state.life(), state.waits == 1);
        let view = View { pace: &state.pace, life, under_way, alone, begun: state.requests };
        Some((plan(&view), request))
    }

    /// What has come for a wait, decided here and now: nothing that came later or was cancelled before can come out. With it
    /// the wait leaves, so that a cancel behind it finds nothing of it to stop. `None` while nothing has come. Returns whether
    /// it was the last wait, too.
    pub(super) fn receive(
        self: &Arc<Self>,
        member: Membership,
        listener: Option<u32>,
        at: Instant,
        spawn: impl FnOnce(Work, &Handle),
    ) -> Option<(Outcome, bool)> {
        let mut state = lock(&self.state);
        let State { stage, rare, failures: now, .. } = &mut *state;
        let outcome = match stage {
            Stage::Ended(End::Approved(kept)) if member.late => kept.leaves().tell(at),
            Stage::Ended(end) => end.tell(later(at, RECEIVED)),
            _ if *now != member.failures => Err(rare.as_ref()?.failure.clone()?),
            _ => return None,
        };
        let left = state.leave(at, listener);
        drop(state);
        Some((outcome, self.is_left(left, spawn)))
    }

    /// From now on every poll is reported. Returns the number under which it is.
    pub(crate) fn listen(&self, mut listener: Listener) -> u32 {
        let mut state = lock(&self.state);
        listener.begin(state.pace.fault().is_some());
        let listeners = &mut state.rare.get_or_insert_default().listeners;
        let number = listeners.last().map_or(0, |(number, _)| number.wrapping_add(1));
        listeners.push((number, listener));
        number
    }

    pub(crate) fn pace<T>(&self, with: impl FnOnce(&Pace, Option<Life>) -> T) -> T {
        let state = lock(&self.state);
        with(&state.pace, state.life())
    }

    /// The caller knows how long the id lives, although this record does not: it was made after the first one was forgotten.
    pub(super) fn learn(&self, life: Life) {
        let mut state = lock(&self.state);
        if !state.known {
            state.learn(life);
        }
    }

    #[cfg(test)]
    pub(super) fn holds_approval(&self) -> bool {
        matches!(lock(&self.state).stage, Stage::Ended(End::Approved(_)))
    }

    #[cfg(test)]
    pub(super) fn begun(&self) -> u32 {
        lock(&self.state).requests
    }

    /// Ends it from this side. Returns whether anybody was waiting, and what to do about it when no lock is held.
    pub(super) fn end(&self, reason: CancelReason) -> (bool, Aftermath) {
        let mut state = lock(&self.state);
        let waited = state.waits > 0;
        let stays = match &state.stage {
            Stage::Ended(End::Cancelled(_)) | Stage::Forgotten => true,
            // How it ended stays known, but whoever has not received it was stopped.
            Stage::Ended(End::Answered | End::Denied | End::Expired | End::Lost | End::Refused(_)) => !waited,
            Stage::Ended(End::Approved(_)) | Stage::Idle | Stage::Asking(_) => false,
        };
        if stays {
            return (false, Aftermath::default());
        }
        let stage = std::mem::replace(&mut state.stage, Stage::Ended(End::Cancelled(reason)));
        let (request, end) = match stage {
            Stage::Asking(request) => (Some(request), None),
            Stage::Ended(end) => (None, Some(end)),
            Stage::Idle | Stage::Forgotten => (None, None),
        };
        let of = end.is_some().then(|| (self.flow, self.key.clone()));
        (waited, Aftermath { request, end, token: state.token.clone(), of })
    }

    /// Whether nothing needs this record any more; then it is forgotten, for good.
    pub(super) fn forget(&self, at: Instant) -> bool {
        let mut state = lock(&self.state);
        if matches!(state.stage, Stage::Forgotten) {
            return true;
        }
        let wiped = state.keep(at);
        let until = later(state.end, if state.known { REMEMBERED } else { REMEMBERED_ELSEWHERE });
        let kept = matches!(state.stage, Stage::Asking(_) | Stage::Ended(End::Approved(_)));
        let over = state.waits == 0 && !kept && at > until && !state.pace.rests(at);
        if over {
            state.stage = Stage::Forgotten;
        }
        drop(state);
        drop(wiped);
        over
    }
}

#[cfg(test)]
#[path = "slot_tests.rs"]
mod tests;
