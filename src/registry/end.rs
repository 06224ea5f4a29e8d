use tokio::runtime::Handle;
use tokio::task::AbortHandle;

use crate::clock::Instant;
use crate::error::{Error, ErrorKind};
use crate::outcome::{Approval, ApprovalOutcome, CancelReason};

/// How an id ended: told to every wait that is under way, and from memory to every later one.
pub(crate) enum End {
    Approved(Box<Kept>),
    /// Approved, and told to all who were to hear of it.
    Answered,
    Denied,
    Expired,
    Lost,
    /// The server's last word was an error.
    Refused(Error),
    Cancelled(CancelReason),
}

/// An approval, until its time to be received is over.
pub(crate) struct Kept {
    approval: Approval,
    received: bool,
    /// Until when a wait may begin that receives it.
    until: Instant,
    /// Where its request was driven: a runtime that has timers, which that of the last wait need not have.
    home: Option<Handle>,
    /// The timer that wipes it, where nobody waits.
    timer: Option<AbortHandle>,
}

impl Kept {
    pub(super) fn new(approval: Approval, until: Instant) -> Self {
        Self { approval, received: false, until, home: Handle::try_current().ok(), timer: None }
    }

    pub(super) fn home(&self) -> Option<Handle> {
        self.home.clone()
    }

    pub(super) fn until(&self) -> Instant {
        self.until
    }

    /// Takes a timer in, and gives the one before back.
    pub(super) fn set_timer(&mut self, timer: AbortHandle) -> Option<AbortHandle> {
        self.timer.replace(timer)
    }

    pub(super) fn is_received(&self) -> bool {
        self.received
    }

    /// Somebody receives it. The first who does so decides how long others may begin to wait for it.
    fn receive(&mut self, until: Instant) -> Approval {
        if !std::mem::replace(&mut self.received, true) {
            self.until = until;
        }
        self.approval.clone()
    }

    /// What remains when its time is over.
    pub(super) fn leaves(&self) -> End {
        if self.received { End::Answered } else { End::Lost }
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        if let Some(timer) = self.timer.take() {
            timer.abort();
        }
    }
}

impl End {
    /// What a wait is told. `until`: how long others may begin to wait for an approval that nobody has received before.
    pub(super) fn tell(&mut self, until: Instant) -> Result<ApprovalOutcome, Error> {
        Ok(match self {
            Self::Approved(kept) => ApprovalOutcome::Approved(kept.receive(until)),
            Self::Answered => return Err(already_answered()),
            Self::Denied => ApprovalOutcome::AccessDenied,
            Self::Expired => ApprovalOutcome::ExpiredToken,
            Self::Lost => ApprovalOutcome::ApprovalLost,
            Self::Refused(error) => return Err(error.clone()),
            Self::Cancelled(reason) => ApprovalOutcome::Cancelled(*reason),
        })
    }
}

fn already_answered() -> Error {
    Error::new(
        ErrorKind::AlreadyAnswered,
        "somebody has been let in by this approval already: look for their session",
    )
}
