//! From bytes, or the lack of them, to what they mean for an id. Pure.

use super::{Event, Life, Pace, Verdict};
use crate::answer::{self, Answer, Asked, PollAnswer};
use crate::clock::Instant;
use crate::error::{Error, ErrorKind};
use crate::evidence::{Evidence, Reply};
use crate::outcome::{Approval, Granted};
use crate::profile::Profile;
use crate::registry::{Ended, News};
use crate::transport::{Body, Fault, FaultKind, HttpReply};

/// What was heard of a request.
pub(super) struct Heard {
    said: Said,
    /// Whether the approval may have been in it, and did not come through.
    may_have_approved: bool,
    /// Whether the server, or somebody in its place, answered at all.
    answered: bool,
    /// The body of a 200 broke off.
    cut: bool,
}

enum Said {
    /// Not yet accepted.
    Granted(Granted),
    Approved(Approval),
    Ended(Ended),
    /// The request is gone from the server: another has it, or its answer was lost.
    Gone(Ended),
    /// The same, of a provider that says so behind the end of life, too.
    #[cfg(feature = "openid")]
    Spent(Ended),
    /// Denied, or behind the end of life: over.
    #[cfg(feature = "openid")]
    DeniedOrOver,
    Undecided(Event, Option<Error>),
    /// Final for an id that nobody has answered readably yet.
    Codeless(Event, Error),
    Fatal(Error),
}

impl Heard {
    pub(super) fn of(
        reply: Result<HttpReply, Fault>,
        profile: &Profile,
        asked: &Asked<'_>,
        evidence: &Evidence<'_>,
    ) -> Self {
        let HttpReply { status, retry_after, headers, body } = match reply {
            Ok(reply) => reply,
            Err(fault) => return Self::of_fault(fault, false).backed_by(evidence, None),
        };
        let read = |body| {
            let heard =
                Self::of_answer(profile.read_poll(&Answer { status, retry_after, body }, &headers, asked));
            heard.backed_by(evidence, Some(Reply { headers: &headers, body }))
        };
        match body {
            Body::Whole(bytes) => read(Some(&bytes)),
            // What is there may be all there was.
            Body::Cut(bytes, _) if answer::is_one_object(&bytes) => read(Some(&bytes)),
            Body::Cut(_, fault) => {
                let heard = Self { answered: true, ..Self::of_fault(fault, status == 200) };
                heard.backed_by(evidence, Some(Reply { headers: &headers, body: None }))
            }
            Body::TooLong | Body::Encoded => read(None),
        }
    }

    /// Where it went wrong, and in whose words; an answer that is none costs nothing here.
    fn backed_by(mut self, evidence: &Evidence<'_>, reply: Option<Reply<'_>>) -> Self {
        if let Some(error) = self.fault_mut() {
            *error = evidence.add_to(error.clone(), reply);
        }
        self
    }

    fn fault_mut(&mut self) -> Option<&mut Error> {
        match &mut self.said {
            Said::Undecided(_, error) => error.as_mut(),
            Said::Codeless(_, error) | Said::Fatal(error) => Some(error),
            Said::Gone(Ended::Refused(error)) | Said::Ended(Ended::Refused(error)) => Some(error),
            #[cfg(feature = "openid")]
            Said::Spent(Ended::Refused(error)) => Some(error),
            #[cfg(feature = "openid")]
            Said::Spent(_) | Said::DeniedOrOver => None,
            Said::Granted(_) | Said::Approved(_) | Said::Ended(_) | Said::Gone(_) => None,
        }
    }

    fn of_answer(answer: PollAnswer) -> Self {
        let mut hides_approval = false;
        let said = match answer {
            PollAnswer::Approved(granted) => Said::Granted(granted),
            PollAnswer::Denied => Said::Ended(Ended::Denied),
            PollAnswer::TransactionFailed(error) => Said::Ended(Ended::Refused(error)),
            PollAnswer::Expired => Said::Gone(Ended::Expired),
            #[cfg(feature = "openid")]
            PollAnswer::Over => Said::Ended(Ended::Expired),
            #[cfg(feature = "openid")]
            PollAnswer::DeniedOrOver => Said::DeniedOrOver,
            #[cfg(feature = "openid")]
            PollAnswer::Spent(error) => Said::Spent(Ended::Refused(error)),
            #[cfg(feature = "openid")]
            PollAnswer::Unacceptable(error) => Said::Ended(Ended::Refused(error)),
            PollAnswer::InvalidGrant(error) => Said::Gone(Ended::Refused(error)),
            PollAnswer::Pending { retry_after } => Said::Undecided(Event::Pending { retry_after }, None),
            PollAnswer::SlowDown { interval, retry_after } => {
                Said::Undecided(Event::SlowDown { named: interval, retry_after }, None)
            }
            PollAnswer::Fault { error, retry_after, may_have_approved } => {
                hides_approval = may_have_approved;
                Said::Undecided(Event::Fault { retry_after, name_missing: false }, Some(error))
            }
            PollAnswer::Unreadable { error, retry_after, may_have_approved } => {
                hides_approval = may_have_approved;
                Said::Undecided(Event::Unreadable { retry_after }, Some(error))
            }
            PollAnswer::Codeless { error, retry_after } => {
                hides_approval = true;
                Said::Codeless(Event::Unreadable { retry_after }, error)
            }
            PollAnswer::Fatal(error) => Said::Fatal(error),
        };
        Self { said, may_have_approved: hides_approval, answered: true, cut: false }
    }

