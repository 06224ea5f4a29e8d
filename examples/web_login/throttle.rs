use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use authsec_ciba::{Email, PersonKey};
use tokio::time::Instant;

const MOST: usize = 5;
const WINDOW: Duration = Duration::from_secs(5 * 60);

/// How often each address was asked for, so that nobody's phone is flooded.
///
/// The client has a [`PushGuard`](authsec_ciba::PushGuard) for that. It counts what may have become a push, and so it would
/// hold up known addresses only: on a website that tells strangers who has an account.
pub struct Throttle {
    most: usize,
    asked: Mutex<HashMap<PersonKey, VecDeque<Instant>>>,
}

impl Throttle {
    /// For people who play, it counts nothing.
    pub fn new(play: bool) -> Self {
        Self { most: if play { usize::MAX } else { MOST }, asked: Mutex::default() }
    }

    /// Counts one more request, or says how long to wait for it.
    pub fn enter(&self, email: &Email) -> Result<(), Duration> {
        let mut all = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, asked| {
            asked.retain(|at| at.elapsed() < WINDOW);
            !asked.is_empty()
        });
        let asked = all.entry(email.key()).or_default();
        match asked.front() {
            Some(first) if asked.len() >= self.most => Err(WINDOW.saturating_sub(first.elapsed())),
            _ => {
                asked.push_back(Instant::now());
                Ok(())
            }
        }
    }
}
