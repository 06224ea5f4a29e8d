use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

use crate::session::Session;
use crate::stage::Stage;

/// A session that nobody used for so long is forgotten.
const FORGET_AFTER: Duration = Duration::from_secs(30 * 60);

/// Enough for a demonstration, and a bound on what a crowd of strangers can make this process hold.
const MOST: usize = 10_000;

/// All sessions, by the secret in the browser's cookie. They live in memory: an [`AccessToken`](authsec_ciba::AccessToken)
/// cannot be serialised, on purpose. A website with several processes keeps them where all of them can see them.
#[derive(Default)]
pub struct Sessions(Mutex<HashMap<String, Arc<Session>>>);

impl Sessions {
    pub fn find(&self, id: &str) -> Option<Arc<Session>> {
        self.all().get(id).filter(|session| is_used(session)).cloned()
    }

    /// A new session and its id; `None` if there are too many, or if the system has no random bytes.
    pub fn open(&self) -> Option<(String, Arc<Session>)> {
        let (id, session) = (random_text().ok()?, Arc::new(Session::new().ok()?));
        let mut all = self.all();
        all.retain(|_, session| is_used(session));
        if all.len() >= MOST {
            return None;
        }
        all.insert(id.clone(), Arc::clone(&session));
        Some((id, session))
    }

    /// Ends a session and whatever is under way in it.
    pub fn close(&self, id: &str) {
        let closed = self.all().remove(id);
        if let Some(session) = closed {
            session.enter(Stage::start());
        }
    }

    fn all(&self) -> MutexGuard<'_, HashMap<String, Arc<Session>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_used(session: &Session) -> bool {
    !session.presence.is_gone(FORGET_AFTER)
}

/// 256 random bits that fit into a cookie and a form.
pub fn random_text() -> Result<String, getrandom::Error> {
    let mut random = [0_u8; 32];
    getrandom::fill(&mut random)?;
    Ok(BASE64_URL_SAFE_NO_PAD.encode(random))
}
