use std::sync::Arc;
use std::time::Duration;

use tracing::Span;

use super::driver::Outcome;
use super::{Ending, PollPolicy, Schedule, Step};
use crate::client::Inner;
use crate::clock::now;
use crate::error::Error;
use crate::outcome::ApprovalOutcome;
use crate::registry::Slot;

/// What a poll goes by. All that it keeps while it sleeps, besides its hold on a slot; so the rare things are boxed.
pub(crate) struct Plan {
    pub(super) inner: Arc<Inner>,
    pub(super) schedule: Schedule,
    pub(super) last_fault: Option<Error>,
    /// Where the call set its own.
    policy: Option<Box<PollPolicy>>,
    /// Where anybody listens.
    span: Option<Box<Span>>,
}

impl Plan {
    pub(crate) fn new(inner: Arc<Inner>, schedule: Schedule, policy: Option<PollPolicy>, span: Span) -> Self {
        let span = (!span.is_disabled()).then(|| Box::new(span));
        Self { inner, schedule, last_fault: None, policy: policy.map(Box::new), span }
    }

    pub(crate) fn policy(&self) -> &PollPolicy {
        self.policy.as_deref().unwrap_or(&self.inner.policy)
    }

    pub(super) fn span(&self) -> Span {
        self.span.as_deref().map_or_else(Span::none, Span::clone)
    }

    /// Records the numbers of the poll, and gives its span for the rest.
    pub(super) fn into_span(self) -> Option<Box<Span>> {
        if let Some(span) = &self.span {
            span.record("polls", self.schedule.polls).record("attempts", self.schedule.faults);
        }
        self.span
    }

    pub(super) fn next(&self, slot: &Slot) -> Step {
        slot.pace(|pace| self.schedule.next(pace, self.policy(), now()))
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
        self.last_fault.take().map(|error| error.with_attempts(self.schedule.failed()))
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
