//! The count of wrong codes, on tokio's paused clock (B-50 to B-52).

mod bounds;
mod crowds;
mod locks;

use std::sync::Arc;
use std::time::Duration;

use super::{Attempt, Attempts, LIMIT, Refusal, TotpLockout};
use crate::outcome::LockedBy;
use crate::transport::Departure;
use crate::types::{Email, PersonKey};

const LOCK: Duration = Duration::from_secs(15 * 60);

fn attempts(lockout: TotpLockout) -> Arc<Attempts> {
    Arc::new(Attempts::new(LOCK, lockout))
}

fn key(email: &str) -> PersonKey {
    Email::new(email).expect("an email").key()
}

fn user() -> PersonKey {
    key("user@example.com")
}

fn claim(attempts: &Arc<Attempts>) -> Attempt {
    attempts.claim(user()).unwrap_or_else(|refusal| panic!("{refusal:?}"))
}

/// Why a claim is refused.
fn refused(attempts: &Arc<Attempts>) -> Refusal {
    match attempts.claim(user()) {
        Ok(_) => panic!("a place was free"),
        Err(refusal) => refusal,
    }
}

/// Three codes were wrong: for how long.
fn locked(attempts: &Arc<Attempts>) -> Duration {
    let Refusal { retry_after, by } = refused(attempts);
    assert_eq!(by, LockedBy::Client);
    retry_after.expect("known")
}

/// Too many codes have not been judged: for how long, where that is known.
fn unjudged(attempts: &Arc<Attempts>) -> Option<Duration> {
    let Refusal { retry_after, by } = refused(attempts);
    assert_eq!(by, LockedBy::Unjudged);
    retry_after
}

/// Claims, sends, and hears that the code was wrong.
fn wrong(attempts: &Arc<Attempts>) -> u32 {
    let mut attempt = claim(attempts);
    attempt.sending(Departure::gone());
    attempt.wrong()
}

/// How many places are free now.
fn free(attempts: &Arc<Attempts>) -> u32 {
    let mut claimed = Vec::new();
    while let Ok(attempt) = attempts.claim(user()) {
        claimed.push(attempt);
    }
    let free = u32::try_from(claimed.len()).expect("few");
    assert!(free <= LIMIT);
    free
}

async fn advance(seconds: u64) {
    tokio::time::advance(Duration::from_secs(seconds)).await;
}
