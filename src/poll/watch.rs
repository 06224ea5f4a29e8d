use std::sync::Arc;

use super::driver::{self, Outcome};
use super::{PollPolicy, Schedule};
use crate::client::Inner;
use crate::outcome::{ApprovalOutcome, CancelReason};
use crate::registry::Claim;

/// A poll: its hold on a slot and its plan. All that a sleeping poll keeps.
pub(crate) struct Watch {
    inner: Arc<Inner>,
    claim: Claim,
    schedule: Schedule,
    /// Where the call set its own.
    policy: Option<Box<PollPolicy>>,
    span: tracing::Span,
}

/// A poll that has come to its end. Its outcome is decided when it is [committed](Self::commit).
pub(crate) struct Finished {
    claim: Claim,
    /// `None` where it was stopped.
    outcome: Option<Outcome>,
    span: tracing::Span,
}

impl Watch {
    pub(crate) fn new(
        inner: Arc<Inner>,
        claim: Claim,
        schedule: Schedule,
        policy: Option<Box<PollPolicy>>,
        span: tracing::Span,
    ) -> Self {
        Self { inner, claim, schedule, policy, span }
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
            outcome = driver::drive(&inner, claim.slot(), policy, &mut schedule, &span) => Some(outcome),
        };
        span.record("polls", schedule.polls).record("attempts", schedule.faults);
        Finished { claim, outcome, span }
    }
}

impl Finished {
    /// Hands the outcome out, unless the poll was stopped before.
    pub(crate) fn commit(self) -> Outcome {
        let Self { claim, outcome, span } = self;
        let outcome = span.in_scope(|| hand_out(claim, outcome));
        match &outcome {
            Ok(outcome) => span.record("outcome", outcome.status()),
            Err(error) => {
                span.record("outcome", "error").record("error", tracing::field::debug(error.kind()))
            }
        };
        outcome
    }
}

/// Hands an outcome out, unless its poll was stopped before; `None` is a poll that saw the stop itself.
pub(crate) fn hand_out(claim: Claim, outcome: Option<Outcome>) -> Outcome {
    let slot = Arc::clone(claim.slot());
    match (claim.commit(), outcome) {
        (Ok(()), Some(outcome)) => {
            if let Ok(ApprovalOutcome::Approved(_)) = outcome {
                slot.pace(|pace| pace.set_answer_lost(false));
            }
            outcome
        }
        (stopped, outcome) => {
            if let Some(Ok(ApprovalOutcome::Approved(late))) = outcome {
                // Wiped here.
                drop(late);
                tracing::warn!("an approval arrived after its poll was stopped, and was dropped");
            }
            Ok(ApprovalOutcome::Cancelled(stopped.err().unwrap_or(CancelReason::Requested)))
        }
    }
}
