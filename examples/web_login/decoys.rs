use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use authsec_ciba::{Email, EmailKey};
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};

use crate::stage::Notice;

/// As the client counts: see the README, "Timing and retries".
const CODES: u32 = 3;
const LOCK: Duration = Duration::from_secs(15 * 60);

/// What strangers see of addresses that have no account: the same as for an account whose owner does not answer.
///
/// It does all that the client does for a known address, as far as a browser can see it: a newer request takes the place
/// of an older one, and wrong codes are counted. What it cannot hide is how long the server takes to judge a code.
#[derive(Default)]
pub struct Decoys(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    /// The newest request of each address. Dropping the sender ends the wait of the one before.
    newest: HashMap<EmailKey, oneshot::Sender<()>>,
    wrong_codes: HashMap<EmailKey, WrongCodes>,
}

struct WrongCodes {
    count: u32,
    last: Instant,
}

impl Decoys {
    /// Waits as a request does that nobody answers.
    pub async fn wait(&self, email: &Email, until: Instant) -> Notice {
        let (newest, superseded) = oneshot::channel();
        {
            let mut kept = self.kept();
            kept.newest.retain(|_, wait| !wait.is_closed());
            kept.newest.insert(email.key(), newest);
        }
        match timeout_at(until, superseded).await {
            Ok(_) => Notice::Superseded,
            Err(_) => Notice::NoAnswer,
        }
    }

    /// Counts a code that nobody could judge.
    pub fn wrong_code(&self, email: &Email) -> Notice {
        let mut kept = self.kept();
        kept.wrong_codes.retain(|_, codes| codes.last.elapsed() < LOCK);
        let now = Instant::now();
        let codes = kept.wrong_codes.entry(email.key()).or_insert(WrongCodes { count: 0, last: now });
        if codes.count >= CODES {
            return Notice::TooManyCodes { wait: Some(LOCK.saturating_sub(codes.last.elapsed())) };
        }
        *codes = WrongCodes { count: codes.count + 1, last: now };
        Notice::WrongCode { remaining: CODES - codes.count }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
