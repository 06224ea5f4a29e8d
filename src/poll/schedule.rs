//! PURE: what to do next. No await, no clock, no randomness, no network: instants and jitter come in as values.

use std::time::Duration;

use super::Pace;
use super::millis::Millis;
use super::policy::{Jitter, PollPolicy};
use crate::clock::{Instant, later};

/// So many unreadable answers in a row are a wrong address, not a blip.
const UNREADABLE_LIMIT: u8 = 5;

/// So many times in a row must a name be missing before it counts as one that does not exist.
const NAME_MISSING_LIMIT: u8 = 3;

/// When a poll ends at the latest, and whose word that is.
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
    pub(crate) fn earlier(timeout: Instant, expires: Option<Instant>) -> Self {
        match expires {
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

/// What an answer, or the lack of one, means for the schedule.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Event {
    Pending {
        retry_after: Option<Duration>,
    },
    SlowDown {
        named: Option<Duration>,
        retry_after: Option<Duration>,
    },
    /// It heals by itself. `name_missing` where the DNS says that there is no such name.
    Fault {
        retry_after: Option<Duration>,
        name_missing: bool,
    },
    /// It may heal.
    Unreadable {
        retry_after: Option<Duration>,
    },
}

/// Whether to go on after an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    GoOn,
    GiveUp,
}

/// The part of the plan that belongs to one poll; what belongs to the id is its [`Pace`].
#[derive(Debug)]
pub(crate) struct Schedule {
    deadline: Instant,
    ending: Ending,
    /// The caller's own interval; nothing where there is none.
    interval: Millis,
    /// Requests sent.
    pub(crate) polls: u32,
    /// Requests of this poll that failed since its last readable answer.
    failed: u16,
    unreadable: u8,
    name_missing: u8,
    answered: bool,
    /// The step that was decided last is the end.
    pub(super) over: bool,
}

impl Schedule {
    pub(crate) fn new(deadline: Deadline, interval: Option<Duration>) -> Self {
        Self {
            deadline: deadline.at,
            ending: deadline.ending,
            interval: Millis::of(interval.unwrap_or_default()),
            unreadable: 0,
            name_missing: 0,
            failed: 0,
            answered: false,
            over: false,
            polls: 0,
        }
    }

    pub(crate) fn deadline(&self) -> Deadline {
        Deadline { at: self.deadline, ending: self.ending }
    }

    /// How many requests of this poll have failed since its last readable answer.
    pub(crate) fn failed(&self) -> u32 {
        u32::from(self.failed)
    }

    /// Whether any answer of this poll was readable.
    pub(crate) fn answered(&self) -> bool {
        self.answered
    }

    pub(crate) fn floor(&self, pace: &Pace, policy: &PollPolicy) -> Duration {
        pace.floor(self.interval.duration(), policy.minimum_interval)
    }

    /// The floor is never undercut, not even for the last look. Backoff and `Retry-After` are, for the last look only.
    pub(crate) fn next(&self, pace: &Pace, policy: &PollPolicy, now: Instant) -> Step {
        let deadline = self.deadline;
        if now > deadline {
            return Step { at: now, polls: false };
        }
        let floor = self.floor(pace, policy);
        let allowed = pace.allowed_at(floor).unwrap_or(now).max(now);
        let wished = pace.patience().map_or(allowed, |patience| patience.max(allowed));
        // Where no further poll would fit behind this one, it is the last, and its gap stretches to the deadline. The
        // very first has a fixed place: one floor after the acknowledgement, or at once.
        let last = pace.polled() && later(wished, floor) > deadline;
        let at = if last || wished > deadline { deadline } else { wished };
        if at < allowed { Step { at: deadline, polls: false } } else { Step { at, polls: true } }
    }

    /// Takes note of an event at the instant at which its request ended.
    pub(crate) fn observe(
        &mut self,
        pace: &mut Pace,
        policy: &PollPolicy,
        event: Event,
        now: Instant,
        jitter: Jitter,
    ) -> Verdict {
        let floor = self.floor(pace, policy);
        pace.ended(now);
        match event {
            Event::Pending { retry_after } => {
                self.readable(pace);
                if let Some(wait) = retry_after {
                    pace.wait_until(later(now, wait));
                }
                Verdict::GoOn
            }
            Event::SlowDown { named, retry_after } => {
                self.readable(pace);
                pace.slow_down(floor, named);
                if let Some(wait) = retry_after {
                    pace.wait_until(later(now, wait));
                }
                Verdict::GoOn
            }
            Event::Fault { retry_after, name_missing } => {
                self.name_missing = if name_missing { self.name_missing.saturating_add(1) } else { 0 };
                self.back_off(pace, policy, retry_after, now, jitter);
                if self.name_missing < NAME_MISSING_LIMIT { Verdict::GoOn } else { Verdict::GiveUp }
            }
            Event::Unreadable { retry_after } => {
                self.name_missing = 0;
                self.unreadable = self.unreadable.saturating_add(1);
                self.back_off(pace, policy, retry_after, now, jitter);
                if self.unreadable < UNREADABLE_LIMIT { Verdict::GoOn } else { Verdict::GiveUp }
            }
        }
    }

    fn readable(&mut self, pace: &mut Pace) {
        self.unreadable = 0;
        self.name_missing = 0;
        self.failed = 0;
        self.answered = true;
        pace.recovered();
    }

    fn back_off(
        &mut self,
        pace: &mut Pace,
        policy: &PollPolicy,
        retry_after: Option<Duration>,
        now: Instant,
        jitter: Jitter,
    ) {
        self.failed = self.failed.saturating_add(1);
        let floor = self.floor(pace, policy);
        let backoff = policy.backoff(pace.faulted(), jitter);
        let wait = floor.saturating_add(backoff).max(retry_after.unwrap_or_default());
        pace.wait_until(later(now, wait));
    }
}

#[cfg(test)]
#[path = "schedule_tests.rs"]
mod tests;
