use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex as Turn;
use tokio::time::{sleep_until, timeout_at};

use super::id_token::{Unverified, failed};
use super::key_set::KeySet;
use crate::clock::{Instant, later, now};
use crate::error::{Error, ErrorKind};
use crate::sync::{Mutex, lock};

/// No two fetches are nearer to each other.
const GAP: Duration = Duration::from_secs(5);

/// So many fetches in so long, whatever arrives.
const MOST: usize = 10;
const WINDOW: Duration = Duration::from_secs(5 * 60);

/// How long a check waits for keys.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long the last try of a check may take beyond that.
const SLACK: Duration = Duration::from_secs(2);

/// How long keys are fresh: what the answer says, within these; and where it says nothing.
const FRESH_AT_LEAST: Duration = Duration::from_secs(5 * 60);
const FRESH_AT_MOST: Duration = Duration::from_secs(24 * 60 * 60);
const FRESH: Duration = Duration::from_secs(15 * 60);

/// How long keys that are no longer fresh stay good where newer ones cannot be had.
const GOOD: Duration = Duration::from_secs(24 * 60 * 60);

/// The document of the keys, as it came.
pub(crate) struct Fetched {
    pub(crate) set: KeySet,
    /// How long the answer says that it may be kept.
    pub(crate) max_age: Option<Duration>,
}

pub(crate) type Fetching<'a> = Pin<Box<dyn Future<Output = Result<Fetched, Error>> + Send + 'a>>;

/// Where the keys are.
pub(crate) trait Source: Send + Sync {
    /// Fetches them, by this instant: behind it, the fetch is dropped.
    fn fetch(&self, until: Instant) -> Fetching<'_>;
}

/// The keys of an issuer, kept for all who check. At most one fetch is under way, and however many tokens name keys that are
/// not there, few fetches come of it.
pub(crate) struct Keys {
    source: Box<dyn Source>,
    state: Mutex<State>,
    turn: Turn<()>,
}

#[derive(Default)]
struct State {
    set: Arc<KeySet>,
    /// When the fetch began that brought it. What an issuer has changed since then may not be in it.
    fetched_at: Option<Instant>,
    fresh_until: Option<Instant>,
    /// When the last fetches began, whatever came of them.
    fetches: VecDeque<Instant>,
    /// Why the last fetch has failed, if it has.
    fault: Option<Error>,
}

impl State {
    /// When the next fetch may begin.
    fn permitted_at(&self, at: Instant) -> Instant {
        let gap = self.fetches.back().map_or(at, |last| later(*last, GAP));
        let crowd = match self.fetches.front() {
            Some(first) if self.fetches.len() >= MOST => later(*first, WINDOW),
            _ => at,
        };
        gap.max(crowd).max(at)
    }

    fn begins(&mut self, at: Instant) {
        if self.fetches.len() >= MOST {
            self.fetches.pop_front();
        }
        self.fetches.push_back(at);
    }

    fn is_good(&self, at: Instant) -> bool {
        self.fresh_until.is_some_and(|until| at < later(until, GOOD))
    }
}

impl Keys {
    /// No check takes longer.
    pub(crate) const LONGEST_CHECK: Duration = PATIENCE.saturating_add(SLACK);

    pub(crate) fn new(source: Box<dyn Source>) -> Self {
        Self { source, state: Mutex::default(), turn: Turn::new(()) }
    }

    /// Fetches them for the first time.
    pub(crate) async fn load(&self) -> Result<(), Error> {
        let _turn = self.turn.lock().await;
        self.fetch(later(now(), PATIENCE)).await
    }

    /// Fetches them where they are no longer fresh and nobody else is about to: beside a start, so that they are there when the
    /// person approves.
    pub(crate) async fn refresh(&self) {
        let at = now();
        let is_due =
            |state: &State| state.fresh_until.is_none_or(|until| at >= until) && state.permitted_at(at) <= at;
        let Ok(_turn) = self.turn.try_lock() else { return };
        if !is_due(&lock(&self.state)) {
            return;
        }
        if let Err(error) = self.fetch(later(at, PATIENCE)).await {
            tracing::warn!(kind = ?error.kind(), "the provider's keys could not be fetched: {error}");
        }
    }

    /// Whether a refresh has anything to do.
    pub(crate) fn are_stale(&self) -> bool {
        lock(&self.state).fresh_until.is_none_or(|until| now() >= until)
    }

    /// Verifies a signature. A key that is not there is fetched, once: a provider that has just changed its keys costs nobody an
    /// approval.
    pub(crate) async fn verify(&self, token: &Unverified<'_>) -> Result<(), Error> {
        let begun = now();
        loop {
            let (set, fetched_at) = {
                let state = lock(&self.state);
                (Arc::clone(&state.set), state.fetched_at.filter(|_| state.is_good(now())))
            };
            if fetched_at.is_some() && set.has_signed(token) {
                return Ok(());
            }
            // A fetch that was under way when the check began may have missed the change that the token comes from.
            let is_newest = fetched_at.is_some_and(|at| at >= begun);
            if is_newest || fetched_at.is_some() && set.knows(token.jws.kid()) {
                return Err(failed("signature", "is by no key of the issuer"));
            }
            self.renew(fetched_at, later(begun, PATIENCE)).await?;
        }
    }

    /// Waits for another set than the one that was looked at.
    async fn renew(&self, looked_at: Option<Instant>, until: Instant) -> Result<(), Error> {
        let _turn = timeout_at(until, self.turn.lock()).await.map_err(|_| self.too_late())?;
        loop {
            let permitted = {
                let state = lock(&self.state);
                if state.fetched_at.filter(|_| state.is_good(now())) != looked_at {
                    return Ok(());
                }
                state.permitted_at(now())
            };
            if permitted > until {
                return Err(self.too_late());
            }
            sleep_until(permitted).await;
            // One that hangs leaves time for the next.
            let is_there = self.fetch(later(permitted, GAP).min(later(until, SLACK))).await.is_ok();
            if is_there {
                return Ok(());
            }
        }
    }

    /// The error of a check that has waited in vain, with the reason of the last fetch.
    fn too_late(&self) -> Error {
        const WHY: &str = "is by a key that is not known, and the issuer's keys could not be had in time";
        let error = failed("signature", WHY);
        match lock(&self.state).fault.clone() {
            Some(fault) => error.with_source(fault),
            None => error,
        }
    }

    async fn fetch(&self, until: Instant) -> Result<(), Error> {
        let begun = now();
        lock(&self.state).begins(begun);
        let fetched = timeout_at(until, self.source.fetch(until)).await;
        let fetched = fetched.unwrap_or_else(|_| {
            Err(Error::new(ErrorKind::Network, "the issuer's keys did not come in time"))
        });
        let mut state = lock(&self.state);
        let Fetched { set, max_age } = match fetched {
            Ok(fetched) => fetched,
            Err(error) => {
                state.fault = Some(error.clone());
                return Err(error);
            }
        };
        let fresh = max_age.map_or(FRESH, |age| age.clamp(FRESH_AT_LEAST, FRESH_AT_MOST));
        state.fetched_at = Some(begun);
        state.set = Arc::new(set);
        state.fresh_until = Some(later(now(), fresh));
        state.fault = None;
        Ok(())
    }
}
