//! From bytes, or the lack of them, to what they mean for a poll. Pure.

use std::ops::ControlFlow;

use super::Event;
use super::driver::Outcome;
use crate::error::Error;
use crate::outcome::ApprovalOutcome;
use crate::transport::{Body, Fault, FaultKind, HttpReply};
use crate::wire::{self, Answer, Asked, PollAnswer};

/// What was heard of a request.
pub(super) enum Heard {
    Answer(PollAnswer),
    Fault(Fault),
}

impl Heard {
    pub(super) fn of(reply: Result<HttpReply, Fault>, asked: &Asked<'_>) -> Self {
        let HttpReply { status, retry_after, body } = match reply {
            Ok(reply) => reply,
            Err(fault) => return Self::Fault(fault),
        };
        let read = |body| Self::Answer(wire::read_poll(&Answer { status, retry_after, body }, asked));
        match body {
            Body::Whole(bytes) => read(Some(&bytes)),
            // What is there may be all there was.
            Body::Cut(bytes, _) if wire::is_one_object(&bytes) => read(Some(&bytes)),
            Body::Cut(_, fault) => Self::Fault(fault),
            Body::TooLong | Body::Encoded => read(None),
        }
    }

    /// Whether no approval can be lost now: none was in what did not come, and what came is none, for an approval counts
    /// as lost until it is handed out.
    pub(super) fn loses_nothing(&self) -> bool {
        match self {
            Self::Answer(PollAnswer::Approved(_) | PollAnswer::Codeless { .. }) => false,
            Self::Answer(
                PollAnswer::Fault { may_have_approved, .. }
                | PollAnswer::Unreadable { may_have_approved, .. },
            ) => !may_have_approved,
            Self::Answer(_) => true,
            Self::Fault(fault) => !fault.maybe_sent(),
        }
    }

    pub(super) fn is_answer(&self) -> bool {
        matches!(self, Self::Answer(..))
    }

    pub(super) fn is_cut_off(&self) -> bool {
        matches!(self, Self::Fault(fault) if fault.kind == FaultKind::TimedOut)
    }

    /// It either decides, or is an event for the schedule, with the error that it is where it is one. `lost`: an
    /// earlier answer may have held the approval. `known`: this id, or its initiate, has been answered readably.
    pub(super) fn judge(self, lost: bool, known: bool) -> ControlFlow<Outcome, (Event, Option<Error>)> {
        let answer = match self {
            Self::Answer(answer) => answer,
            Self::Fault(fault) => return judge_fault(fault),
        };
        ControlFlow::Break(match answer {
            PollAnswer::Pending { retry_after } => {
                return ControlFlow::Continue((Event::Pending { retry_after }, None));
            }
            PollAnswer::SlowDown { interval, retry_after } => {
                return ControlFlow::Continue((Event::SlowDown { named: interval, retry_after }, None));
            }
            PollAnswer::Fault { error, retry_after, .. } => {
                return ControlFlow::Continue((
                    Event::Fault { retry_after, name_missing: false },
                    Some(error),
                ));
            }
            PollAnswer::Unreadable { error, retry_after, .. } => {
                return ControlFlow::Continue((Event::Unreadable { retry_after }, Some(error)));
            }
            PollAnswer::Codeless { error, retry_after } if known => {
                return ControlFlow::Continue((Event::Unreadable { retry_after }, Some(error)));
            }
            PollAnswer::Approved(approval) => Ok(ApprovalOutcome::Approved(approval)),
            PollAnswer::Denied => Ok(ApprovalOutcome::AccessDenied),
            PollAnswer::Expired | PollAnswer::InvalidGrant(_) if lost => Ok(ApprovalOutcome::ApprovalLost),
            PollAnswer::Expired => Ok(ApprovalOutcome::ExpiredToken),
            PollAnswer::InvalidGrant(error)
            | PollAnswer::TransactionFailed(error)
            | PollAnswer::Codeless { error, .. }
            | PollAnswer::Fatal(error) => Err(error),
        })
    }
}

fn judge_fault(fault: Fault) -> ControlFlow<Outcome, (Event, Option<Error>)> {
    let event = match fault.kind {
        FaultKind::Tls | FaultKind::Unusable => return ControlFlow::Break(Err(fault.into_error())),
        FaultKind::Garbled => Event::Unreadable { retry_after: None },
        kind => Event::Fault { retry_after: None, name_missing: kind == FaultKind::NameMissing },
    };
    ControlFlow::Continue((event, Some(fault.into_error())))
}
