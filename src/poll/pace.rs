use std::time::Duration;

use super::life::Life;
use super::millis::Millis;
use super::policy::{Jitter, LONGEST_WAIT, PollPolicy};
use crate::clock::{Instant, later};
use crate::error::{Error, ErrorKind};

/// What OpenID CIBA Core (section 7.3) assumes where the server names no interval.
const DEFAULT_INTERVAL: Duration = Duration::from_secs(5);

/// What a `slow_down` adds for good (OpenID CIBA Core, section 11).
const SLOW_DOWN: Duration = Duration::from_secs(5);

/// So many unreadable answers in a row are a wrong address, not a blip.
const UNREADABLE_LIMIT: u8 = 5;

/// So many times in a row must a name be missing before it counts as one that does not exist.
const NAME_MISSING_LIMIT: u8 = 3;

/// How fast one `auth_req_id` may be polled, and how its polls have fared. It belongs to the id, not to a wait: it is the
/// same for all that wait for the id, and outlives them.
#[derive(Debug)]
pub(crate) struct Pace {
    /// The server's interval. Nothing until anybody said.
    server: Millis,
    /// The longest that an answer took.
    slowest: Millis,
    /// When the last request left, was answered or found no place; or the acknowledgement. `None` for an id that another
    /// process initiated.
    last: Option<Instant>,
    /// Not before so long behind the last one, because the server said so (`Retry-After`).
    patience: Millis,
    /// So long behind the floor, for the sake of back-off or of a queue that is not worth standing in. What a wait wishes for
    /// itself is no part of either: it ends with the wait.
    backoff: Millis,
    /// Of requests that failed. In a box: most ids never have one.
    fault: Option<Box<Failing>>,
    /// Requests that have ended, well or not.
    heard: u32,
    /// Requests in a row that failed.
    failed: u16,
    unreadable: u8,
    name_missing: u8,
    /// How many `slow_down`s there were.
    slowed: u8,
    /// A request has left.
    asked: bool,
    /// The server has answered readably: its acknowledgement, or a poll.
    answered: bool,
    /// A request went out and no readable answer of the server came back: an approval may have been in it.
    answer_lost: bool,
    /// What was lost was the body of a 200: hardly anything but an approval.
    approval_cut: bool,
    /// The last attempt to ask found no place for its request.
    starved: bool,
}

/// Requests that fail.
#[derive(Debug)]
struct Failing {
    /// What was wrong with the last of them.
    error: Error,
    /// When the first of those in a row had failed.
    since: Option<Instant>,
}

/// What an answer, or the lack of one, means for the pace.
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
    /// No place was free for the request, and standing in the queue is not worth it.
    NoPlace,
}

/// What a poll has come to, for those who listen.
pub(crate) enum Report {
    Polled {
        next_poll_in: Duration,
    },
    SlowedDown {
        interval: Duration,
    },
    /// `since`: how long ago the first of those in a row failed.
    Failed {
        error: Error,
        since: Duration,
    },
}

/// Whether to go on after an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    GoOn,
    GiveUp,
}

impl Pace {
    /// Of an id that this client initiated: the first poll comes one interval after the acknowledgement.
    pub(crate) fn acknowledged(interval: Duration, at: Instant) -> Self {
        Self { server: Millis::of(interval), last: Some(at), answered: true, ..Self::unknown() }
    }

    /// Of an id that another process initiated and may have polled a moment ago: the first poll comes one interval later. What
    /// this process is set up with has not been answered yet.
    pub(crate) fn resumed(interval: Duration, at: Instant) -> Self {
        Self { answered: false, ..Self::acknowledged(interval, at) }
    }

    /// Of an id that another process initiated: the first poll may go at once.
    pub(crate) fn unknown() -> Self {
        Self {
            server: Millis::of(Duration::ZERO),
            slowest: Millis::of(Duration::ZERO),
            last: None,
            patience: Millis::ZERO,
            backoff: Millis::ZERO,
            fault: None,
            heard: 0,
            failed: 0,
            unreadable: 0,
            name_missing: 0,
            slowed: 0,
            asked: false,
            answered: false,
            answer_lost: false,
            approval_cut: false,
            starved: false,
        }
    }

