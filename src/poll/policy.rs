use std::time::Duration;

use crate::error::Error;

/// No wait of ours is longer than a week, so that no arithmetic on a caller's value can overflow.
pub(crate) const LONGEST_WAIT: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// When to poll, and how long to go on when things break. Set it for a client, or for one poll.
///
/// The server's interval is a floor that nothing here can lower.
///
/// ```
/// use std::time::Duration;
/// use authsec_ciba::PollPolicy;
///
/// let patient = PollPolicy::default().timeout(Duration::from_secs(120)).backoff_cap(Duration::from_secs(10));
/// # let _ = patient;
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PollPolicy {
    pub(crate) minimum_interval: Duration,
    pub(crate) timeout: Duration,
    pub(crate) grace: Duration,
    pub(crate) backoff_base: Duration,
    pub(crate) backoff_cap: Duration,
}

impl Default for PollPolicy {
    /// At least 1 s between polls; 300 s of waiting; 2 s of grace; backoff from 1 s to 30 s.
    fn default() -> Self {
        Self {
            minimum_interval: Duration::from_secs(1),
            timeout: Duration::from_secs(300),
            grace: Duration::from_secs(2),
            backoff_base: Duration::from_secs(1),
            backoff_cap: Duration::from_secs(30),
        }
    }
}

impl PollPolicy {
    /// The shortest time between the end of one answer and the next poll, whatever the server and the caller say.
    /// Default: 1 s. Must not be zero.
    #[must_use]
    pub fn minimum_interval(mut self, interval: Duration) -> Self {
        self.minimum_interval = interval;
        self
    }

    /// How long a poll waits where the call itself sets no [`timeout`](crate::PollForApproval::timeout), which says from
    /// when. Default: 300 s. More than seven days counts as seven days.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// How long a request that is under way at the deadline may still take, so that a token which is already on the
    /// wire is not lost. Default: 2 s; at most 60 s.
    ///
    /// Nothing outlives the deadline by more, but for one thing: an approval of an OpenID provider that has come and waits for
    /// the provider's new keys is waited for, 12 s at most.
    #[must_use]
    pub fn grace(mut self, grace: Duration) -> Self {
        self.grace = grace;
        self
    }

    /// What the first fault in a row adds to the interval; each further one adds twice as much, up to
    /// [`backoff_cap`](Self::backoff_cap). Three quarters of it are jitter. Default: 1 s. Must not be zero.
    #[must_use]
    pub fn backoff_base(mut self, base: Duration) -> Self {
        self.backoff_base = base;
        self
    }

    /// The most that faults add to the interval. Default: 30 s. Must not be less than the base.
    #[must_use]
    pub fn backoff_cap(mut self, cap: Duration) -> Self {
        self.backoff_cap = cap;
        self
    }

    /// Checks the values against each other.
    pub(crate) fn validated(mut self) -> Result<Self, Error> {
        let refuse = |why| Err(Error::config("poll_policy", why));
        if self.minimum_interval.is_zero() {
            return refuse("has a minimum_interval of zero");
        }
        if self.backoff_base.is_zero() {
            return refuse("has a backoff_base of zero");
        }
        if self.backoff_cap < self.backoff_base {
            return refuse("has a backoff_cap below its backoff_base");
        }
        if self.grace > Duration::from_secs(60) {
            return refuse("has a grace of more than 60 s");
        }
        for wait in
            [&mut self.minimum_interval, &mut self.timeout, &mut self.backoff_base, &mut self.backoff_cap]
        {
            *wait = (*wait).min(LONGEST_WAIT);
        }
        Ok(self)
    }

    /// What the n-th fault in a row (from 1) adds to the floor. A quarter is certain, so that a crowd that fails together
    /// backs off; the rest spreads it. With a half of each, 10,000 polls that lost their server at once still came back
    /// in waves after a minute, with a peak of 2.4 times the mean; with a quarter it is 1.7.
    pub(crate) fn backoff(&self, faults: u32, jitter: Jitter) -> Duration {
        let doublings = faults.saturating_sub(1).min(31);
        let factor = 1_u32.checked_shl(doublings).unwrap_or(u32::MAX);
        let whole = self.backoff_base.saturating_mul(factor).min(self.backoff_cap);
        let certain = whole.checked_div(4).unwrap_or_default();
        certain.saturating_add(jitter.share_of(whole.saturating_sub(certain)))
    }
}

/// A random share of a wait, from none (0) to all of it (65,535).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Jitter(pub(crate) u16);

impl Jitter {
    pub(super) fn share_of(self, wait: Duration) -> Duration {
        wait.saturating_mul(u32::from(self.0)).checked_div(u32::from(u16::MAX)).unwrap_or_default()
    }
}

#[cfg(test)]
#[path = "policy_tests.rs"]
mod tests;
