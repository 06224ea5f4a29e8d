use std::time::Duration;

use super::ApprovalOutcome;

/// What one look ([`PollForApproval::once`](crate::PollForApproval::once)) found.
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