    /// The largest of what the server, the caller and the client want, 5 s where neither server nor caller said; and 5 s for
    /// each `slow_down`.
    pub(crate) fn floor(&self, caller: Option<Duration>, minimum: Duration) -> Duration {
        let asked = match (self.server.duration(), caller) {
            (None, None) => DEFAULT_INTERVAL,
            (server, caller) => server.max(caller).unwrap_or(DEFAULT_INTERVAL),
        };
        asked.max(minimum).saturating_add(self.slowed()).min(LONGEST_WAIT)
    }

    fn slowed(&self) -> Duration {
        SLOW_DOWN.saturating_mul(u32::from(self.slowed))
    }

    /// The earliest instant that this floor allows; `None` where nothing holds a poll back. The first poll of an id whose
    /// own two numbers allow none comes where the id ends.
    pub(super) fn allowed_at(&self, floor: Duration, life: Option<Life>) -> Option<Instant> {
        let last = self.last?;
        let allowed = later(last, floor);
        match (life, self.server.duration()) {
            (Some(life), Some(server))
                if self.is_untried() && life.end() > last && later(last, server) > life.earliest_end() =>
            {
                Some(allowed.min(life.earliest_end().max(last)))
            }
            _ => Some(allowed),
        }
    }

    /// Whether nobody has asked or tried to since the acknowledgement.
    fn is_untried(&self) -> bool {
        !self.asked && !self.starved
    }

    /// Not before this instant, with this floor, but for a last look.
    pub(super) fn patience(&self, floor: Duration) -> Option<Instant> {
        let backoff = self.backoff.duration().map(|backoff| floor.saturating_add(backoff));
        Some(later(self.last?, backoff.max(self.patience.duration())?))
    }

    /// Whether anything has been asked or tried since this instant.
    pub(super) fn has_asked_since(&self, instant: Instant) -> bool {
        self.last.is_some_and(|last| last >= instant)
    }

    /// Whether the floor still forbids a poll: what remembers it is needed until then.
    pub(crate) fn rests(&self, at: Instant) -> bool {
        self.allowed_at(self.floor(None, Duration::ZERO), None).is_some_and(|allowed| at < allowed)
    }

    /// How many requests of the id have ended.
    pub(crate) fn heard(&self) -> u32 {
        self.heard
    }

    /// The longest that an answer took; zero before the first.
    pub(super) fn slowest(&self) -> Duration {
        self.slowest.duration().unwrap_or_default()
    }

    /// How many requests have failed since the last readable answer.
    pub(super) fn attempts(&self) -> u32 {
        u32::from(self.failed)
    }

    /// What was wrong with the last of them.
    pub(crate) fn fault(&self) -> Option<Error> {
        self.fault.as_ref().map(|fault| fault.error.clone().with_attempts(self.attempts()))
    }

    /// What the last poll has come to, for those who listen. `interval`: the server's before it.
    pub(crate) fn report(&self, interval: Millis, at: Instant) -> Report {
        match self.fault() {
            Some(error) => {
                let since = self.fault.as_ref().and_then(|fault| fault.since).unwrap_or(at);
                Report::Failed { error, since: at.saturating_duration_since(since) }
            }
            None if self.interval() != interval => {
                Report::SlowedDown { interval: self.floor(None, Duration::ZERO) }
            }
            None => {
                let floor = self.floor(None, Duration::ZERO);
                let due = self.allowed_at(floor, None).max(self.patience(floor));
                Report::Polled { next_poll_in: due.unwrap_or(at).saturating_duration_since(at) }
            }
        }
    }

    /// What the server has asked for: its interval and all its `slow_down`s.
    pub(crate) fn interval(&self) -> Millis {
        Millis::of(self.server.duration().unwrap_or_default().saturating_add(self.slowed()))
    }

    pub(crate) fn answered(&self) -> bool {
        self.answered
    }

    pub(super) fn approval_cut(&self) -> bool {
        self.approval_cut
    }

    pub(super) fn starved(&self) -> bool {
        self.starved
    }

    /// A request leaves. Should nothing more be heard of it, this is what remains: an answer is missing. Returns
    /// whether one was missing before.
    pub(crate) fn asked(&mut self, now: Instant) -> bool {
        self.last = Some(now);
        self.asked = true;
        self.wait(Duration::ZERO, None);
        self.starved = false;
        std::mem::replace(&mut self.answer_lost, true)
    }

