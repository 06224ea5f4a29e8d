use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tracing::Span;

use super::exchange::exchange;
use super::{Decision, Event, Listener, PollPolicy, Schedule, Tell, UnderWay, View, pace};
use crate::client::Inner;
use crate::clock::{Instant, now};
use crate::error::{Error, ErrorKind};
use crate::outcome::{ApprovalOutcome, Outcome, PollStatus};
use crate::registry::{Joined, Membership, Request, Slot, Work};
use crate::transport::Caller;

/// The shortest time until a next look that is ever told: whoever sleeps so long does not spin.
const SHORTEST_PAUSE: Duration = Duration::from_millis(100);

/// Somebody who waits for an id: how long, how patiently, and since when. Dropped, it leaves.
pub(crate) struct Wait {
    inner: Arc<Inner>,
    slot: Arc<Slot>,
    schedule: Schedule,
    member: Membership,
    driver: Driver,
    rare: Option<Box<Rare>>,
}

/// Who drives a wait.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Driver {
    /// Somebody's future, which may lie idle.
    Future,
    /// A task of its own, which does not.
    Task,
    /// Nobody any more: it has received, and left with that.
    Nobody,
}

/// What most waits do not have.
struct Rare {
    /// Where the call set its own.
    policy: Option<PollPolicy>,
    /// Where anybody records it.
    span: Span,
    /// The number of its listener.
    listener: Option<u32>,
}

impl Drop for Rare {
    /// A wait that is dropped before it has come to its end was cancelled by that.
    fn drop(&mut self) {
        self.span.record("outcome", "dropped");
    }
}

/// What a wait does next.
pub(super) enum Next {
    /// The id or its waits have ended.
    Receive,
    /// The wait's own time is over.
    End(Outcome),
    Sleep(Instant),
    /// A request is under way: until it ends, or until then.
    Drive(Arc<Request>, Option<Instant>),
}

/// What a look finds.
pub(super) enum Glance {
    Receive,
    /// Seen when so many requests of the id had begun.
    Ask(u32),
    Join(Arc<Request>),
    /// It is too early, or a request still waits for its place.
    Pending,
}

/// How long a wait goes along with a request.
enum Patience {
    Enough,
    Until(Instant),
    /// It ends by itself, by then.
    EndsBy(Instant),
    None,
}

impl Wait {
    pub(crate) fn new(
        inner: Arc<Inner>,
        slot: Arc<Slot>,
        schedule: Schedule,
        joined: &Joined,
        policy: Option<PollPolicy>,
        span: Span,
        tell: Option<Arc<Tell>>,
    ) -> Self {
        let listener = tell.map(|tell| slot.listen(Listener::new(tell, slot.flow(), schedule.deadline())));
        let is_rare = policy.is_some() || listener.is_some() || !span.is_disabled();
        let rare = is_rare.then(|| Box::new(Rare { policy, span, listener }));
        Self { inner, slot, schedule, member: joined.member, driver: Driver::Future, rare }
    }

    fn policy(&self) -> &PollPolicy {
        self.rare.as_ref().and_then(|rare| rare.policy.as_ref()).unwrap_or(&self.inner.policy)
    }

    /// It is driven by a task of its own.
    pub(crate) fn for_task(mut self) -> Self {
        self.driver = Driver::Task;
        self
    }

    /// For which instant its first step is decided.
    pub(super) fn begins(&self, at: Instant) -> Instant {
        self.schedule.begins(at)
    }

