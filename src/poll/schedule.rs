//! PURE: when to ask, and when to leave. No await, no clock, no randomness, no network: instants come in as values.

use std::time::Duration;

use super::life::Life;
use super::policy::PollPolicy;
use super::{Millis, Pace};
use crate::clock::{Instant, later};
use crate::error::{Error, ErrorKind};
use crate::outcome::{ApprovalOutcome, Outcome};

/// When a wait ends at the latest, and whose word that is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Deadline {
    pub(crate) at: Instant,
    pub(crate) ending: Ending,
}

/// Which time runs out at the deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// The caller's.
    Timeout,
    /// The server's `expires_in`.
    Expired,
}

impl Deadline {
    /// The earlier of the two; where both fall together, the server's.
    pub(crate) fn earlier(timeout: Instant, life: Option<Life>) -> Self {
        match life.map(Life::end) {
            Some(at) if at <= timeout => Self { at, ending: Ending::Expired },
            _ => Self { at: timeout, ending: Ending::Timeout },
        }
    }
}

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    /// When; it may be now.
    pub(crate) at: Instant,
    /// Whether to poll then. If not, nothing more is allowed before the deadline, and that is where it ends.
    pub(crate) polls: bool,
}

/// What a request of the id is doing when the deadline of a wait falls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UnderWay {
    Nothing,
    /// It stands in the queue for a place.
    Queued,
    /// It has left.
    Sent,
    /// It was answered by an approval, which is being checked until then at the latest.
    Checking(Instant),
}

/// What a wait sees of its id when it decides.
pub(crate) struct View<'a> {
    pub(crate) pace: &'a Pace,
    pub(crate) life: Option<Life>,
    pub(crate) under_way: UnderWay,
    /// Nobody else waits for the id.
    pub(crate) alone: bool,
    /// How many requests have begun.
    pub(crate) begun: u32,
}

/// What a wait does.
#[derive(Debug)]
pub(crate) enum Decision {
    Sleep(Instant),
    /// Ask, if no more requests than these have begun meanwhile.
    Ask(u32),
    /// Go along with the request that is under way, at most until then.
    Stay(Instant),
    /// Its time is over, and this is what it comes to.
    Close(Outcome),
}

/// The times of one wait. What belongs to the id is its [`Pace`].
#[derive(Debug)]
pub(crate) struct Schedule {
    deadline: Instant,
    ending: Ending,
    /// The caller's own interval; nothing where there is none.
    interval: Millis,
    /// How many requests of the id had ended when the wait began.
    heard_before: u32,
}

impl Schedule {
    pub(crate) fn new(deadline: Deadline, interval: Option<Duration>, heard_before: u32) -> Self {
        let interval = Millis::of(interval.unwrap_or_default());
        Self { deadline: deadline.at, ending: deadline.ending, interval, heard_before }
    }

    /// How many requests of the id have ended since the wait began.
    pub(crate) fn polls(&self, pace: &Pace) -> u32 {
        pace.heard().saturating_sub(self.heard_before)
    }

    pub(crate) fn floor(&self, pace: &Pace, policy: &PollPolicy) -> Duration {
        pace.floor(self.interval.duration(), policy.minimum_interval)
    }

    /// When the pace of the id allows a poll.
    pub(crate) fn due(&self, pace: &Pace, life: Option<Life>, policy: &PollPolicy, at: Instant) -> Instant {
        let floor = self.floor(pace, policy);
        let allowed = pace.allowed_at(floor, life).unwrap_or(at).max(at);
        pace.patience(floor).map_or(allowed, |patience| patience.max(allowed))
    }

    /// What to do, for the instant `at` that was slept for, however late the timer was: it is `now`, which few decisions want to
    /// know. A request that stands in the queue is waited for until the wait's deadline, as one sleep; one that has left, for the
    /// grace behind it; one that has brought an approval, for as long as its check may take.
    pub(crate) fn decide(
        &self,
        view: &View<'_>,
        policy: &PollPolicy,
        request_timeout: Duration,
        at: Instant,
        now: impl FnOnce() -> Instant,
    ) -> Decision {
        let View { pace, life, under_way, alone, begun } = *view;
        let close = || Decision::Close(self.close(pace, under_way));
        let stays_until = || self.stays_until(pace, policy, request_timeout);
        match under_way {
            UnderWay::Nothing => match self.next(pace, life, policy, alone, at) {
                // The machine was asleep: nobody would wait for the answer any more, and the approval may be in it.
                step if step.polls && step.at <= at && now() > stays_until() => close(),
                step if step.at > at => Decision::Sleep(step.at),
                step if step.polls => Decision::Ask(begun),
                _ => close(),
            },
            UnderWay::Queued if at < self.deadline => Decision::Stay(self.deadline),
            UnderWay::Sent if at < stays_until() => Decision::Stay(stays_until()),
            // The person has approved in time: what it is checked by may still have to come (OpenID keys).
            UnderWay::Checking(until) if at < until.max(stays_until()) => {
                Decision::Stay(until.max(stays_until()))
            }
            UnderWay::Queued | UnderWay::Sent | UnderWay::Checking(_) => close(),
        }
    }

