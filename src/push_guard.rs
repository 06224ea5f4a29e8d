//! How many pushes one person may get from one client: approvals are not to be had by wearing somebody down.

mod guard;

pub use guard::PushGuard;

use crate::clock::{Instant, later, now};
use crate::error::{Error, ErrorKind};
use crate::expiring::{Cell, Entry, Expiring};
use crate::transport::Departure;
use crate::types::PersonKey;

/// The pushes that were sent, and those about to be.
pub(crate) struct PushLedger {
    guard: PushGuard,
    people: Expiring<Pushes>,
}

/// The pushes of one person.
struct Pushes {
    key: PersonKey,
    /// Claimed, and not sent.
    claimed: usize,
    /// Until when each of those that were sent counts.
    sent: Vec<Instant>,
}

impl Entry for Pushes {
    type Key = PersonKey;

    fn key(&self) -> &PersonKey {
        &self.key
    }

    fn is_over(&self, at: Instant) -> bool {
        self.claimed == 0 && self.sent.iter().all(|until| at >= *until)
    }
}

impl Pushes {
    fn new(key: &PersonKey) -> Self {
        Self { key: key.clone(), claimed: 0, sent: Vec::new() }
    }
}

impl PushLedger {
    pub(crate) fn new(guard: PushGuard) -> Self {
        Self { guard, people: Expiring::new() }
    }

    /// Claims one of the pushes that a person may get. It counts from here, so that of many at once no more are sent than
    /// may be; dropped before it is sent, it never was.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::TooManyPushes`] with the time to wait.
    pub(crate) fn claim(&self, key: PersonKey) -> Result<Push<'_>, Error> {
        let Some(limit) = self.guard.limit else { return Ok(Push { claim: None }) };
        let at = now();
        let refused = self.people.with(&key, at, |cell| {
            let pushes = cell.get_or_insert_with(|| Pushes::new(&key));
            pushes.sent.retain(|until| at < *until);
            if pushes.claimed.saturating_add(pushes.sent.len()) < limit as usize {
                pushes.claimed = pushes.claimed.saturating_add(1);
                return None;
            }
            // Of those that are not sent yet nobody knows when they will be.
            let oldest = pushes.sent.iter().min().copied();
            let wait = oldest.map_or(self.guard.window, |until| until.saturating_duration_since(at));
            let over = if pushes.is_over(at) { cell.remove() } else { None };
            Some((wait, over))
        });
        match refused {
            None => Ok(Push {
                claim: Some(Claim { ledger: self, key, counts_until: None, departure: Departure::default() }),
            }),
            Some((wait, _over)) => Err(Error::new(
                ErrorKind::TooManyPushes,
                "this client's push_guard allows no further push to this person for now",
            )
            .with_retry_after(Some(wait))),
        }
    }

    /// How many emails are remembered.
    pub(crate) fn remembered(&self) -> usize {
        self.people.tidy(now());
        self.people.len()
    }

    fn change(&self, key: &PersonKey, change: impl FnOnce(&mut Pushes)) {
        let at = now();
        let over = self.people.with(key, at, |cell: &mut Cell<'_, Pushes>| {
            // One whose window is over is gone, and a claim of it may yet be given back.
            let pushes = cell.get_or_insert_with(|| Pushes::new(key));
            change(pushes);
            if pushes.is_over(at) { cell.remove() } else { None }
        });
        drop(over);
    }
}

/// A push that may be sent. Dropped, it counts only if its request has left.
pub(crate) struct Push<'a> {
    /// `None` where nobody counts.
    claim: Option<Claim<'a>>,
}

struct Claim<'a> {
    ledger: &'a PushLedger,
    key: PersonKey,
    /// Entered in the ledger, and until when.
    counts_until: Option<Instant>,
    /// Whether it has left, where it is entered.
    departure: Departure,
}

impl Push<'_> {
    /// From here on the request may leave.
    pub(crate) fn sending(&mut self, departure: &Departure) {
        let Some(claim) = &mut self.claim else { return };
        if claim.counts_until.is_some() {
            return;
        }
        claim.departure = departure.clone();
        let until = later(now(), claim.ledger.guard.window);
        claim.counts_until = Some(until);
        claim.ledger.change(&claim.key, |pushes| {
            pushes.claimed = pushes.claimed.saturating_sub(1);
            pushes.sent.push(until);
        });
    }

    /// No push can have gone out: it is claimed as before.
    pub(crate) fn not_sent(&mut self) {
        if let Some(claim) = &mut self.claim {
            claim.take_back();
        }
    }
}

impl Claim<'_> {
    /// It counts as claimed, and not as sent.
    fn take_back(&mut self) {
        let Some(counted) = self.counts_until.take() else { return };
        self.ledger.change(&self.key, |pushes| {
            pushes.claimed = pushes.claimed.saturating_add(1);
            if let Some(place) = pushes.sent.iter().position(|until| *until == counted) {
                pushes.sent.swap_remove(place);
            }
        });
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        // It may have been dropped while its connection was made.
        if self.counts_until.is_some() && self.departure.stays() {
            self.take_back();
        }
        if self.counts_until.is_none() {
            self.ledger.change(&self.key, |pushes| pushes.claimed = pushes.claimed.saturating_sub(1));
        }
    }
}

#[cfg(test)]
mod tests;
