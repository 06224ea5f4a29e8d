use std::time::Duration;

use super::millis::Millis;
use super::policy::LONGEST_WAIT;
use crate::clock::{Instant, later};

/// What OpenID CIBA Core (section 7.3) assumes where the server names no interval.
const DEFAULT_INTERVAL: Duration = Duration::from_secs(5);

/// What a `slow_down` adds for good (OpenID CIBA Core, section 11).
const SLOW_DOWN: Duration = Duration::from_secs(5);

/// How fast one `auth_req_id` may be polled. It belongs to the id, not to a poll: it outlives a poll that was dropped
/// and is kept when another takes over.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    /// What the server has asked for: its interval and all its `slow_down`s. Nothing until anybody said.
    server: Millis,
    /// The end of the last answer, or the acknowledgement; `None` for an id that another process initiated.
    last: Option<Instant>,
    /// Not before this, for the sake of backoff or `Retry-After`. The deadline may cut it short; the floor it may not.
    patience: Option<Instant>,
    /// Faults in a row.
    faults: u32,
    polled: bool,
    /// A request went out and its answer did not come back: an approval may have been in it.
    answer_lost: bool,
}

impl Pace {
    /// Of an id that this client initiated: the first poll comes one interval after the acknowledgement.
    pub(crate) fn acknowledged(interval: Duration, at: Instant) -> Self {
        Self { server: Millis::of(interval), last: Some(at), ..Self::unknown() }
    }

    /// Of an id that another process initiated: the first poll may go at once.
    pub(crate) fn unknown() -> Self {
        Self {
            server: Millis::of(Duration::ZERO),
            last: None,
            patience: None,
            faults: 0,
            polled: false,
            answer_lost: false,
        }
    }

    /// The largest of what the server, the caller and the client want; 5 s where neither server nor caller said.
    pub(crate) fn floor(&self, caller: Option<Duration>, minimum: Duration) -> Duration {
        let asked = match (self.server.duration(), caller) {
            (None, None) => DEFAULT_INTERVAL,
            (server, caller) => server.max(caller).unwrap_or(DEFAULT_INTERVAL),
        };
        asked.max(minimum).min(LONGEST_WAIT)
    }

    /// The earliest instant that this floor allows.
    pub(crate) fn allowed_at(&self, floor: Duration) -> Option<Instant> {
        self.last.map(|last| later(last, floor))
    }

    pub(crate) fn patience(&self) -> Option<Instant> {
        self.patience
    }

    pub(crate) fn polled(&self) -> bool {
        self.polled
    }

    /// A request leaves. Should nothing more be heard of it, this is what remains: an answer is missing. Returns
    /// whether one was missing before.
    pub(crate) fn asked(&mut self, now: Instant) -> bool {
        self.last = Some(now);
        self.polled = true;
        std::mem::replace(&mut self.answer_lost, true)
    }

    /// Whether an answer that may have held the approval is missing.
    pub(crate) fn set_answer_lost(&mut self, lost: bool) {
        self.answer_lost = lost;
    }

    /// The answer has ended, well or not: the floor counts from here.
    pub(crate) fn ended(&mut self, now: Instant) {
        self.last = Some(now);
    }

    /// A readable answer: whatever was wrong is over.
    pub(crate) fn recovered(&mut self) {
        self.faults = 0;
        self.patience = None;
        self.answer_lost = false;
    }

    /// One more fault in a row; the next poll waits until `not_before`.
    pub(crate) fn faulted(&mut self) -> u32 {
        self.faults = self.faults.saturating_add(1);
        self.faults
    }

    pub(crate) fn wait_until(&mut self, not_before: Instant) {
        self.patience = Some(not_before);
    }

    /// `slow_down`: the floor rises by at least 5 s, for good. `floor` is what held until now.
    pub(crate) fn slow_down(&mut self, floor: Duration, named: Option<Duration>) {
        let raised = floor.saturating_add(SLOW_DOWN).max(named.unwrap_or_default());
        self.server = Millis::of(raised);
    }
}
