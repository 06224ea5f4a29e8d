//! The loop: ask, classify, schedule, sleep.

use std::future::Future;
use std::ops::ControlFlow;
use std::pin::Pin;
use std::sync::Arc;

use tracing::Instrument as _;

use super::heard::Heard;
use super::{Plan, Verdict};
use crate::client::Inner;
use crate::clock::{later, now};
use crate::error::Error;
use crate::outcome::ApprovalOutcome;
use crate::registry::Slot;
use crate::transport::{Caller, HttpCall, Lane, Place, Turn};
use crate::wire::PollBody;

/// What a poll comes to.
pub(crate) type Outcome = Result<ApprovalOutcome, Error>;

/// Polls one id until it is decided. Whoever calls it bounds it by the slot's cancellation.
#[expect(clippy::manual_async_fn, reason = "it would hold its arguments twice, in every poll that sleeps")]
pub(crate) fn drive<'a>(plan: &'a mut Plan, slot: &'a Slot) -> impl Future<Output = Outcome> + Send + 'a {
    async move {
        loop {
            tokio::time::sleep_until(plan.next(slot)).await;
            if plan.is_over() {
                return plan.close();
            }
            match ask(plan, slot).await {
                Asked::Undecided => {}
                Asked::Starved => return plan.close(),
                Asked::Decided(outcome) => return outcome,
            }
        }
    }
}

/// What one look came to.
pub(crate) enum Asked {
    Undecided,
    /// No place was free before the deadline.
    Starved,
    Decided(Outcome),
}

/// Asks once, in the span of its poll, and tells the schedule what came of it.
pub(crate) fn ask<'a>(
    plan: &'a mut Plan,
    slot: &'a Slot,
) -> Pin<Box<dyn Future<Output = Asked> + Send + 'a>> {
    let span = plan.span();
    Box::pin(exchange(plan, slot).instrument(span))
}

/// Waits for a place. Whoever finds that it is not worth standing in the queue comes again one to three floors later.
async fn place(inner: &Inner, plan: &Plan, slot: &Slot) -> Option<Place> {
    let deadline = plan.schedule.deadline().at;
    loop {
        if let Some(place) = inner.places.try_take(Caller::Poll) {
            return Some(place);
        }
        match tokio::time::timeout_at(deadline, inner.places.queue(Caller::Poll)).await.ok()? {
            Turn::Mine(place) => return Some(place),
            Turn::NotWorthWaiting if now() >= deadline => return None,
            Turn::NotWorthWaiting => {
                let floor = slot.pace(|pace| plan.schedule.floor(pace, plan.policy()));
                let wait = floor.saturating_add(inner.jitter().share_of(floor.saturating_mul(2)));
                tokio::time::sleep_until(later(now(), wait).min(deadline)).await;
            }
        }
    }
}

async fn exchange(plan: &mut Plan, slot: &Slot) -> Asked {
    let inner = Arc::clone(&plan.inner);
    let (deadline, policy) = (plan.schedule.deadline(), *plan.policy());
    let due = now();
    let Some(place) = place(&inner, plan, slot).await else {
        tracing::warn!(
            "no place for a request before the deadline: max_in_flight is too small for this crowd"
        );
        return Asked::Starved;
    };
    let waited_ms = now().saturating_duration_since(due).as_millis();
    if waited_ms > 0 {
        tracing::debug!(waited_ms, "waited for a place among the requests under way");
    }
    let time_left = later(deadline.at, policy.grace).saturating_duration_since(now());
    if time_left.is_zero() && now() > deadline.at {
        // The machine was asleep: nobody would wait for the answer, and the approval may be in it.
        return Asked::Starved;
    }
    let Some(asking) = slot.ask(now()) else {
        // Another poll of this id has a request under way that nobody has dropped yet.
        return Asked::Undecided;
    };
    let timeout = inner.request_timeout.min(time_left);
    plan.schedule.polls = plan.schedule.polls.saturating_add(1);
    let body = PollBody::new(slot.id().expose_secret(), slot.resource(), &inner.plane).encode();
    let call = HttpCall {
        target: &inner.targets.poll,
        body: body.into(),
        timeout,
        lane: Lane::Poll,
        authorization: inner.authorization(),
        place: &place,
    };
    let heard = Heard::of(inner.transport.send(call).await);
    let (now, answer_was_lost) = (now(), asking.answer_was_lost());
    drop(asking);
    inner.places.ended(heard.is_answer());
    if heard.loses_nothing() {
        slot.pace(|pace| pace.set_answer_lost(answer_was_lost));
    }
    if heard.is_cut_off() && timeout < inner.request_timeout && plan.is_quiet() {
        // Cut off by our own deadline behind a readable answer: the time is over, nothing is broken.
        return Asked::Decided(Ok(plan.ended()));
    }
    // The request is gone from the server. If an answer of it went missing before its time was over, the approval may
    // have been in that answer.
    let in_time = slot.expires().is_none_or(|expires| now < expires);
    let (event, error) = match heard.judge(answer_was_lost && in_time) {
        ControlFlow::Continue(event) => event,
        ControlFlow::Break(outcome) => return Asked::Decided(outcome),
    };
    match &error {
        None => tracing::debug!("pending"),
        Some(error) => tracing::warn!(kind = ?error.kind(), status = error.status(), "fault"),
    }
    let jitter = inner.jitter();
    match slot.pace(|pace| plan.schedule.observe(pace, &policy, event, now, jitter)) {
        Verdict::GoOn => {
            plan.set_fault(error);
            Asked::Undecided
        }
        Verdict::GiveUp => {
            plan.set_fault(error);
            Asked::Decided(plan.close())
        }
    }
}