    /// What to do next, seen from `at`: when what it slept for has come, that instant, however late the timer was. Where it is
    /// time to ask, a request is begun.
    pub(super) fn next(&self, at: Instant) -> Next {
        loop {
            let decide = |view: &View<'_>| {
                self.schedule.decide(view, self.policy(), self.inner.request_timeout, at, now)
            };
            let Some((decision, request)) = self.slot.see(self.member.failures, decide) else {
                return Next::Receive;
            };
            match (decision, request) {
                (Decision::Close(outcome), _) => return Next::End(outcome),
                (Decision::Sleep(until), _) | (Decision::Stay(until), None) => return Next::Sleep(until),
                (Decision::Ask(begun), _) => drop(self.ask(begun, Caller::Poll)),
                (Decision::Stay(until), Some(request)) => match self.patience_with(&request, at) {
                    Patience::Enough => return Next::Drive(request, Some(until)),
                    Patience::Until(overdue) => {
                        // Who waits where it was begun may have left, or not be driven.
                        Arc::clone(&request).finish(self.finisher());
                        return Next::Drive(request, Some(until.min(overdue)));
                    }
                    Patience::EndsBy(overdue) => {
                        return Next::Drive(request, Some(until).filter(|until| *until < overdue));
                    }
                    Patience::None => self.desert(&request, at),
                },
            }
        }
    }

    /// How long a request may take before this wait gives it up.
    fn patience_with(&self, request: &Request, at: Instant) -> Patience {
        let overdue = request.overdue(self.inner.request_timeout);
        match (request.is_at_home(), request.is_sent()) {
            // The timers of the transport end it, and those of the check.
            (true, true) => Patience::EndsBy(overdue),
            (true, false) => Patience::Enough,
            // Its runtime may stand still, or be gone; whoever waits there may not be driven.
            (false, _) if at < overdue => Patience::Until(overdue),
            (false, _) => Patience::None,
        }
    }

    /// Gives up a request whose runtime stands still.
    fn desert(&self, request: &Arc<Request>, at: Instant) {
        self.slot.desert(request, at, |pace| {
            let event = Event::Fault { retry_after: None, name_missing: false };
            pace.observe(event, self.policy(), at, self.inner.jitter());
            pace.set_fault(Some(pace::no_answer().with_endpoint(self.endpoint())));
        });
    }

    /// Begins a request, if nobody else has since the id was seen.
    pub(super) fn ask(&self, begun: u32, caller: Caller) -> Option<Arc<Request>> {
        let place = self.inner.places.try_take(caller);
        let policy = self.rare.as_ref().and_then(|rare| rare.policy);
        let span = self.inner.headers.as_ref().map(|_| self.span());
        let has_place = place.is_some();
        let begun = self.slot.begin(begun, has_place, now(), |asking| -> Work {
            Box::pin(exchange(Arc::clone(&self.inner), asking, place, caller, policy, span))
        });
        let (request, shared) = begun?;
        if shared || !has_place && self.driver == Driver::Future {
            // The others are asleep, and do not depend on whether this wait is driven; nor may a place that comes free go to
            // somebody who does not take it.
            request.finish(self.finisher());
        } else if self.driver == Driver::Future {
            self.inner.places.awaits(&request);
        }
        Some(request)
    }

    /// What a look finds.
    pub(super) fn glance(&self, at: Instant) -> Glance {
        let due = |view: &View<'_>| {
            !self.schedule.is_expired(at) && self.schedule.due(view.pace, view.life, self.policy(), at) <= at
        };
        match self.slot.see(self.member.failures, |view| (view.under_way, due(view), view.begun)) {
            None => Glance::Receive,
            Some(((UnderWay::Sent | UnderWay::Checking(_), ..), Some(request))) => Glance::Join(request),
            Some(((UnderWay::Nothing, true, begun), _)) => Glance::Ask(begun),
            Some(_) => Glance::Pending,
        }
    }

    /// Until when a look goes with a request.
    pub(super) fn looks_until(&self, request: &Arc<Request>) -> Option<Instant> {
        if request.is_at_home() {
            return None;
        }
        Arc::clone(request).finish(self.finisher());
        Some(request.overdue(self.inner.request_timeout))
    }

    /// What came of the request that a look has gone with, if anything did; else how long until the pace of the id allows
    /// another.
    fn found(&self) -> Result<PollStatus, Error> {
        let at = now();
        self.slot.pace(|pace, life| match pace.fault() {
            _ if self.schedule.is_expired(at) => {
                self.schedule.close(pace, UnderWay::Nothing).map(PollStatus::Ended)
            }
            Some(fault) if self.schedule.polls(pace) > 0 => Err(fault.with_flow(self.slot.flow())),
            _ => {
                let due = self.schedule.due(pace, life, self.policy(), at);
                let next_poll_in = due.saturating_duration_since(at).max(SHORTEST_PAUSE);
                Ok(PollStatus::Pending { next_poll_in })
            }
        })
    }

    /// Ends a look where the id has not ended.
    pub(crate) fn looked(mut self) -> Result<PollStatus, Error> {
        let found = self.found();
        self.record(match &found {
            Ok(PollStatus::Pending { .. }) => Ok("pending"),
            Ok(PollStatus::Ended(outcome)) => Ok(outcome.status()),
            Err(error) => Err(error.kind()),
        });
        found
    }

    /// Ends a wait of no time where the id has not ended.
    pub(crate) fn looked_in_vain(self) -> Outcome {
        let found = self.found();
        self.tell(found.map(|status| match status {
            PollStatus::Ended(outcome) => outcome,
            PollStatus::Pending { .. } => ApprovalOutcome::Timeout,
        }))
    }

    /// Hands out how the id ended, or its waits: decided here, so that nothing comes out that was cancelled before.
    pub(crate) fn receive(mut self) -> Outcome {
        let receive =
            || self.inner.registry.receive(&self.slot, self.member, self.listener(), self.finisher());
        let outcome = self.span().in_scope(receive);
        if outcome.is_some() {
            self.driver = Driver::Nobody;
        }
        // Whoever is told to receive finds something.
        let nothing = || Err(Error::new(ErrorKind::Runtime, "the wait was ended without an outcome"));
        self.tell(outcome.unwrap_or_else(nothing))
    }

    /// Ends the wait with an outcome of its own.
    pub(super) fn tell(mut self, outcome: Outcome) -> Outcome {
        let outcome = outcome.map_err(|error| {
            let error = error.with_flow(self.slot.flow());
            // A request that is still under way, or had no place, has said nothing itself.
            match (error.kind(), error.endpoint()) {
                (ErrorKind::Network, None) => error.with_endpoint(self.endpoint()),
                _ => error,
            }
        });
        self.record(outcome.as_ref().map(ApprovalOutcome::status).map_err(Error::kind));
        outcome
    }

    /// Tells the span how it came out.
    fn record(&mut self, outcome: Result<&'static str, ErrorKind>) {
        let Some(rare) = &mut self.rare else { return };
        let policy = rare.policy.as_ref().unwrap_or(&self.inner.policy);
        let (polls, attempts, interval) = self
            .slot
            .pace(|pace, _| (self.schedule.polls(pace), pace.attempts(), self.schedule.floor(pace, policy)));
        let span = std::mem::replace(&mut rare.span, Span::none());
        span.record("polls", polls).record("attempts", attempts);
        span.record("interval", tracing::field::debug(interval));
        match outcome {
            Ok(word) => span.record("outcome", word),
            Err(kind) => span.record("outcome", "error").record("error", kind.as_str()),
        };
    }

    fn endpoint(&self) -> Arc<str> {
        Arc::clone(&self.inner.profile.poll_target().endpoint)
    }

    /// Finishes a request in a task of its own.
    fn finisher(&self) -> impl FnOnce(Work, &Handle) + use<'_> {
        |work, home| drop(self.inner.tasks.spawn_on(work, home))
    }

    fn listener(&self) -> Option<u32> {
        self.rare.as_ref()?.listener
    }

    fn span(&self) -> Span {
        self.rare.as_ref().map_or_else(Span::none, |rare| rare.span.clone())
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        if self.driver != Driver::Nobody {
            self.inner.registry.leave(&self.slot, self.listener(), self.finisher());
        }
    }
}