    fn of_fault(fault: Fault, cut: bool) -> Self {
        let may_have_approved = fault.maybe_sent();
        let event = match fault.kind {
            FaultKind::Tls | FaultKind::Unusable => None,
            FaultKind::Garbled => Some(Event::Unreadable { retry_after: None }),
            kind => Some(Event::Fault { retry_after: None, name_missing: kind == FaultKind::NameMissing }),
        };
        let error = fault.into_error();
        let said = match event {
            Some(event) => Said::Undecided(event, Some(error)),
            None => Said::Fatal(error),
        };
        Self { said, may_have_approved, answered: false, cut }
    }

    /// A request that could not be signed: nothing was sent.
    pub(super) fn unsent(error: Error) -> Self {
        let said = if error.is_retryable() {
            Said::Undecided(Event::Fault { retry_after: None, name_missing: false }, Some(error))
        } else {
            Said::Fatal(error)
        };
        Self { said, may_have_approved: false, answered: false, cut: false }
    }

    /// What was granted, taken out: it has to be accepted, or it is nothing.
    pub(super) fn granted(&mut self) -> Option<Granted> {
        if !matches!(self.said, Said::Granted(_)) {
            return None;
        }
        let nothing = Said::Undecided(Event::Unreadable { retry_after: None }, None);
        match std::mem::replace(&mut self.said, nothing) {
            Said::Granted(granted) => Some(granted),
            _ => None,
        }
    }

    /// What became of it. What is refused is refused for good: the server has given its one answer.
    pub(super) fn accepted(&mut self, accepted: Result<Approval, Error>) {
        self.said = match accepted {
            Ok(approval) => Said::Approved(approval),
            Err(error) => Said::Ended(Ended::Refused(error)),
        };
    }

    pub(super) fn is_answer(&self) -> bool {
        self.answered
    }

    /// What was wrong, if anything.
    pub(super) fn fault(&self) -> Option<&Error> {
        match &self.said {
            Said::Undecided(_, error) => error.as_ref(),
            Said::Codeless(_, error) | Said::Fatal(error) => Some(error),
            Said::Gone(Ended::Refused(error)) | Said::Ended(Ended::Refused(error)) => Some(error),
            #[cfg(feature = "openid")]
            Said::Spent(Ended::Refused(error)) => Some(error),
            #[cfg(feature = "openid")]
            Said::Spent(_) | Said::DeniedOrOver => None,
            Said::Granted(_) | Said::Approved(_) | Said::Ended(_) | Said::Gone(_) => None,
        }
    }

    /// What it means for the id of this slot. `answer_was_lost`: an earlier answer may have held the approval.
    pub(super) fn judge(
        self,
        pace: &mut Pace,
        answer_was_lost: bool,
        life: Option<Life>,
        at: Instant,
        observe: impl FnOnce(&mut Pace, Event) -> Verdict,
    ) -> News {
        if !self.may_have_approved {
            pace.set_answer_lost(answer_was_lost);
        }
        if self.cut {
            pace.cut_approval();
        }
        let (event, error) = match self.said {
            Said::Approved(approval) => return News::Ended(Ended::Approved(approval)),
            // Nobody has looked at it.
            Said::Granted(_) => return News::Undecided,
            Said::Ended(ended) => return News::Ended(ended),
            // A server that says so before the request's time can be over has spent it: on the answer that was lost.
            Said::Gone(ended) => {
                let in_time = life.is_none_or(|life| at < life.earliest_end());
                return News::Ended(if answer_was_lost && in_time { Ended::Lost } else { ended });
            }
            #[cfg(feature = "openid")]
            Said::Spent(ended) => {
                let in_time = life.is_none_or(|life| at < life.earliest_end());
                return News::Ended(match ended {
                    _ if answer_was_lost && in_time => Ended::Lost,
                    ended if in_time => ended,
                    _ => Ended::Expired,
                });
            }
            // The provider has one word for a denial and for the end.
            #[cfg(feature = "openid")]
            Said::DeniedOrOver => {
                let in_time = life.is_none_or(|life| at < life.earliest_end());
                return News::Ended(if in_time { Ended::Denied } else { Ended::Expired });
            }
            Said::Undecided(event, error) => (event, error),
            // Whoever has reached the server before has not got the address wrong.
            Said::Codeless(event, error) if pace.answered() => {
                (event, Some(error.with_kind(ErrorKind::Protocol)))
            }
            Said::Codeless(_, error) | Said::Fatal(error) => return News::Failed(error),
        };
        let verdict = observe(pace, event);
        pace.set_fault(error);
        match (verdict, pace.fault()) {
            (Verdict::GiveUp, Some(fault)) => News::Failed(fault),
            _ => News::Undecided,
        }
    }
}

#[cfg(test)]
#[path = "heard_tests.rs"]
mod tests;
