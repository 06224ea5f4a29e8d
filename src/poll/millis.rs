use std::time::Duration;

use super::policy::LONGEST_WAIT;

/// A wait in whole milliseconds, rounded up, in a quarter of a `Duration`'s room: waiting people are many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Millis(u32);

impl Millis {
    pub(crate) const ZERO: Self = Self(0);

    /// A week at most.
    pub(crate) fn of(wait: Duration) -> Self {
        let millis = wait.min(LONGEST_WAIT).as_nanos().div_ceil(1_000_000);
        Self(u32::try_from(millis).unwrap_or(u32::MAX))
    }

    /// `None` where there is nothing to wait for.
    pub(crate) fn duration(self) -> Option<Duration> {
        (self.0 > 0).then(|| Duration::from_millis(u64::from(self.0)))
    }
}
