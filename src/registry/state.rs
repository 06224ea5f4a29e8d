use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::end::End;
use super::request::Request;
use crate::clock::{Instant, later};
use crate::error::Error;
use crate::poll::{Life, Listener, Millis, Pace, Telling};

/// How long an approval is kept that nobody has received: until the id's end, but at least and at most so long.
const KEPT_AT_LEAST: Duration = Duration::from_secs(60);
const KEPT_AT_MOST: Duration = Duration::from_secs(300);

/// What changes of an id, under one lock.
pub(super) struct State {
    pub(super) pace: Pace,
    pub(super) stage: Stage,
    /// Whether this client knows how long the id lives. If so, how long the acknowledgement took.
    pub(super) known: bool,
    pub(super) push: Millis,
    /// When the id's life is over; where it is not known, when a wait last began or ended.
    pub(super) end: Instant,
    /// Waits under way: asleep, driving, or ended without having received yet.
    pub(super) waits: u32,
    /// Requests begun, so that a late word of an old one is known as such.
    pub(super) requests: u32,
    /// How often an error has ended the waits under way.
    pub(super) failures: u32,
    pub(super) rare: Option<Box<Rare>>,
    /// Cancelled when the id has ended, in whatever way, or its waits have: whoever waits wakes and receives.
    pub(super) token: Option<CancellationToken>,
}

/// What most ids never have.
#[derive(Default)]
pub(super) struct Rare {
    /// The last error that has ended the waits under way.
    pub(super) failure: Option<Error>,
    /// Who wants to hear of every poll, by number.
    pub(super) listeners: Vec<(u32, Listener)>,
    /// What every poll names.
    pub(super) resource: Option<Box<str>>,
}

pub(super) enum Stage {
    /// Nobody asks.
    Idle,
    /// A request is under way, in the queue for a place or sent.
    Asking(Arc<Request>),
    Ended(End),
    /// Out of the registry: whoever still finds it looks again.
    Forgotten,
}

/// What a wait leaves behind, to be seen to under no lock.
#[derive(Default)]
pub(super) struct Left {
    /// It was the last.
    pub(super) last: bool,
    pub(super) request: Option<Arc<Request>>,
    /// There is an approval whose time has to be measured.
    pub(super) kept: bool,
    pub(super) token: Option<CancellationToken>,
    pub(super) wiped: Option<End>,
    pub(super) listener: Option<(u32, Listener)>,
}

impl Rare {
    pub(super) fn remove(&mut self, number: u32) -> Option<(u32, Listener)> {
        let place = self.listeners.iter().position(|(it, _)| *it == number)?;
        Some(self.listeners.remove(place))
    }
}

impl State {
    pub(super) fn new(pace: Pace, life: Option<Life>, at: Instant) -> Self {
        let mut state = Self {
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
        state
    }

    /// What those who listen are to be told of the last poll, when no lock is held.
    pub(super) fn report(&mut self, interval: Millis, at: Instant) -> Vec<Telling> {
        let Some(rare) = self.rare.as_mut().filter(|rare| !rare.listeners.is_empty()) else {
            return Vec::new();
        };
        let report = self.pace.report(interval, at);
        rare.listeners.iter_mut().map(|(_, listener)| listener.hear(&report, at)).collect()
    }

    pub(super) fn life(&self) -> Option<Life> {
        self.known.then(|| Life::ending(self.end, self.push))
    }

    pub(super) fn learn(&mut self, life: Life) {
        (self.known, self.end, self.push) = (true, life.end(), life.push());
    }

    pub(super) fn used(&mut self, at: Instant) {
        if !self.known {
            self.end = at;
        }
    }

    /// One wait less.
    pub(super) fn leave(&mut self, at: Instant, listener: Option<u32>) -> Left {
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
    pub(super) fn asking(&self, number: u32) -> Option<bool> {
        match &self.stage {
            Stage::Asking(request) if request.number() == number => Some(request.is_sent()),
            _ => None,
        }
    }

    /// Whether what the person said is not known yet: nothing has ended the id, or it counts as lost.
    pub(super) fn lacks_an_end(&self) -> bool {
        matches!(self.stage, Stage::Idle | Stage::Asking(_) | Stage::Ended(End::Lost))
    }

    /// Ends the time of an approval that was kept long enough, where nobody waits who may receive it. What is returned is
    /// to be dropped without a lock.
    pub(super) fn keep(&mut self, at: Instant) -> Option<End> {
        let Stage::Ended(end) = &mut self.stage else { return None };
        match end {
            End::Approved(kept) if self.waits == 0 && at >= kept.until() => {
                let left = kept.leaves();
                Some(std::mem::replace(end, left))
            }
            _ => None,
        }
    }

    /// Until when an approval is kept that nobody has received.
    pub(super) fn kept_until(&self, at: Instant) -> Instant {
        let (least, most) = (later(at, KEPT_AT_LEAST), later(at, KEPT_AT_MOST));
        if self.known { self.end.clamp(least, most) } else { most }
    }
}
