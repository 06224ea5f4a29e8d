use std::time::Duration;

/// The limit of pushes per email. A push counts from when its request has its place among those under way and sets out. One
/// that was dropped in the queue before, or while its connection was made, does not count any more, nor one whose connection
/// could not be made: nothing of it had left.
///
/// ```
/// use std::time::Duration;
/// use authsec_ciba::PushGuard;
///
/// let three_per_minute = PushGuard::at_most(3).per(Duration::from_secs(60));
/// # let _ = three_per_minute;
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PushGuard {
    pub(super) limit: Option<u32>,
    pub(super) window: Duration,
}

impl Default for PushGuard {
    /// At most 5 pushes per email per 5 minutes.
    fn default() -> Self {
        Self::at_most(5)
    }
}

impl PushGuard {
    /// So many pushes per email per 5 minutes. Zero lets none out.
    #[must_use]
    pub fn at_most(limit: u32) -> Self {
        Self { limit: Some(limit), window: Duration::from_secs(300) }
    }

    /// The time in which pushes are counted. More than a day counts as a day.
    #[must_use]
    pub fn per(mut self, window: Duration) -> Self {
        self.window = window.min(Duration::from_secs(24 * 60 * 60));
        self
    }

    /// No limit: for those who count elsewhere, over all their processes.
    #[must_use]
    pub fn off() -> Self {
        Self { limit: None, window: Duration::ZERO }
    }
}
