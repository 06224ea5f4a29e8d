//! Wrong TOTP codes per email: a place is claimed before a code is sent, so that three are three under any
//! interleaving.

mod lockout;

use std::sync::Arc;
use std::time::Duration;

pub use lockout::TotpLockout;

use crate::clock::{Instant, later, now};
use crate::expiring::{Cell, Entry, Expiring};
use crate::outcome::LockedBy;
use crate::transport::Departure;
use crate::types::PersonKey;

/// Wrong codes until the lock (API reference, `verify_totp`).
pub(crate) const LIMIT: u32 = 3;

/// How long a code lives (RFC 6238): so long does an attempt that may have been sent keep its place.
const CODE_LIFETIME: Duration = Duration::from_secs(30);

/// All attempt counts of one client.
pub(crate) struct Attempts {
    people: Expiring<Count>,
    lock_duration: Duration,
    lockout: TotpLockout,
}

/// The attempts of one person.
struct Count {
    key: PersonKey,
    wrong: u32,
    /// Sent and not yet judged.
    under_way: u32,
    /// May have been judged, nobody knows: each keeps its place until its code is over.
    held: Vec<Instant>,
    /// When the wrong codes are forgotten; the lock, if there are enough of them.
    forget: Option<Instant>,
}

impl Entry for Count {
    type Key = PersonKey;

    fn key(&self) -> &PersonKey {
        &self.key
    }

    fn is_over(&self, at: Instant) -> bool {
        let forgotten = self.forget.is_none_or(|forget| at >= forget);
        forgotten && self.under_way == 0 && self.held.iter().all(|until| at >= *until)
    }
}

impl Count {
    fn new(key: PersonKey) -> Self {
        Self { key, wrong: 0, under_way: 0, held: Vec::new(), forget: None }
    }

    fn refresh(&mut self, at: Instant) {
        self.held.retain(|until| at < *until);
        if self.forget.is_some_and(|forget| at >= forget) {
            self.wrong = 0;
            self.forget = None;
        }
    }

    /// Full again, but for the codes that are under way.
    fn clear(&mut self) {
        self.wrong = 0;
        self.held.clear();
        self.forget = None;
    }

    fn left(&self) -> u32 {
        let held = u32::try_from(self.held.len()).unwrap_or(u32::MAX);
        LIMIT.saturating_sub(self.wrong).saturating_sub(self.under_way).saturating_sub(held)
    }

    fn refusal(&self, at: Instant) -> Refusal {
        let until = |instant: Instant| instant.saturating_duration_since(at);
        if self.wrong >= LIMIT {
            return Refusal { retry_after: self.forget.map(until), by: LockedBy::Client };
        }
        Refusal { retry_after: self.held.iter().min().copied().map(until), by: LockedBy::Unjudged }
    }
}

/// Why a code is not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// How long until a place is free, where that is known.
    pub(crate) retry_after: Option<Duration>,
    pub(crate) by: LockedBy,
}

impl Attempts {
    pub(crate) fn new(lock_duration: Duration, lockout: TotpLockout) -> Self {
        Self { people: Expiring::new(), lock_duration, lockout }
    }

    /// Claims a place for one code.
    ///
    /// # Errors
    ///
    /// Whose lock it is, and how long it lasts.
    pub(crate) fn claim(self: &Arc<Self>, key: PersonKey) -> Result<Attempt, Refusal> {
        let at = now();
        self.people.with(&key, at, |cell| {
            let count = cell.get_or_insert_with(|| Count::new(key.clone()));
            count.refresh(at);
            if count.left() == 0 {
                return Err(count.refusal(at));
            }
            count.under_way = count.under_way.saturating_add(1);
            Ok(())
        })?;
        Ok(Attempt { attempts: Arc::clone(self), key, settled: false, departure: None })
    }

    /// Full again, unless only time may do that.
    pub(crate) fn reset_by_cancel(&self, key: &PersonKey) {
        if self.lockout == TotpLockout::ResetByCancel {
            self.change(key, Count::clear);
        }
    }

    /// How many codes may still be sent. Claims nothing.
    pub(crate) fn left(&self, key: &PersonKey) -> u32 {
        self.change(key, |count| count.left()).unwrap_or(LIMIT)
    }

    /// How many emails are remembered.
    pub(crate) fn remembered(&self) -> usize {
        self.people.tidy(now());
        self.people.len()
    }

    /// Changes the count of somebody who has one, and forgets it if nothing is left in it.
    fn change<T>(&self, key: &PersonKey, change: impl FnOnce(&mut Count) -> T) -> Option<T> {
        let at = now();
        let changed = self.people.with(key, at, |cell: &mut Cell<'_, Count>| {
            let count = cell.get_mut()?;
            count.refresh(at);
            let changed = change(count);
            let over = if count.is_over(at) { cell.remove() } else { None };
            Some((changed, over))
        });
        changed.map(|(changed, _over)| changed)
    }
}

/// A claimed place. Dropped without a word, it is held if the code has left, and given back if not.
pub(crate) struct Attempt {
    attempts: Arc<Attempts>,
    key: PersonKey,
    settled: bool,
    /// Whether the code has left, where it was to be sent.
    departure: Option<Departure>,
}

impl Attempt {
    /// From here on the code may leave.
    pub(crate) fn sending(&mut self, departure: Departure) {
        self.departure = Some(departure);
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
        self.attempts.change(&self.key, change).unwrap_or_default()
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        if self.settled {
            return;
        }
        let until = later(now(), CODE_LIFETIME);
        let sent = self.departure.as_ref().is_some_and(|departure| !departure.stays());
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
