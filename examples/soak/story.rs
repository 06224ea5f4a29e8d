//! One approval, as the client's side tells it.

use authsec_ciba::{ApprovalOutcome, Error};
use tokio::time::Instant;

/// What the last poll of an approval came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Approved(String),
    Denied,
    TimedOut,
    Expired,
    Cancelled,
    Lost,
    Failed(String),
}

impl End {
    pub(crate) fn of(outcome: Result<ApprovalOutcome, Error>) -> Self {
        match outcome {
            Ok(ApprovalOutcome::Approved(approval)) => {
                Self::Approved(approval.token().expose_secret().to_owned())
            }
            Ok(ApprovalOutcome::AccessDenied) => Self::Denied,
            Ok(ApprovalOutcome::Timeout) => Self::TimedOut,
            Ok(ApprovalOutcome::ExpiredToken) => Self::Expired,
            Ok(ApprovalOutcome::Cancelled(_)) => Self::Cancelled,
            Ok(ApprovalOutcome::ApprovalLost) => Self::Lost,
            Err(error) => Self::Failed(error.to_string()),
        }
    }

    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Approved(_) => "approved",
            Self::Denied => "access_denied",
            Self::TimedOut => "timeout",
            Self::Expired => "expired_token",
            Self::Cancelled => "cancelled",
            Self::Lost => "approval_lost",
            Self::Failed(_) => "error",
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Story {
    /// When it was acknowledged.
    pub(crate) began: Instant,
    /// What the phone was made to answer, if anything, before the server can have told anybody.
    pub(crate) phone: Option<bool>,
    /// All ends of all polls of this id.
    pub(crate) ends: Vec<End>,
    /// The client's side stopped a poll of it: cancelled, superseded, with a short time.
    pub(crate) stopped: bool,
    /// A poll was dropped and another begun.
    pub(crate) dropped: bool,
}

impl Story {
    pub(crate) fn begin() -> Self {
        Self { began: Instant::now(), phone: None, ends: Vec::new(), stopped: false, dropped: false }
    }
}