    /// What to do next, seen from `at`. `alone`: no other wait is under way for the id.
    ///
    /// The floor is never undercut, not even for the last look. Back-off and `Retry-After` are, for one look where the
    /// server's time for the id may be over: nobody can ask later.
    pub(crate) fn next(
        &self,
        pace: &Pace,
        life: Option<Life>,
        policy: &PollPolicy,
        alone: bool,
        at: Instant,
    ) -> Step {
        let end = Step { at: self.deadline.max(at), polls: false };
        if at > self.deadline {
            return end;
        }
        let floor = self.floor(pace, policy);
        let allowed = pace.allowed_at(floor, life).unwrap_or(at).max(at);
        let wished = pace.patience(floor).map_or(allowed, |patience| patience.max(allowed));
        let end_of_id = life.map(Life::earliest_end);
        let last = end_of_id.filter(|_| self.ending == Ending::Expired);
        let poll = if wished > self.deadline {
            match last.filter(|last| !pace.has_asked_since(*last)) {
                Some(last) => last.max(allowed),
                None => return end,
            }
        } else if (alone || last.is_some()) && self.polls(pace) > 0 && later(wished, floor) > self.deadline {
            // No further poll would fit behind this one: it is the last, and lands as late as it is of use. The answer has
            // to be asked for before the server's time is over, which may be no later than its initiate's arrival says.
            let latest = end_of_id.map(|end| end.checked_sub(pace.slowest()).unwrap_or(end));
            latest.unwrap_or(self.deadline).min(self.deadline).max(wished)
        } else {
            wished
        };
        if poll > self.deadline { end } else { Step { at: poll, polls: true } }
    }

    /// Until when a wait stays for a request that has left.
    pub(crate) fn stays_until(&self, pace: &Pace, policy: &PollPolicy, request_timeout: Duration) -> Instant {
        let grace = policy.grace.max(pace.slowest().saturating_mul(2)).min(request_timeout);
        later(self.deadline, grace)
    }

    pub(crate) fn deadline(&self) -> Instant {
        self.deadline
    }

    /// For which instant the first step is decided, where it is taken at `at`: a wait of next to no time looks, too.
    pub(crate) fn begins(&self, at: Instant) -> Instant {
        if self.ending == Ending::Timeout { at.min(self.deadline) } else { at }
    }

    /// Whether the server's time is over: nothing is sent behind it.
    pub(crate) fn is_expired(&self, at: Instant) -> bool {
        self.ending == Ending::Expired && at > self.deadline
    }

    /// Time is over: whose time, unless the last attempts failed; then nobody knows what the person did.
    pub(crate) fn close(&self, pace: &Pace, under_way: UnderWay) -> Outcome {
        if self.ending == Ending::Expired && pace.approval_cut() && self.polls(pace) == 0 {
            return Ok(ApprovalOutcome::ApprovalLost);
        }
        // Nothing is sent any more, and nothing can come of what was: to ask again would be to ask for ever.
        let is_over = self.ending == Ending::Expired && under_way == UnderWay::Nothing;
        let told = |error: Error| Err(if is_over { error.for_good() } else { error });
        if let Some(fault) = pace.fault() {
            return told(fault);
        }
        match (self.ending, under_way) {
            (Ending::Timeout, _) => Ok(ApprovalOutcome::Timeout),
            (Ending::Expired, UnderWay::Sent) => {
                let message = "the last request was still unanswered when the approval's time was over";
                Err(Error::new(ErrorKind::Network, message).maybe_sent(true).with_attempts(1))
            }
            (Ending::Expired, UnderWay::Checking(_)) => {
                let message = "an approval came, and could not be checked in time";
                Err(Error::new(ErrorKind::Network, message).maybe_sent(true).with_attempts(1))
            }
            (Ending::Expired, UnderWay::Nothing) if !pace.starved() => Ok(ApprovalOutcome::ExpiredToken),
            (Ending::Expired, _) => told(Error::new(
                ErrorKind::Network,
                "no place for a request was free before the approval's time was over: max_in_flight is too small, or the server does not answer",
            )),
        }
    }
}

#[cfg(test)]
#[path = "schedule_tests.rs"]
mod tests;
