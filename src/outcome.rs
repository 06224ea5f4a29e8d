//! How things end. What a person or the clock decides is a value; what broke is an [`Error`](crate::Error).

mod approval;
mod cancelled;
#[cfg(feature = "openid")]
mod id_token;
mod sign_in_error;
mod status;
mod totp;

pub(crate) use approval::Granted;
pub use approval::{Approval, ApprovalOutcome, NotApproved};
#[cfg(feature = "openid")]
pub(crate) use approval::{More, Unchecked};
pub use cancelled::{CancelReason, Cancellation};
#[cfg(feature = "openid")]
pub(crate) use id_token::Checked;
#[cfg(feature = "openid")]
pub use id_token::IdToken;
pub use sign_in_error::SignInError;
pub use status::PollStatus;
pub use totp::{LockedBy, NotVerified, TotpOutcome, Verified};

/// What a wait comes to.
pub(crate) type Outcome = Result<ApprovalOutcome, crate::error::Error>;

#[cfg(test)]
mod tests;
