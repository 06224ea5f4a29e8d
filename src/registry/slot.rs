use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

use super::end::{End, Kept};
use super::request::{Request, Work};
use crate::clock::{Instant, later, now};
use crate::error::Error;
use crate::outcome::{Approval, CancelReason};
use crate::poll::{Life, Listener, Millis, Outcome, Pace, Telling, UnderWay};
use crate::sync::{Mutex, lock};
use crate::trace::FlowId;
use crate::types::{AuthReqId, Email, EmailKey};

/// How long behind its end an id is remembered that this client initiated.
const REMEMBERED: Duration = Duration::from_secs(10 * 60);

/// How long behind its last use an id is remembered that another process initiated.
const REMEMBERED_ELSEWHERE: Duration = Duration::from_secs(60 * 60);

/// How long others may begin to wait for an approval that somebody has received.
const RECEIVED: Duration = Duration::from_secs(10);

/// How long an approval is kept that nobody has received: until the id's end, but at least and at most so long.
const KEPT_AT_LEAST: Duration = Duration::from_secs(60);
const KEPT_AT_MOST: Duration = Duration::from_secs(300);

/// One `auth_req_id`: whom it is for, how fast it may be polled, the one request of it that is under way, and how it ended.
/// All who wait for the id share it.
pub(crate) struct Slot {
    key: EmailKey,
    id: AuthReqId,
    flow: FlowId,
    /// What the initiate said of it; `None` for an id of another process.
    said: Option<Box<Said>>,
    state: Mutex<State>,
}

/// What an initiate says of its id.
pub(crate) struct Said {
    /// The address as it was written.
    pub(crate) email: Option<Email>,
    /// Sent with every poll if it was sent with the initiate (`docs/wire.md`, section 2.2).
    pub(crate) resource: Option<Box<str>>,
}

struct State {
    pace: Pace,
    stage: Stage,
    /// Whether this client knows how long the id lives. If so, how long the acknowledgement took.
    known: bool,
    push: Millis,
    /// When the id's life is over; where it is not known, when a wait last began or ended.
    end: Instant,
    /// Waits under way: asleep, driving, or ended without having received yet.
    waits: u32,
    /// Requests begun, so that a late word of an old one is known as such.
    requests: u32,
    /// How often an error has ended the waits under way.
    failures: u32,
    rare: Option<Box<Rare>>,
    /// Cancelled when the id has ended, in whatever way, or its waits have: whoever waits wakes and receives.
    token: Option<CancellationToken>,
}

/// What most ids never have.
#[derive(Default)]
struct Rare {
    /// The last error that has ended the waits under way.
    failure: Option<Error>,
    /// Who wants to hear of every poll, by number.
    listeners: Vec<(u32, Listener)>,
}

enum Stage {
    /// Nobody asks.
    Idle,
    /// A request is under way, in the queue for a place or sent.
    Asking(Arc<Request>),
    Ended(End),
    /// Out of the registry: whoever still finds it looks again.
    Forgotten,
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
    /// The number of its listener.
    pub(crate) listener: Option<u32>,
}

/// What a wait goes by.
pub(crate) struct View<'a> {
    pub(crate) pace: &'a Pace,
    pub(crate) life: Option<Life>,
    pub(crate) under_way: UnderWay,
    /// Nobody else waits for the id.
    pub(crate) alone: bool,
}

/// What a request came to.
pub(crate) enum News {
    Ended(Ended),
    /// It goes on, or ends the waits under way with this error.
    Undecided,
    Failed(Error),
}

/// The server's last word on an id.
pub(crate) enum Ended {
    Approved(Approval),
    Denied,
    Expired,
    Lost,
    Refused(Error),
}

/// What a wait leaves behind, to be seen to under no lock.
#[derive(Default)]
struct Left {
    /// It was the last.
    last: bool,
    request: Option<Arc<Request>>,
    /// There is an approval whose time has to be measured.
    kept: bool,
    token: Option<CancellationToken>,
    wiped: Option<End>,
    listener: Option<(u32, Listener)>,
}

/// What has to be dropped and told once no lock is held: it runs foreign code.
#[must_use = "what waits is not told until this is dropped without a lock"]
#[derive(Default)]
pub(crate) struct Aftermath {
    request: Option<Arc<Request>>,
    token: Option<CancellationToken>,
    end: Option<End>,
}

impl Drop for Aftermath {
    fn drop(&mut self) {
        if matches!(&self.end, Some(End::Approved(kept)) if !kept.is_received()) {
            tracing::warn!(
                "an approval was dropped: its request was cancelled before anybody had received it"
            );
        }
        if let Some(token) = self.token.take() {
            token.cancel();
        }
        if let Some(request) = self.request.take() {
            request.end();
        }
    }
}

