/// Who stopped a poll.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum CancelReason {
    /// [`cancel_approval`](crate::CibaClient::cancel_approval), or
    /// [`ApprovalTask::cancel`](crate::ApprovalTask::cancel).
    Requested,
    /// A newer initiate of this client for the same email took over.
    Superseded,
    /// [`shutdown`](crate::CibaClient::shutdown), or the end of the runtime that the poll was spawned on.
    Shutdown,
}

/// What [`cancel_approval`](crate::CibaClient::cancel_approval) did. The outcome of a poll that it stopped is
/// [`ApprovalOutcome::Cancelled`](crate::ApprovalOutcome::Cancelled).
///
/// With the feature `serde` it is written as the API reference shows it, `{"status":"cancelled"}`, and `polls_stopped` beside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cancellation {
    pub(crate) polls_stopped: usize,
}

impl Cancellation {
    /// The `status` string of the API reference: always `cancelled`, also when nothing was running.
    #[must_use]
    pub fn status(&self) -> &'static str {
        "cancelled"
    }

    /// How many approvals of this email were being polled by this client; several waits of one approval count as one.
    #[must_use]
    pub fn polls_stopped(&self) -> usize {
        self.polls_stopped
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Cancellation {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeMap as _;

        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("status", self.status())?;
        map.serialize_entry("polls_stopped", &self.polls_stopped)?;
        map.end()
    }
}
