/// Who stopped a poll.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CancelReason {
    /// [`cancel_approval`](crate::CibaClient::cancel_approval), or
    /// [`ApprovalTask::cancel`](crate::ApprovalTask::cancel).
    Requested,
    /// A newer request for the same email, or a newer poll of the same one, took over.
    Superseded,
    /// [`shutdown`](crate::CibaClient::shutdown), or the end of the runtime that the poll was spawned on.
    Shutdown,
}

/// What a cancel did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cancelled {
    pub(crate) polls_stopped: usize,
}

impl Cancelled {
    /// The `status` string of the API reference: always `cancelled`, also when nothing was running.
    #[must_use]
    pub fn status(&self) -> &'static str {
        "cancelled"
    }

    /// How many running polls of this client it stopped.
    #[must_use]
    pub fn polls_stopped(&self) -> usize {
        self.polls_stopped
    }
}