impl Slot {
    pub(super) fn new(
        key: EmailKey,
        id: AuthReqId,
        flow: FlowId,
        said: Option<Said>,
        pace: Pace,
        life: Option<Life>,
        at: Instant,
    ) -> Arc<Self> {
        let mut state = State {
            pace,
            stage: Stage::Idle,
            known: false,
            push: Millis::ZERO,
            end: at,
            waits: 0,
            requests: 0,
            failures: 0,
            rare: None,
            token: None,
        };
        if let Some(life) = life {
            state.learn(life);
        }
        let said = said.filter(|said| said.email.is_some() || said.resource.is_some());
        Arc::new(Self { key, id, flow, said: said.map(Box::new), state: Mutex::new(state) })
    }

    pub(crate) fn who(&self) -> &EmailKey {
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
        self.said.as_ref()?.email.as_ref()
    }

    pub(crate) fn resource(&self) -> Option<&str> {
        self.said.as_ref()?.resource.as_deref()
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
        let member = Membership { failures: state.failures, late, listener: None };
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

    /// Sees to it that an approval for which nobody waits is wiped when its time is over. Outside a runtime the registry's
    /// sweep does it.
    fn time_kept(self: &Arc<Self>) {
        let Ok(runtime) = Handle::try_current() else { return };
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
            Stage::Asking(request) if request.is_sent() => (UnderWay::Sent, Some(Arc::clone(request))),
            Stage::Asking(request) => (UnderWay::Queued, Some(Arc::clone(request))),
        };
        let view = View { pace: &state.pace, life: state.life(), under_way, alone: state.waits == 1 };
        Some((plan(&view), request))
    }

    /// What has come for a wait, decided here and now: nothing that came later or was cancelled before can come out. With it
    /// the wait leaves, so that a cancel behind it finds nothing of it to stop. `None` while nothing has come. Returns whether
    /// it was the last wait, too.
    pub(super) fn receive(
        self: &Arc<Self>,
        member: Membership,
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
        let left = state.leave(at, member.listener);
        drop(state);
        Some((outcome, self.is_left(left, spawn)))
    }

