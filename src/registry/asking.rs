use std::sync::Arc;
use std::time::Duration;

use super::aftermath::Aftermath;
use super::end::{End, Kept};
use super::request::{Request, Work};
use super::slot::Slot;
use super::state::{Stage, State};
use crate::clock::{Instant, now};
use crate::error::Error;
use crate::outcome::Approval;
use crate::poll::{Life, Pace, Telling};
use crate::sync::lock;
use crate::trace::MaskedEmail;

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

impl Slot {
    /// Begins to ask, if the id has not ended and nobody has begun since it was seen with so many requests: another thread may
    /// have asked and been answered meanwhile. `sent`: it has its place already. Returns whether others wait,
    /// too.
    pub(crate) fn begin(
        self: &Arc<Self>,
        begun: u32,
        sent: bool,
        at: Instant,
        work: impl FnOnce(Asking) -> Work,
    ) -> Option<(Arc<Request>, bool)> {
        let mut state = lock(&self.state);
        if !matches!(state.stage, Stage::Idle) || state.requests != begun {
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
}

impl Asking {
    pub(crate) fn slot(&self) -> &Slot {
        &self.slot
    }

    /// How long it has been under way since it left.
    pub(crate) fn took(&self, at: Instant) -> Option<Duration> {
        self.sent.map(|sent| at.saturating_duration_since(sent))
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

    /// An approval has come, and is being checked until then at the latest: who waits for it goes on waiting.
    pub(crate) fn checks(&self, until: Instant) {
        match &lock(&self.slot.state).stage {
            Stage::Asking(request) if request.number() == self.number => request.checks(until),
            _ => {}
        }
    }

    /// Tells what it has come to. The floor counts from here. Of a request that was given up only an approval or a denial
    /// counts, also where a later one took it for lost: the rest may be the echo of a later one. Returns what those who listen
    /// are to be told.
    pub(crate) fn end(
        mut self,
        at: Instant,
        hear: impl FnOnce(&Slot, &mut Pace, Option<Life>, bool) -> News,
    ) -> Vec<Telling> {
        self.over = true;
        let mut state = lock(&self.slot.state);
        let current = state.asking(self.number).is_some();
        let awaited = current || state.lacks_an_end();
        let mut aftermath = Aftermath::default();
        let (life, interval) = (state.life(), state.pace.interval());
        let mut tellings = Vec::new();
        let news = if current {
            if self.sent.is_some() {
                state.pace.ended(at);
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
            let (flow, person) = (self.slot.flow(), MaskedEmail(self.slot.who().as_str()));
            tracing::warn!(%flow, email = %person, "an approval came after its request was stopped, and was dropped");
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
