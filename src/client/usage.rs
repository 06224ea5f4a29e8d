use super::Inner;

/// What a client holds: everything in it goes back to zero when nothing runs and what was remembered has expired.
///
/// No task keeps the records: every call sweeps out a few that are over, and so does asking for the usage. So of a large
/// crowd that has left, the numbers fall with the calls that follow.
///
/// A [`shutdown`](crate::CibaClient::shutdown) ends the polls and forgets nothing. After it `live_polls` counts the
/// [tasks](crate::ApprovalTask) that have ended as `Cancelled(Shutdown)` and are neither awaited nor dropped yet; ids,
/// wrong codes and pushes stay counted until their time is over.
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
