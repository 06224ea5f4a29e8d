use std::time::Duration;

use super::ApprovalOutcome;

/// What one look ([`PollForApproval::once`](crate::PollForApproval::once)) found.
///
/// With the feature `serde` it is written as the API reference shows an outcome, and without the token: an object whose `status` is
/// [`status()`](Self::status), with `next_poll_in_ms` in milliseconds where it is pending, and the `reason` where it was
/// cancelled.
#[derive(Clone, Debug)]
#[must_use = "a look that is not read cannot let anybody in"]
pub enum PollStatus {
    /// Nothing is decided yet.
    #[non_exhaustive]
    Pending {
        /// How long until a next look can reach the server. A look before that answers `Pending` without a request.
        next_poll_in: Duration,
    },
    /// It has ended, and this is how. There is nothing more to look for.
    Ended(ApprovalOutcome),
}

impl PollStatus {
    /// `pending`, or the outcome's [`status`](ApprovalOutcome::status).
    #[must_use]
    pub fn status(&self) -> &'static str {
        match self {
            Self::Pending { .. } => "pending",
            Self::Ended(outcome) => outcome.status(),
        }
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for PollStatus {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeMap as _;

        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("status", self.status())?;
        match self {
            Self::Pending { next_poll_in } => {
                let millis = u64::try_from(next_poll_in.as_millis()).unwrap_or(u64::MAX);
                map.serialize_entry("next_poll_in_ms", &millis)?;
            }
            Self::Ended(ApprovalOutcome::Cancelled(reason)) => map.serialize_entry("reason", reason)?,
            Self::Ended(_) => {}
        }
        map.end()
    }
}
