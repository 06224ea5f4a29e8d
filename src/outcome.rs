//! How things end. What a person or the clock decides is a value; what broke is an [`Error`](crate::Error).

mod approval;
mod cancelled;
mod status;
mod totp;

pub use approval::{Approval, ApprovalOutcome, NotApproved};
pub use cancelled::{CancelReason, Cancelled};
pub use status::PollStatus;
pub use totp::{LockedBy, NotVerified, TotpOutcome};

#[cfg(test)]
mod tests;
