//! How many pushes one person may get from one client: approvals are not to be had by wearing somebody down.

mod guard;

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

pub use guard::PushGuard;

use crate::clock::{Instant, later, now};
use crate::error::{Error, ErrorKind};
use crate::sync::{Mutex, lock};
use crate::types::EmailKey;

/// How often records that are over are looked for.
const SWEEP: Duration = Duration::from_secs(15);

/// The pushes that were sent.
pub(crate) struct PushLedger {
    guard: PushGuard,
    book: Mutex<Book>,
}

struct Book {
    pushes: HashMap<EmailKey, VecDeque<Instant>>,
    next_sweep: Instant,
}

impl PushLedger {
    pub(crate) fn new(guard: PushGuard) -> Self {
        let book = Book { pushes: HashMap::new(), next_sweep: later(now(), SWEEP) };
        Self { guard, book: Mutex::new(book) }
    }

    /// Enters a push before it is sent.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::TooManyPushes`] with the time to wait.
    pub(crate) fn enter(&self, key: &EmailKey) -> Result<Push<'_>, Error> {
        let at = now();
        let window = self.guard.window;
        let push = Push { ledger: self, at };
        let Some(limit) = self.guard.limit else { return Ok(push) };
        let mut book = lock(&self.book);
        book.sweep(at, window);
        let sent = book.pushes.entry(key.clone()).or_default();
        sent.retain(|push| at < later(*push, window));
        if sent.len() < limit as usize {
            sent.push_back(at);
            return Ok(push);
        }
        let wait = sent.front().map_or(window, |oldest| later(*oldest, window).saturating_duration_since(at));
        if sent.is_empty() {
            book.pushes.remove(key);
        }
        Err(Error::new(
            ErrorKind::TooManyPushes,
            "this person has been sent as many requests as is allowed for now",
        )
        .with_retry_after(Some(wait)))
    }

    /// How many emails are remembered.
    pub(crate) fn remembered(&self) -> usize {
        let mut book = lock(&self.book);
        book.forget_over(now(), self.guard.window);
        book.pushes.len()
    }
}

impl Book {
    fn sweep(&mut self, at: Instant, window: Duration) {
        if at >= self.next_sweep {
            self.next_sweep = later(at, SWEEP);
            self.forget_over(at, window);
        }
    }

    fn forget_over(&mut self, at: Instant, window: Duration) {
        self.pushes.retain(|_, sent| {
            sent.retain(|push| at < later(*push, window));
            !sent.is_empty()
        });
    }
}

/// An entered push.
pub(crate) struct Push<'a> {
    ledger: &'a PushLedger,
    at: Instant,
}

impl Push<'_> {
    /// No push can have gone out: strike it.
    pub(crate) fn strike(self, key: &EmailKey) {
        let mut book = lock(&self.ledger.book);
        let Some(sent) = book.pushes.get_mut(key) else { return };
        if let Some(place) = sent.iter().position(|push| *push == self.at) {
            sent.remove(place);
        }
        if sent.is_empty() {
            book.pushes.remove(key);
        }
    }
}

#[cfg(test)]
mod tests;
