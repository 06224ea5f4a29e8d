//! One-time codes (RFC 6238) and the lockout of section 3.6.

use std::collections::HashSet;
use std::fmt;
use std::time::Duration;

use totp_rs::{Algorithm, Builder, Secret, Totp};

const STEP: u64 = 30;
/// Five wrong codes within [`WINDOW`] lock the user for [`LOCK`].
const FAILURES: usize = 5;
const WINDOW: Duration = Duration::from_secs(15 * 60);
const LOCK: Duration = Duration::from_secs(15 * 60);

/// SHA-1, six digits, 30 seconds, one step of skew (section 2.7).
fn generator(secret: Secret) -> Totp {
    Builder::new()
        .with_algorithm(Algorithm::SHA1)
        .with_digits(6)
        .with_skew(1)
        .with_step_duration(STEP)
        .with_secret(secret)
        .build_noncompliant()
}

/// A user's authenticator, as the server knows it.
#[derive(Clone)]
pub(crate) struct Codes {
    totp: Totp,
}

impl Codes {
    pub(crate) fn from_bytes(secret: &[u8]) -> Self {
        Self { totp: generator(Secret::from(secret)) }
    }

    /// `None` if the text is not base32.
    pub(crate) fn from_base32(secret: &str) -> Option<Self> {
        Some(Self { totp: generator(Secret::try_from_base32(secret).ok()?) })
    }

    pub(crate) fn base32(&self) -> String {
        self.totp.secret().to_base32()
    }

    /// The code of the step `steps` away from `now`.
    pub(crate) fn code(&self, now: Duration, steps: i64) -> String {
        let shift = i64::try_from(STEP).unwrap_or(0).saturating_mul(steps);
        self.totp.generate(now.as_secs().saturating_add_signed(shift)).to_string()
    }

    /// A code that is right in no step near `now`, two steps beyond the accepted window included.
    pub(crate) fn wrong_code(&self, now: Duration) -> String {
        let near: Vec<String> = (-3..=3).map(|steps| self.code(now, steps)).collect();
        (0..=near.len())
            .map(|number| format!("{number:06}"))
            .find(|candidate| !near.contains(candidate))
            .unwrap_or_default()
    }

    /// The step whose code this is, if it is one of the three that count at `now`.
    fn step_of(&self, code: &str, now: Duration) -> Option<u64> {
        self.totp.check(code, now.as_secs())
    }
}

/// Leaves the secret out.
impl fmt::Debug for Codes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Codes(..)")
    }
}

/// What the server says to a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Right,
    Wrong,
    Locked,
}

/// What the server remembers of one user's attempts.
#[derive(Debug, Default)]
pub(crate) struct Attempts {
    failures: Vec<Duration>,
    locked_until: Option<Duration>,
    used_steps: HashSet<u64>,
}

impl Attempts {
    /// The older server: no lockout, and a code can be used again within its window.
    pub(crate) fn judge_leniently(codes: &Codes, code: &str, now: Duration) -> Verdict {
        if codes.step_of(code, now).is_some() { Verdict::Right } else { Verdict::Wrong }
    }

    /// The newest server: each step once, a replay is a failure, the fifth failure locks.
    pub(crate) fn judge(&mut self, codes: &Codes, code: &str, now: Duration) -> Verdict {
        if let Some(until) = self.locked_until {
            if now < until {
                return Verdict::Locked;
            }
            *self = Self { used_steps: std::mem::take(&mut self.used_steps), ..Self::default() };
        }
        if let Some(step) = codes.step_of(code, now)
            && self.used_steps.insert(step)
        {
            self.failures.clear();
            return Verdict::Right;
        }
        self.failures.retain(|at| now.saturating_sub(*at) < WINDOW);
        self.failures.push(now);
        if self.failures.len() < FAILURES {
            return Verdict::Wrong;
        }
        self.locked_until = Some(now.saturating_add(LOCK));
        Verdict::Locked
    }
}

#[cfg(test)]
mod tests;
