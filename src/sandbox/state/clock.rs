//! The server's own clock.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

/// The time as the server sees it: the wall clock at its start, plus the time that tokio's clock has
/// counted since then, plus everything that [`SandboxClock::advance`](super::SandboxClock::advance) added.
///
/// The start is cut to the whole second, so that "300 s later" never depends on the moment of the start.
#[derive(Debug)]
pub(crate) struct Clock {
    started_at: Instant,
    epoch_at_start: Duration,
    added_millis: AtomicU64,
}

impl Clock {
    pub(crate) fn start() -> Self {
        let epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self::starting_at(Duration::from_secs(epoch.as_secs()))
    }

    pub(crate) fn starting_at(epoch_at_start: Duration) -> Self {
        Self { started_at: Instant::now(), epoch_at_start, added_millis: AtomicU64::new(0) }
    }

    /// Time since the Unix epoch.
    pub(crate) fn now(&self) -> Duration {
        let added = Duration::from_millis(self.added_millis.load(Ordering::Relaxed));
        self.epoch_at_start.saturating_add(self.started_at.elapsed()).saturating_add(added)
    }

    /// Milliseconds of tokio's clock between the start and `at`.
    pub(crate) fn millis_at(&self, at: Instant) -> u64 {
        u64::try_from(at.saturating_duration_since(self.started_at).as_millis()).unwrap_or(u64::MAX)
    }

    pub(crate) fn advance(&self, by: Duration) {
        let millis = u64::try_from(by.as_millis()).unwrap_or(u64::MAX);
        let add = |old: u64| Some(old.saturating_add(millis));
        // The closure always returns `Some`, so there is no failure to look at.
        let _ = self.added_millis.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add);
    }
}

/// The wall clock, since the Unix epoch. ID Tokens and assertions go by it, because whoever verifies them does: neither a paused
/// tokio clock nor a moved server's clock is theirs.
#[cfg(feature = "openid")]
pub(crate) fn wall() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}
