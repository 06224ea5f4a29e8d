use std::future::Future;
use std::sync::Arc;

use tracing::Span;

use super::Plan;
use super::driver::{self, Outcome};
use super::until;
use crate::outcome::{ApprovalOutcome, CancelReason};
use crate::registry::Claim;

/// A poll: its hold on a slot and its plan.
pub(crate) struct Watch {
    claim: Claim,
    /// Boxed: with it the task of a poll would not fit tokio's next smaller size.
    plan: Box<Plan>,
}

/// A poll that has come to its end. Its outcome is decided when it is [committed](Self::commit).
pub(crate) struct Finished {
    claim: Claim,
    /// `None` where it was stopped.
    outcome: Option<Outcome>,
    span: Span,
}

impl Watch {
    pub(crate) fn new(claim: Claim, plan: Plan) -> Self {
        Self { claim, plan: Box::new(plan) }
    }

    pub(crate) fn claim(&self) -> &Claim {
        &self.claim
    }

    /// Polls until it is decided or stopped. A stop is seen first, wherever the poll stands.
    // Not an `async fn`: that would hold its arguments twice, and this future is what every sleeping poll costs.
    pub(crate) fn run(self) -> impl Future<Output = Finished> + Send + 'static {
        let Self { claim, mut plan } = self;
        async move {
            let outcome = until(claim.stopped(), driver::drive(&mut plan, claim.slot())).await;
            Finished { claim, outcome, span: plan.into_span() }
        }
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
