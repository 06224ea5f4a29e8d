//! What the server's tasks and the test's handles share.

use std::future::Future;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::clock::Clock;
use super::log::LoggedRequest;
use super::script::Script;
use super::settings::Settings;
use super::user::Reaction;
use super::world::World;

/// The log and the fault script: what the test writes and reads beside the protocol.
#[derive(Default)]
pub(crate) struct Record {
    pub(crate) log: Vec<LoggedRequest>,
    /// How many entries were taken out at the front: a request's place counts from the first there ever was.
    taken: usize,
    pub(crate) script: Script,
}

impl Record {
    /// Appends an entry and gives its place.
    pub(crate) fn push(&mut self, entry: LoggedRequest) -> usize {
        self.log.push(entry);
        self.taken.saturating_add(self.log.len()).saturating_sub(1)
    }

    pub(crate) fn entry(&mut self, place: usize) -> Option<&mut LoggedRequest> {
        self.log.get_mut(place.checked_sub(self.taken)?)
    }

    pub(crate) fn take_log(&mut self, before: Instant) -> Vec<LoggedRequest> {
        // The entries stand in the order of their arrival.
        let old = self.log.partition_point(|entry| entry.received_at < before);
        self.taken = self.taken.saturating_add(old);
        let rest = self.log.split_off(old);
        std::mem::replace(&mut self.log, rest)
    }
}

/// Connection counters.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) accepted: AtomicU64,
    pub(crate) open: AtomicU64,
    pub(crate) peak: AtomicU64,
}

pub(crate) struct Shared {
    pub(crate) settings: Settings,
    pub(crate) clock: Clock,
    pub(crate) counters: Counters,
    /// Ends every task of the sandbox.
    pub(crate) stop: CancellationToken,
    pub(crate) tasks: TaskTracker,
    /// Counts the pushes; phones that wait for one listen here.
    pub(crate) pushes: watch::Sender<u64>,
    world: Mutex<World>,
    record: Mutex<Record>,
}

impl Shared {
    pub(crate) fn new(settings: Settings, clock: Clock, world: World) -> Arc<Self> {
        Arc::new(Self {
            settings,
            clock,
            counters: Counters::default(),
            stop: CancellationToken::new(),
            tasks: TaskTracker::new(),
            pushes: watch::Sender::new(0),
            world: Mutex::new(world),
            record: Mutex::default(),
        })
    }

    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn record(&self) -> MutexGuard<'_, Record> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs a task until it is done or the sandbox stops.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let stop = self.stop.clone();
        self.tasks.spawn(async move {
            tokio::select! {
                biased;
                () = stop.cancelled() => {}
                () = task => {}
            }
        });
    }

    /// Approves or denies; `false` if the request was not pending.
    pub(crate) fn answer(&self, auth_req_id: &str, approved: bool) -> bool {
        let now = self.clock.now();
        self.world().ledger.answer(auth_req_id, approved, now)
    }

    /// A push has arrived: wakes the waiting phones and lets this one react.
    pub(crate) fn pushed(self: &Arc<Self>, auth_req_id: String, reaction: Reaction) {
        match reaction {
            Reaction::Ignore => {}
            Reaction::Approve => {
                self.answer(&auth_req_id, true);
            }
            Reaction::Deny => {
                self.answer(&auth_req_id, false);
            }
            Reaction::ApproveAfter(wait) => self.answer_later(auth_req_id, true, wait),
            Reaction::DenyAfter(wait) => self.answer_later(auth_req_id, false, wait),
        }
        self.pushes.send_modify(|count| *count = count.saturating_add(1));
    }

    fn answer_later(self: &Arc<Self>, auth_req_id: String, approved: bool, wait: Duration) {
        let shared = Arc::clone(self);
        // The timer starts now, not when the task is first polled.
        let timer = tokio::time::sleep(wait);
        self.spawn(async move {
            timer.await;
            shared.answer(&auth_req_id, approved);
        });
    }
}