    /// From now on every poll is reported. Returns the number under which it is.
    pub(crate) fn listen(&self, listener: Listener) -> u32 {
        let mut state = lock(&self.state);
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

    // The one request.

    /// Begins to ask, if nobody asks and the id has not ended. `sent`: it has its place already. Returns whether others wait,
    /// too.
    pub(crate) fn begin(
        self: &Arc<Self>,
        sent: bool,
        at: Instant,
        work: impl FnOnce(Asking) -> Work,
    ) -> Option<(Arc<Request>, bool)> {
        let mut state = lock(&self.state);
        if !matches!(state.stage, Stage::Idle) {
            return None;
        }
        state.requests = state.requests.wrapping_add(1);
        let number = state.requests;
        let mut asking =
            Asking { slot: Arc::clone(self), number, sent: None, answer_was_lost: false, over: false };
        if sent {
            asking.sent = Some(at);
            asking.answer_was_lost = state.pace.asked(at);
        }
        let request = Request::new(number, sent, at, work(asking));
        state.stage = Stage::Asking(Arc::clone(&request));
        Some((request, state.waits > 1))
    }

    /// Gives up a request that has been under way for too long on a runtime that stands still: its answer counts as missing.
    pub(crate) fn desert(&self, request: &Arc<Request>, at: Instant, observe: impl FnOnce(&mut Pace)) {
        let mut state = lock(&self.state);
        let Some(sent) = state.asking(request.number()) else { return };
        if sent {
            state.pace.ended(at);
            observe(&mut state.pace);
        }
        state.stage = Stage::Idle;
    }

    // Others.

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
        (waited, Aftermath { request, end, token: state.token.clone() })
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

impl Rare {
    fn remove(&mut self, number: u32) -> Option<(u32, Listener)> {
        let place = self.listeners.iter().position(|(it, _)| *it == number)?;
        Some(self.listeners.remove(place))
    }
}

impl State {
    /// What those who listen are to be told of the last poll, when no lock is held.
    fn report(&mut self, interval: Millis, at: Instant) -> Vec<Telling> {
        let Some(rare) = self.rare.as_mut().filter(|rare| !rare.listeners.is_empty()) else {
            return Vec::new();
        };
        let report = self.pace.report(interval, at);
        rare.listeners.iter_mut().map(|(_, listener)| listener.hear(&report, at)).collect()
    }

    fn life(&self) -> Option<Life> {
        self.known.then(|| Life::ending(self.end, self.push))
    }

    fn learn(&mut self, life: Life) {
        (self.known, self.end, self.push) = (true, life.end(), life.push());
    }

    fn used(&mut self, at: Instant) {
        if !self.known {
            self.end = at;
        }
    }

    /// One wait less.
    fn leave(&mut self, at: Instant, listener: Option<u32>) -> Left {
        let listener = listener.and_then(|number| self.rare.as_mut()?.remove(number));
        self.used(at);
        self.waits = self.waits.saturating_sub(1);
        let request = match &self.stage {
            Stage::Asking(request) => Some(Arc::clone(request)),
            _ => None,
        };
        if self.waits > 0 {
            return Left { request, listener, ..Left::default() };
        }
        if request.as_ref().is_some_and(|request| !request.is_sent()) {
            self.stage = Stage::Idle;
        }
        let wiped = self.keep(at);
        let kept = matches!(self.stage, Stage::Ended(End::Approved(_)));
        Left { last: true, request, kept, token: self.token.take(), wiped, listener }
    }

    /// Whether this is the request that is under way, and if so whether it has left.
    fn asking(&self, number: u32) -> Option<bool> {
        match &self.stage {
            Stage::Asking(request) if request.number() == number => Some(request.is_sent()),
            _ => None,
        }
    }

    /// Ends the time of an approval that was kept long enough, where nobody waits who may receive it. What is returned is
    /// to be dropped without a lock.
    fn keep(&mut self, at: Instant) -> Option<End> {
        match &self.stage {
            Stage::Ended(End::Approved(kept)) if self.waits == 0 && at >= kept.until() => {
                let left = Stage::Ended(kept.leaves());
                match std::mem::replace(&mut self.stage, left) {
                    Stage::Ended(end) => Some(end),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// Until when an approval is kept that nobody has received.
    fn kept_until(&self, at: Instant) -> Instant {
        let (least, most) = (later(at, KEPT_AT_LEAST), later(at, KEPT_AT_MOST));
        if self.known { self.end.clamp(least, most) } else { most }
    }
}

/// A request that is being made. Dropped without a word of how it ended, its answer is missing.
pub(crate) struct Asking {
    slot: Arc<Slot>,
    number: u32,
    /// When it left.
    sent: Option<Instant>,
    answer_was_lost: bool,
    /// It has told how it ended.
    over: bool,
}

impl Asking {
    pub(crate) fn slot(&self) -> &Slot {
        &self.slot
    }

    /// It has its place. Returns whether it may leave: not when it has been given up or cancelled meanwhile.
    pub(crate) fn leaves(&mut self, at: Instant) -> bool {
        if self.sent.is_some() {
            return true;
        }
        let mut state = lock(&self.slot.state);
        let State { stage, pace, .. } = &mut *state;
        match stage {
            Stage::Asking(request) if request.number() == self.number => {
                request.leaves(at);
                self.sent = Some(at);
                self.answer_was_lost = pace.asked(at);
                true
            }
            _ => false,
        }
    }

    /// Tells what it has come to. The floor counts from here. Of a request that was given up only an approval or a denial
    /// counts: the rest may be the echo of a later one. Returns what those who listen are to be told.
    pub(crate) fn end(
        mut self,
        at: Instant,
        hear: impl FnOnce(&Slot, &mut Pace, Option<Life>, bool) -> News,
    ) -> Vec<Telling> {
        self.over = true;
        let mut state = lock(&self.slot.state);
        let current = state.asking(self.number).is_some();
        let awaited = current || matches!(state.stage, Stage::Idle | Stage::Asking(_));
        let mut aftermath = Aftermath::default();
        let (life, interval) = (state.life(), state.pace.interval());
        let mut tellings = Vec::new();
        let news = if current {
            if let Some(sent) = self.sent {
                state.pace.ended(at);
                state.pace.took(at.saturating_duration_since(sent));
            }
            state.stage = Stage::Idle;
            hear(&self.slot, &mut state.pace, life, self.answer_was_lost)
        } else {
            hear(&self.slot, &mut Pace::unknown(), life, self.answer_was_lost)
        };
        let (mut kept, mut dropped) = (false, None);
        match news {
            News::Ended(ended) if awaited && (current || ended.is_certain()) => {
                let end = match ended {
                    Ended::Approved(approval) => {
                        kept = state.waits == 0;
                        End::Approved(Box::new(Kept::new(approval, state.kept_until(at))))
                    }
                    Ended::Denied => End::Denied,
                    Ended::Expired => End::Expired,
                    Ended::Lost => End::Lost,
                    Ended::Refused(error) => End::Refused(error),
                };
                if let Stage::Asking(request) = std::mem::replace(&mut state.stage, Stage::Ended(end)) {
                    aftermath.request = Some(request);
                }
                aftermath.token = state.token.clone();
            }
            News::Failed(error) if current => {
                state.failures = state.failures.wrapping_add(1);
                state.rare.get_or_insert_default().failure = Some(error);
                aftermath.token = state.token.take();
            }
            News::Ended(Ended::Approved(late)) => dropped = Some(late),
            News::Undecided if current => tellings = state.report(interval, at),
            _ => {}
        }
        drop(state);
        if dropped.take().is_some() {
            tracing::warn!(flow = %self.slot.flow, "an approval came after its request was stopped, and was dropped");
        }
        if kept {
            self.slot.time_kept();
        }
        drop(aftermath);
        tellings
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        if self.over {
            return;
        }
        let mut state = lock(&self.slot.state);
        if let Some(sent) = state.asking(self.number) {
            if sent {
                state.pace.unanswered(now());
            }
            // What goes here is another reference to the request that is just being dropped.
            state.stage = Stage::Idle;
        }
    }
}

impl Ended {
    /// Whether it holds whatever other requests of the id have heard.
    fn is_certain(&self) -> bool {
        matches!(self, Self::Approved(_) | Self::Denied)
    }
}
