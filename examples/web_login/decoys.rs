use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use authsec_ciba::{Email, PersonKey};
use tokio::time::Instant;

use crate::stage::Notice;

/// As the client counts: three wrong codes, then nothing for 15 minutes (`docs/timing.md`).
const CODES: u32 = 3;
const LOCK: Duration = Duration::from_secs(15 * 60);

/// The wrong codes of addresses that have no account, counted as the client counts those of an account.
///
/// What that cannot hide is how long the server takes to judge a code.
#[derive(Default)]
pub struct Decoys(Mutex<HashMap<PersonKey, WrongCodes>>);

struct WrongCodes {
    count: u32,
    last: Instant,
}

impl Decoys {
    /// Counts a code that nobody could judge.
    pub fn wrong_code(&self, email: &Email) -> Notice {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|_, codes| codes.last.elapsed() < LOCK);
        let now = Instant::now();
        let codes = kept.entry(email.key()).or_insert(WrongCodes { count: 0, last: now });
        if codes.count >= CODES {
            return Notice::TooManyCodes { wait: Some(LOCK.saturating_sub(codes.last.elapsed())) };
        }
        *codes = WrongCodes { count: codes.count + 1, last: now };
        Notice::WrongCode { remaining: CODES - codes.count }
    }
}
