//! How things end. What a person or the clock decides is a value; what broke is an [`Error`](crate::Error).

mod approval;
mod cancelled;
mod sign_in_error;
mod status;
mod totp;

pub(crate) use approval::Granted;
pub use approval::{Approval, ApprovalOutcome, NotApproved};
pub use cancelled::{CancelReason, Cancellation};
pub use sign_in_error::SignInError;
pub use status::PollStatus;
pub use totp::{LockedBy, NotVerified, TotpOutcome, Verified};

/// What a wait comes to.
pub(crate) type Outcome = Result<ApprovalOutcome, crate::error::Error>;

#[cfg(test)]
mod tests;
