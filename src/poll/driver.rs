//! The loop: ask, classify, schedule, sleep.

use std::ops::ControlFlow;
use std::time::Duration;

use tracing::{Instrument as _, Span};

use super::{Deadline, Ending, Event, PollPolicy, Schedule, Step, Verdict};
use crate::client::Inner;
use crate::clock::{Instant, later, now};
use crate::error::Error;
use crate::outcome::ApprovalOutcome;
use crate::registry::Slot;
use crate::transport::{Body, Fault, FaultKind, HttpCall, HttpReply, Lane};
use crate::wire::{self, Answer, PollAnswer, PollBody};

/// What a poll comes to.
pub(crate) type Outcome = Result<ApprovalOutcome, Error>;

/// Polls one id until it is decided. Whoever calls it bounds it by the slot's cancellation.
pub(crate) async fn drive(
    inner: &Inner,
    slot: &Slot,
    policy: &PollPolicy,
    schedule: &mut Schedule,
    span: &Span,
) -> Outcome {
    let mut last_fault = None;
    loop {
        match slot.pace(|pace| schedule.next(pace, policy, now())) {
            Step::PollAt(at) => sleep_until(at).await,
            Step::EndAt(at) => {
                sleep_until(at).await;
                return close(schedule, last_fault);
            }
        }
        // Boxed, so that a poll that sleeps does not hold the room of one that asks.
        match Box::pin(ask(inner, slot, policy, schedule).instrument(span.clone())).await {
            Asked::Undecided => {}
            Asked::Faulted(error) => last_fault = Some(error),
            Asked::Starved => return close(schedule, last_fault),
            Asked::Decided(outcome) => return outcome,
        }
    }
}

async fn sleep_until(at: Instant) {
    if at > now() {
        tokio::time::sleep_until(at).await;
    }
}

/// Time is over: whose time, unless the last attempts failed; then nobody knows what the person did.
fn close(schedule: &Schedule, last_fault: Option<Error>) -> Outcome {
    match last_fault {
        Some(error) if schedule.failed() > 0 => Err(error.with_attempts(schedule.failed())),
        _ => Ok(ended(schedule.deadline())),
    }
}

fn ended(deadline: Deadline) -> ApprovalOutcome {
    match deadline.ending {
        Ending::Timeout => ApprovalOutcome::Timeout,
        Ending::Expired => ApprovalOutcome::ExpiredToken,
    }
}

/// What one look came to.
pub(crate) enum Asked {
    Undecided,
    Faulted(Error),
    /// No place was free before the deadline.
    Starved,
    Decided(Outcome),
}

/// Asks once, and tells the schedule what came of it.
pub(crate) async fn ask(inner: &Inner, slot: &Slot, policy: &PollPolicy, schedule: &mut Schedule) -> Asked {
    let deadline = schedule.deadline();
    let Some(_place) = inner.places.take(deadline.at).await else {
        tracing::warn!(
            "no place for a request before the deadline: max_in_flight is too small for this crowd"
        );
        return Asked::Starved;
    };
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
    schedule.polls = schedule.polls.saturating_add(1);
    let body = PollBody::new(slot.id().expose_secret(), slot.resource(), &inner.plane).encode();
    let reply = inner.transport.send(HttpCall {
        target: &inner.targets.poll,
        body: body.into(),
        timeout,
        lane: Lane::Pooled,
    });
    let answer = classify(reply.await);
    let (now, answer_was_lost) = (now(), asking.answer_was_lost());
    drop(asking);

    let (event, error) = match answer {
        Heard::Answer(answer, complete) => {
            if complete {
                slot.pace(|pace| pace.set_answer_lost(answer_was_lost));
            }
            match heard(slot, answer, answer_was_lost, now) {
                ControlFlow::Continue(event) => event,
                ControlFlow::Break(outcome) => return Asked::Decided(outcome),
            }
        }
        Heard::Fault(fault) => {
            let unsettled = schedule.failed() == 0 && schedule.answered();
            if fault.kind == FaultKind::TimedOut && timeout < inner.request_timeout && unsettled {
                // Cut off by our own deadline behind a readable answer: the time is over, nothing is broken.
                return Asked::Decided(Ok(ended(deadline)));
            }
            if !fault.maybe_sent() {
                slot.pace(|pace| pace.set_answer_lost(answer_was_lost));
            }
            match fault.kind {
                FaultKind::Tls | FaultKind::Unusable => return Asked::Decided(Err(fault.into_error())),
                FaultKind::Garbled => (Event::Unreadable { retry_after: None }, Some(fault.into_error())),
                kind => {
                    let name_missing = kind == FaultKind::NameMissing;
                    (Event::Fault { retry_after: None, name_missing }, Some(fault.into_error()))
                }
            }
        }
    };
    match &error {
        None => tracing::debug!("pending"),
        Some(error) => tracing::warn!(kind = ?error.kind(), status = error.status(), "fault"),
    }
    let verdict = slot.pace(|pace| schedule.observe(pace, policy, event, now, inner.jitter()));
    match (verdict, error) {
        (Verdict::GoOn, None) => Asked::Undecided,
        (Verdict::GoOn, Some(error)) => Asked::Faulted(error),
        (Verdict::GiveUp, error) => {
            let error = error.unwrap_or_else(|| Fault::new(FaultKind::Garbled).into_error());
            Asked::Decided(Err(error.with_attempts(schedule.failed())))
        }
    }
}