    /// A request has ended, well or not: the floor counts from here.
    pub(crate) fn ended(&mut self, now: Instant) {
        self.last = Some(now);
        self.heard = self.heard.saturating_add(1);
    }

    /// A request is gone, and nothing more will be heard of it.
    pub(crate) fn unanswered(&mut self, now: Instant) {
        self.ended(now);
        self.failed = self.failed.saturating_add(1);
        self.set_fault(Some(no_answer()));
    }

    /// An answer came, and took so long.
    pub(crate) fn took(&mut self, time: Duration) {
        self.slowest = Millis::of(self.slowest().max(time));
    }

    /// Whether an answer that may have held the approval is missing.
    pub(crate) fn set_answer_lost(&mut self, lost: bool) {
        self.answer_lost = lost;
    }

    /// The body of a 200 broke off.
    pub(crate) fn cut_approval(&mut self) {
        self.approval_cut = true;
    }

    /// Takes note of what a request came to, at the instant at which it ended: all waits count from there.
    pub(crate) fn observe(
        &mut self,
        event: Event,
        policy: &PollPolicy,
        now: Instant,
        jitter: Jitter,
    ) -> Verdict {
        self.last = Some(now);
        match event {
            Event::Pending { retry_after } => {
                self.recovered();
                self.wait(Duration::ZERO, retry_after);
            }
            Event::SlowDown { named, retry_after } => {
                self.recovered();
                self.slowed = self.slowed.saturating_add(1);
                if let Some(named) = named.map(|named| named.saturating_sub(self.slowed())) {
                    self.server = Millis::of(self.server.duration().unwrap_or_default().max(named));
                }
                self.wait(Duration::ZERO, retry_after);
            }
            Event::Fault { retry_after, name_missing } => {
                self.name_missing = if name_missing { self.name_missing.saturating_add(1) } else { 0 };
                self.back_off(policy, retry_after, jitter);
                if self.name_missing >= NAME_MISSING_LIMIT {
                    return Verdict::GiveUp;
                }
            }
            Event::Unreadable { retry_after } => {
                self.name_missing = 0;
                self.unreadable = self.unreadable.saturating_add(1);
                self.back_off(policy, retry_after, jitter);
                if self.unreadable >= UNREADABLE_LIMIT {
                    return Verdict::GiveUp;
                }
            }
            // Behind a server that does not answer a queue is a herd: come again one to three floors later. The floor counts
            // from here, or a last look would try again in the same instant.
            Event::NoPlace => {
                self.starved = true;
                let floor = self.floor(None, policy.minimum_interval);
                self.wait(jitter.share_of(floor.saturating_mul(2)), None);
            }
        }
        Verdict::GoOn
    }

    /// What was wrong with the last request.
    pub(crate) fn set_fault(&mut self, fault: Option<Error>) {
        let before = self.fault.take();
        let since = before.map_or(self.last, |before| before.since);
        self.fault = fault.map(|error| Box::new(Failing { error, since }));
    }

    /// A readable answer: whatever was wrong is over.
    pub(crate) fn recovered(&mut self) {
        self.failed = 0;
        self.unreadable = 0;
        self.name_missing = 0;
        self.wait(Duration::ZERO, None);
        self.fault = None;
        self.answered = true;
        self.answer_lost = false;
        self.approval_cut = false;
    }

    fn wait(&mut self, backoff: Duration, retry_after: Option<Duration>) {
        self.backoff = Millis::of(backoff);
        self.patience = Millis::of(retry_after.unwrap_or_default());
    }

    fn back_off(&mut self, policy: &PollPolicy, retry_after: Option<Duration>, jitter: Jitter) {
        self.failed = self.failed.saturating_add(1);
        self.wait(policy.backoff(u32::from(self.failed), jitter), retry_after);
    }
}

/// What is wrong with a request whose runtime has ended, or stands still.
pub(super) fn no_answer() -> Error {
    let message = "a request that another runtime of this program had begun was not answered in time";
    Error::new(ErrorKind::Network, message).maybe_sent(true)
}
