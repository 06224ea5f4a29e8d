use std::sync::Arc;
use std::time::Duration;

use tracing::Span;

use super::driver::Outcome;
use super::{Ending, PollPolicy, Schedule, Step};
use crate::client::Inner;
use crate::clock::{Instant, now};
use crate::error::Error;
use crate::outcome::ApprovalOutcome;
use crate::registry::Slot;

/// What a poll goes by. All that it keeps while it sleeps, besides its hold on a slot; so the rare things are boxed.
pub(crate) struct Plan {
    pub(super) inner: Arc<Inner>,
    pub(super) schedule: Schedule,
    rare: Option<Box<Rare>>,
}

/// What most polls do not have.
struct Rare {
    /// What was wrong with the last request.
    fault: Option<Error>,
    /// Requests that failed.
    faults: u32,
    /// Where the call set its own.
    policy: Option<PollPolicy>,
    /// Where anybody listens.
    span: Span,
}

impl Drop for Rare {
    /// A poll that is dropped before it has come to its end was cancelled by that.
    fn drop(&mut self) {
        self.span.record("outcome", "cancelled");
    }
}

impl Plan {
    pub(crate) fn new(inner: Arc<Inner>, schedule: Schedule, policy: Option<PollPolicy>, span: Span) -> Self {
        let is_rare = policy.is_some() || !span.is_disabled();
        let rare = is_rare.then(|| Box::new(Rare { fault: None, faults: 0, policy, span }));
        Self { inner, schedule, rare }
    }

    pub(crate) fn policy(&self) -> &PollPolicy {
        self.rare.as_ref().and_then(|rare| rare.policy.as_ref()).unwrap_or(&self.inner.policy)
    }

    pub(super) fn span(&self) -> Span {
        self.rare.as_ref().map_or_else(Span::none, |rare| rare.span.clone())
    }

    /// Records the numbers of the poll, and gives its span for the rest.
    pub(super) fn into_span(self) -> Span {
        let Some(mut rare) = self.rare else { return Span::none() };
        rare.span.record("polls", self.schedule.polls).record("attempts", rare.faults);
        std::mem::replace(&mut rare.span, Span::none())
    }

    /// Until when to sleep; [`is_over`](Self::is_over) says what for.
    pub(super) fn next(&mut self, slot: &Slot) -> Instant {
        let Step { at, polls } = slot.pace(|pace| self.schedule.next(pace, self.policy(), now()));
        self.schedule.over = !polls;
        at
    }

    /// Whether the sleep that [`next`](Self::next) asked for was the last, with no poll behind it.
    pub(super) fn is_over(&self) -> bool {
        self.schedule.over
    }

    /// Keeps what was wrong with the last request, if anything.
    pub(super) fn set_fault(&mut self, fault: Option<Error>) {
        if self.rare.is_none() && fault.is_none() {
            return;
        }
        let nothing = || Box::new(Rare { fault: None, faults: 0, policy: None, span: Span::none() });
        let rare = self.rare.get_or_insert_with(nothing);
        rare.faults = rare.faults.saturating_add(u32::from(fault.is_some()));
        rare.fault = fault;
    }

    /// How long until the pace of the id allows another look.
    pub(crate) fn next_poll_in(&self, slot: &Slot) -> Duration {
        let floor = |pace: &_| self.schedule.floor(pace, self.policy());
        let due = slot.pace(|pace| pace.allowed_at(floor(pace)).max(pace.patience()));
        due.map_or(Duration::ZERO, |at| at.saturating_duration_since(now()))
    }

    /// Whether answers came, and the last of them could be read.
    pub(super) fn is_quiet(&self) -> bool {
        self.schedule.failed() == 0 && self.schedule.answered()
    }

    /// What was wrong with the last request, if anything.
    pub(crate) fn take_fault(&mut self) -> Option<Error> {
        let fault = self.rare.as_mut().and_then(|rare| rare.fault.take());
        fault.map(|error| error.with_attempts(self.schedule.failed()))
    }

    /// Time is over: whose time, unless the last attempts failed; then nobody knows what the person did.
    pub(crate) fn close(&mut self) -> Outcome {
        self.take_fault().map_or_else(|| Ok(self.ended()), Err)
    }

    pub(super) fn ended(&self) -> ApprovalOutcome {
        match self.schedule.deadline().ending {
            Ending::Timeout => ApprovalOutcome::Timeout,
            Ending::Expired => ApprovalOutcome::ExpiredToken,
        }
    }
}
