use super::Inner;

/// What a client holds: everything in it goes back to zero when nothing runs and what was remembered has expired.
///
/// A [`shutdown`](crate::CibaClient::shutdown) ends polls and forgets nothing: after it, `live_polls` counts the polls
/// whose `Cancelled(Shutdown)` nobody has taken yet, and the rest stays until it expires.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Usage {
    /// Polls that run, or whose outcome nobody has taken yet.
    pub live_polls: usize,
    /// Ids that are remembered until they expire, for their floor.
    pub remembered_ids: usize,
    /// Emails with wrong codes or codes under way.
    pub totp_counts: usize,
    /// Emails with pushes in the guard's window.
    pub push_counts: usize,
}

impl Usage {
    pub(super) fn of(inner: &Inner) -> Self {
        let (live_polls, remembered_ids) = inner.registry.usage();
        Self {
            live_polls,
            remembered_ids,
            totp_counts: inner.attempts.remembered(),
            push_counts: inner.pushes.remembered(),
        }
    }
}
