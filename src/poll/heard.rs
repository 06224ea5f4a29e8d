//! From bytes, or the lack of them, to what they mean for a poll. Pure.

use std::ops::ControlFlow;

use super::Event;
use super::driver::Outcome;
use crate::error::Error;
use crate::outcome::ApprovalOutcome;
use crate::transport::{Body, Fault, FaultKind, HttpReply};
use crate::types::AuthReqId;
use crate::wire::{self, Answer, PollAnswer};

/// What was heard of a request.
pub(super) enum Heard {
    /// An answer, and whether all of it came.
    Answer(PollAnswer, bool),
    Fault(Fault),
}

impl Heard {
    pub(super) fn of(reply: Result<HttpReply, Fault>) -> Self {
        let HttpReply { status, retry_after, body } = match reply {
            Ok(reply) => reply,
            Err(fault) => return Self::Fault(fault),
        };
        let read = |body| wire::read_poll(&Answer { status, retry_after, body });
        match body {
            Body::Whole(bytes) => {
                let answer = read(Some(&bytes));
                let complete = !matches!(answer, PollAnswer::Unreadable { cut_short: true, .. });
                Self::Answer(answer, complete)
            }
            // What is there may be all there was.
            Body::Cut(bytes, _) if wire::is_one_object(&bytes) => Self::Answer(read(Some(&bytes)), true),
            Body::Cut(_, fault) => Self::Fault(fault),
            // Only a 200 approves: what nobody has read of another status was no approval.
            Body::TooLong | Body::Encoded => Self::Answer(read(None), status != 200),
        }
    }

    /// Whether no approval can be lost now: none was in what did not come, and what came is none, for an approval counts
    /// as lost until it is handed out.
    pub(super) fn loses_nothing(&self) -> bool {
        match self {
            Self::Answer(PollAnswer::Approved(_), _) => false,
            Self::Answer(_, complete) => *complete,
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
    /// earlier answer may have held the approval.
    pub(super) fn judge(self, lost: bool, id: &AuthReqId) -> ControlFlow<Outcome, (Event, Option<Error>)> {
        let answer = match self {
            Self::Answer(answer, _) => answer,
            Self::Fault(fault) => return judge_fault(fault),
        };
        ControlFlow::Break(match answer {
            PollAnswer::Pending => return ControlFlow::Continue((Event::Pending, None)),
            PollAnswer::SlowDown { interval, retry_after } => {
                return ControlFlow::Continue((Event::SlowDown { named: interval, retry_after }, None));
            }
            PollAnswer::Fault { error, retry_after } => {
                return ControlFlow::Continue((
                    Event::Fault { retry_after, name_missing: false },
                    Some(error),
                ));
            }
            PollAnswer::Unreadable { error, retry_after, .. } => {
                return ControlFlow::Continue((Event::Unreadable { retry_after }, Some(error)));
            }
            PollAnswer::Approved(grant) => Ok(ApprovalOutcome::Approved(grant.of(id.clone(), None))),
            PollAnswer::Denied => Ok(ApprovalOutcome::AccessDenied),
            PollAnswer::Expired | PollAnswer::InvalidGrant(_) if lost => Ok(ApprovalOutcome::ApprovalLost),
            PollAnswer::Expired => Ok(ApprovalOutcome::ExpiredToken),
            PollAnswer::InvalidGrant(error) | PollAnswer::Fatal(error) => Err(error),
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
