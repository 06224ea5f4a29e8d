//! One approval, as the client's side tells it.

use std::time::Duration;

use authsec_ciba::{ApprovalOutcome, CancelReason, Error, ErrorKind};
use tokio::time::Instant;

/// What a wait came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Approved(String),
    Denied,
    TimedOut,
    Expired,
    Cancelled(CancelReason),
    Lost,
    AlreadyAnswered,
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
            Ok(ApprovalOutcome::Cancelled(reason)) => Self::Cancelled(reason),
            Ok(ApprovalOutcome::ApprovalLost) => Self::Lost,
            Err(error) if error.kind() == ErrorKind::AlreadyAnswered => Self::AlreadyAnswered,
            Err(error) => Self::Failed(error.to_string()),
        }
    }

    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Approved(_) => "approved",
            Self::Denied => "access_denied",
            Self::TimedOut => "timeout",
            Self::Expired => "expired_token",
            Self::Cancelled(_) => "cancelled",
            Self::Lost => "approval_lost",
            Self::AlreadyAnswered => "already_answered",
            Self::Failed(_) => "error",
        }
    }
}

/// One wait or look, as far as it came to an end.
#[derive(Clone, Debug)]
pub(crate) struct Wait {
    /// Just before it was begun.
    pub(crate) began: Instant,
    /// Just before its outcome was asked for: a task may have run alone until then.
    pub(crate) awaited: Instant,
    /// Just after its outcome was there.
    pub(crate) ended: Instant,
    /// Its own timeout.
    pub(crate) limit: Option<Duration>,
    pub(crate) end: End,
}

#[derive(Clone, Debug)]
pub(crate) struct Story {
    /// When it was acknowledged.
    pub(crate) began: Instant,
    /// What the phone was made to answer, if anything, before the server can have told anybody.
    pub(crate) phone: Option<bool>,
    /// When it began to be cancelled or superseded.
    pub(crate) stops: Option<Instant>,
    /// When that was done.
    pub(crate) stopped: Option<Instant>,
    /// Some of its waits ran on the runtime that comes and goes.
    pub(crate) elsewhere: bool,
    pub(crate) waits: Vec<Wait>,
}

impl Story {
    pub(crate) fn begin() -> Self {
        Self {
            began: Instant::now(),
            phone: None,
            stops: None,
            stopped: None,
            elsewhere: false,
            waits: Vec::new(),
        }
    }
}
