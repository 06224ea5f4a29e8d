use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use super::pace::Report;
use crate::clock::Instant;
use crate::error::Error;
use crate::trace::FlowId;

/// A wait whose time is over within this says so.
const NEAR: Duration = Duration::from_secs(30);

/// What a wait reports while it goes on: see [`on_progress`](crate::PollForApproval::on_progress).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Progress {
    /// The server has answered: nobody has decided yet. After this, expect the next report in about `next_poll_in`.
    #[non_exhaustive]
    Polled {
        /// How long until the id may be polled again.
        next_poll_in: Duration,
    },
    /// The server wants to be asked less often, and will be. Nobody has decided yet.
    #[non_exhaustive]
    SlowedDown {
        /// How long it is between two polls from now on, at least.
        interval: Duration,
    },
    /// A poll has failed, and it will be tried again. After this, expect more of the same or [`Reachable`](Self::Reachable).
    #[non_exhaustive]
    Unreachable {
        /// What was wrong; [`attempts`](Error::attempts) says how many polls in a row have failed.
        error: Error,
        /// How long ago the first of them failed.
        since: Duration,
    },
    /// The server has answered again. It is followed by what it said. A wait that begins while polls of its id fail hears it,
    /// too; an approval or a refusal is the outcome, and nothing comes before it.
    Reachable,
    /// The time of this wait is nearly over: told once, with the first poll that ends in its last 30 s.
    #[non_exhaustive]
    DeadlineNear {
        /// How much is left of it.
        left: Duration,
    },
}

pub(crate) type Tell = dyn Fn(Progress) + Send + Sync;

/// Somebody who wants to hear of every poll of an id, as long as their wait is under way.
pub(crate) struct Listener {
    tell: Arc<Tell>,
    flow: FlowId,
    deadline: Instant,
    near: bool,
    /// Polls of the id fail.
    unreachable: bool,
}

impl Listener {
    pub(crate) fn new(tell: Arc<Tell>, flow: FlowId, deadline: Instant) -> Self {
        Self { tell, flow, deadline, near: false, unreachable: false }
    }

    /// Takes over what the id had come to before: whether polls of it fail.
    pub(crate) fn begin(&mut self, unreachable: bool) {
        self.unreachable = unreachable;
    }

    /// Takes note of a report, and says what to tell when no lock is held.
    pub(crate) fn hear(&mut self, report: &Report, at: Instant) -> Telling {
        let mut news = Vec::new();
        let fails = matches!(report, Report::Failed { .. });
        if std::mem::replace(&mut self.unreachable, fails) && !fails {
            news.push(Progress::Reachable);
        }
        news.push(match report {
            Report::Polled { next_poll_in } => Progress::Polled { next_poll_in: *next_poll_in },
            Report::SlowedDown { interval } => Progress::SlowedDown { interval: *interval },
            Report::Failed { error, since } => Progress::Unreachable { error: error.clone(), since: *since },
        });
        let left = self.deadline.saturating_duration_since(at);
        if left <= NEAR && !std::mem::replace(&mut self.near, true) {
            news.push(Progress::DeadlineNear { left });
        }
        Telling { tell: Arc::clone(&self.tell), flow: self.flow, news }
    }
}

/// What one listener is told.
pub(crate) struct Telling {
    tell: Arc<Tell>,
    flow: FlowId,
    news: Vec<Progress>,
}

impl Telling {
    /// Never under a lock. A panic of theirs ends here.
    pub(crate) fn tell(self) {
        for progress in self.news {
            if catch_unwind(AssertUnwindSafe(|| (self.tell)(progress))).is_err() {
                tracing::warn!(flow = %self.flow, "a progress listener panicked");
            }
        }
    }
}
