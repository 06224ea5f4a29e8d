use super::Inner;

/// What a client holds: everything in it goes back to zero when nothing runs and what was remembered has expired.
///
/// No task keeps the records: every call sweeps out a few that are over, and so does asking for the usage. So of a large
/// crowd that has left, the numbers fall with the calls that follow.
///
/// A [`shutdown`](crate::CibaClient::shutdown) ends the polls and forgets the ids. After it `live_polls` counts those of
/// [tasks](crate::ApprovalTask) that have ended as `Cancelled(Shutdown)` and are neither awaited nor dropped yet; wrong codes
/// and pushes stay counted until their time is over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Usage {
    /// Ids that somebody waits for, however many do, or whose outcome a wait that has ended has not taken yet.
    pub live_polls: usize,
    /// Ids that are remembered: for their life and ten minutes; those of another process for an hour behind their last use.
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
