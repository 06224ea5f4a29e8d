//! Wrong TOTP codes per email: a place is claimed before a code is sent, so that three are three under any
//! interleaving.

mod lockout;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

pub use lockout::TotpLockout;

use crate::clock::{Instant, later, now};
use crate::sync::{Mutex, lock};
use crate::types::EmailKey;

/// Wrong codes until the lock (API reference, `verify_totp`).
pub(crate) const LIMIT: u32 = 3;

/// How long a code lives (RFC 6238): so long does an attempt that may have been sent keep its place.
const CODE_LIFETIME: Duration = Duration::from_secs(30);

/// How often records that are over are looked for.
const SWEEP: Duration = Duration::from_secs(15);

/// All attempt counts of one client.
pub(crate) struct Attempts {
    counts: Mutex<Counts>,
    lock_duration: Duration,
    lockout: TotpLockout,
}

struct Counts {
    people: HashMap<EmailKey, Count>,
    next_sweep: Instant,
}

#[derive(Default)]
struct Count {
    wrong: u32,
    /// Sent and not yet judged.
    under_way: u32,
    /// May have been judged, nobody knows: each keeps its place until its code is over.
    held: Vec<Instant>,
    /// When the wrong codes are forgotten; the lock, if there are enough of them.
    forget: Option<Instant>,
}

impl Count {
    fn refresh(&mut self, at: Instant) {
        self.held.retain(|until| at < *until);
        if self.forget.is_some_and(|forget| at >= forget) {
            self.wrong = 0;
            self.forget = None;
        }
    }

    fn left(&self) -> u32 {
        let held = u32::try_from(self.held.len()).unwrap_or(u32::MAX);
        LIMIT.saturating_sub(self.wrong).saturating_sub(self.under_way).saturating_sub(held)
    }

    fn is_empty(&self) -> bool {
        self.wrong == 0 && self.under_way == 0 && self.held.is_empty()
    }

    /// How long until a place is free, as far as that is known.
    fn wait(&self, at: Instant) -> Option<Duration> {
        if self.wrong >= LIMIT {
            return self.forget.map(|forget| forget.saturating_duration_since(at));
        }
        self.held.iter().min().map(|until| until.saturating_duration_since(at))
    }
}

impl Attempts {
    pub(crate) fn new(lock_duration: Duration, lockout: TotpLockout) -> Self {
        let counts = Counts { people: HashMap::new(), next_sweep: later(now(), SWEEP) };
        Self { counts: Mutex::new(counts), lock_duration, lockout }
    }

    /// Claims a place for one code.
    ///
    /// # Errors
    ///
    /// How long to wait, where that is known.
    pub(crate) fn claim(self: &Arc<Self>, key: EmailKey) -> Result<Attempt, Option<Duration>> {
        let at = now();
        let mut counts = lock(&self.counts);
        counts.sweep(at);
        let count = counts.people.entry(key.clone()).or_default();
        count.refresh(at);
        if count.left() == 0 {
            return Err(count.wait(at));
        }
        count.under_way = count.under_way.saturating_add(1);
        Ok(Attempt { attempts: Arc::clone(self), key, settled: false, sent: false })
    }

    /// Full again, unless only time may do that.
    pub(crate) fn reset_by_cancel(&self, key: &EmailKey) {
        if self.lockout == TotpLockout::ResetByCancel {
            self.with(key, Count::clear);
        }
    }

    /// How many codes may still be sent. Claims nothing.
    pub(crate) fn left(&self, key: &EmailKey) -> u32 {
        self.with(key, |count| count.left()).unwrap_or(LIMIT)
    }

    /// How many emails are remembered.
    pub(crate) fn remembered(&self) -> usize {
        let mut counts = lock(&self.counts);
        counts.forget_over(now());
        counts.people.len()
    }

    fn with<T>(&self, key: &EmailKey, change: impl FnOnce(&mut Count) -> T) -> Option<T> {
        let mut counts = lock(&self.counts);
        let count = counts.people.get_mut(key)?;
        count.refresh(now());
        let changed = change(count);
        if count.is_empty() {
            counts.people.remove(key);
        }
        Some(changed)
    }
}

impl Count {
    fn clear(&mut self) {
        self.wrong = 0;
        self.held.clear();
        self.forget = None;
    }
}

impl Counts {
    fn sweep(&mut self, at: Instant) {
        if at >= self.next_sweep {
            self.next_sweep = later(at, SWEEP);
            self.forget_over(at);
        }
    }

    fn forget_over(&mut self, at: Instant) {
        self.people.retain(|_, count| {
            count.refresh(at);
            !count.is_empty()
        });
    }
}

/// A claimed place. Dropped without a word, it is held if the code may have been sent, and given back if not.
pub(crate) struct Attempt {
    attempts: Arc<Attempts>,
    key: EmailKey,
    settled: bool,
    sent: bool,
}

impl Attempt {
    /// From here on the code may have left.
    pub(crate) fn sending(&mut self) {
        self.sent = true;
    }

    /// The code was wrong. Returns how many attempts are left.
    pub(crate) fn wrong(mut self) -> u32 {
        let lock_until = later(now(), self.attempts.lock_duration);
        self.settle(|count| {
            count.wrong = count.wrong.saturating_add(1);
            count.forget = Some(lock_until);
            count.left()
        })
    }

    /// The code was right: the count is full again. Returns how many attempts that is.
    pub(crate) fn right(mut self) -> u32 {
        self.settle(|count| {
            count.clear();
            LIMIT
        })
    }

    /// It was no attempt: nothing was judged.
    pub(crate) fn refund(mut self) {
        self.settle(|_| 0);
    }

    /// Nobody knows whether it was judged.
    pub(crate) fn hold(mut self) {
        let until = later(now(), CODE_LIFETIME);
        self.settle(|count| {
            count.held.push(until);
            0
        });
    }

    fn settle(&mut self, change: impl FnOnce(&mut Count) -> u32) -> u32 {
        if std::mem::replace(&mut self.settled, true) {
            return 0;
        }
        let change = |count: &mut Count| {
            count.under_way = count.under_way.saturating_sub(1);
            change(count)
        };
        self.attempts.with(&self.key, change).unwrap_or_default()
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        let until = later(now(), CODE_LIFETIME);
        let sent = self.sent;
        self.settle(|count| {
            if sent {
                count.held.push(until);
            }
            0
        });
    }
}

#[cfg(all(test, authsec_model))]
mod model;
#[cfg(test)]
#[cfg(not(authsec_model))]
mod tests;