/// What was heard of a request.
enum Heard {
    /// An answer, and whether all of it came.
    Answer(PollAnswer, bool),
    Fault(Fault),
}

fn classify(reply: Result<HttpReply, Fault>) -> Heard {
    let HttpReply { status, retry_after, body } = match reply {
        Ok(reply) => reply,
        Err(fault) => return Heard::Fault(fault),
    };
    let read = |body| wire::read_poll(&Answer { status, retry_after, body });
    match body {
        Body::Whole(bytes) => {
            let answer = read(Some(&bytes));
            let complete = !matches!(answer, PollAnswer::Unreadable { cut_short: true, .. });
            Heard::Answer(answer, complete)
        }
        // What is there may be all there was.
        Body::Cut(bytes, _) if wire::is_one_object(&bytes) => Heard::Answer(read(Some(&bytes)), true),
        Body::Cut(_, fault) => Heard::Fault(fault),
        Body::TooLong | Body::Encoded => Heard::Answer(read(None), true),
    }
}

/// An answer either decides, or is an event for the schedule, with the error that it is where it is one.
fn heard(
    slot: &Slot,
    answer: PollAnswer,
    answer_was_lost: bool,
    now: Instant,
) -> ControlFlow<Outcome, (Event, Option<Error>)> {
    // The request is gone. If an answer of it went missing before its time was over, the approval may have been in it.
    let in_time = slot.expires().is_none_or(|expires| now < expires);
    let lost = answer_was_lost && in_time;
    ControlFlow::Break(match answer {
        PollAnswer::Pending => return ControlFlow::Continue((Event::Pending, None)),
        PollAnswer::SlowDown { interval, retry_after } => {
            return ControlFlow::Continue((Event::SlowDown { named: interval, retry_after }, None));
        }
        PollAnswer::Fault { error, retry_after } => {
            return ControlFlow::Continue((Event::Fault { retry_after, name_missing: false }, Some(error)));
        }
        PollAnswer::Unreadable { error, retry_after, .. } => {
            return ControlFlow::Continue((Event::Unreadable { retry_after }, Some(error)));
        }
        PollAnswer::Approved(approval) => Ok(ApprovalOutcome::Approved(approval)),
        PollAnswer::Denied => Ok(ApprovalOutcome::AccessDenied),
        PollAnswer::Expired | PollAnswer::InvalidGrant(_) if lost => Ok(ApprovalOutcome::ApprovalLost),
        PollAnswer::Expired => Ok(ApprovalOutcome::ExpiredToken),
        PollAnswer::InvalidGrant(error) | PollAnswer::Fatal(error) => Err(error),
    })
}

/// How long until the pace of an id allows another look.
pub(crate) fn next_poll_in(slot: &Slot, policy: &PollPolicy, schedule: &Schedule) -> Duration {
    let now = now();
    slot.pace(|pace| {
        let allowed = pace.allowed_at(schedule.floor(pace, policy));
        allowed.max(pace.patience()).map_or(Duration::ZERO, |at| at.saturating_duration_since(now))
    })
}
