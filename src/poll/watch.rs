use std::sync::Arc;

use super::driver::{self, Outcome};
use super::{PollPolicy, Schedule};
use crate::client::Inner;
use crate::outcome::ApprovalOutcome;
use crate::registry::Claim;

/// A poll: its hold on a slot and its plan. All that a sleeping poll keeps.
pub(crate) struct Watch {
    inner: Arc<Inner>,
    claim: Claim,
    schedule: Schedule,
    /// Where the call set its own.
    policy: Option<Box<PollPolicy>>,
    span: PollSpan,
}

/// A poll that has come to its end. Its outcome is decided when it is [committed](Self::commit).
pub(crate) struct Finished {
    claim: Claim,
    /// `None` where it was stopped.
    outcome: Option<Outcome>,
    span: PollSpan,
}

/// The span of a poll. A poll that is dropped before its outcome is told was cancelled by that.
struct PollSpan(tracing::Span);

impl Watch {
    pub(crate) fn new(
        inner: Arc<Inner>,
        claim: Claim,
        schedule: Schedule,
        policy: Option<Box<PollPolicy>>,
        span: tracing::Span,
    ) -> Self {
        Self { inner, claim, schedule, policy, span: PollSpan(span) }
    }

    pub(crate) fn claim(&self) -> &Claim {
        &self.claim
    }

    /// Polls until it is decided or stopped. A stop is seen first, wherever the poll stands.
    pub(crate) async fn run(self) -> Finished {
        let Self { inner, claim, mut schedule, policy, span } = self;
        let policy = policy.as_deref().unwrap_or(&inner.policy);
        let outcome = tokio::select! {
            biased;
            () = claim.stopped() => None,
            outcome = driver::drive(&inner, claim.slot(), policy, &mut schedule, &span.0) => Some(outcome),
        };
        span.0.record("polls", schedule.polls).record("attempts", schedule.faults);
        Finished { claim, outcome, span }
    }
}

impl Finished {
    /// Hands the outcome out, unless the poll was stopped before.
    pub(crate) fn commit(self) -> Outcome {
        let Self { claim, outcome, span } = self;
        let slot = Arc::clone(claim.slot());
        let outcome = match (claim.commit(), outcome) {
            (Ok(()), Some(outcome)) => outcome,
            (stopped, outcome) => {
                if let Some(Ok(ApprovalOutcome::Approved(late))) = outcome {
                    // Wiped here. Whoever polls this id later must not hear that it merely expired.
                    drop(late);
                    slot.pace(|pace| pace.set_answer_lost(true));
                    span.0.in_scope(|| {
                        tracing::warn!("an approval arrived after its poll was stopped, and was dropped")
                    });
                }
                let reason = stopped.err().unwrap_or(crate::outcome::CancelReason::Requested);
                Ok(ApprovalOutcome::Cancelled(reason))
            }
        };
        span.tell(&outcome);
        outcome
    }
}

impl PollSpan {
    fn tell(mut self, outcome: &Outcome) {
        let span = std::mem::replace(&mut self.0, tracing::Span::none());
        match outcome {
            Ok(outcome) => span.record("outcome", outcome.status()),
            Err(error) => {
                span.record("outcome", "error").record("error", tracing::field::debug(error.kind()))
            }
        };
    }
}

impl Drop for PollSpan {
    fn drop(&mut self) {
        self.0.record("outcome", "cancelled");
    }
}
