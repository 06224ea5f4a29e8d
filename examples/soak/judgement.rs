//! What may have come out of one approval, by the promises.

use std::fmt;
use std::time::Duration;

use authsec_ciba::sandbox::IssuedRequest;
use tokio::time::Instant;

use crate::story::{End, Story, Wait};
use crate::{LIFETIME, PATIENCE};

/// How long a request that was sent before the deadline may still run (`PollPolicy`, B-14).
const GRACE: Duration = Duration::from_secs(2);

/// How long others may begin to wait for an approval that somebody has received (B-25).
const RECEIVED: Duration = Duration::from_secs(10);

/// How late this program may hear what has long happened.
const LATE: Duration = Duration::from_secs(1);

/// Faults behind which the real answer still comes whole and soon.
const HARMLESS: [&str; 4] = ["delay", "delay_after", "extra_members", "cut_after_complete_json"];

/// One poll in the server's log.
pub(crate) struct Seen {
    pub(crate) received: Instant,
    pub(crate) answered: Option<Instant>,
    pub(crate) status: Option<u16>,
    pub(crate) fault: Option<&'static str>,
}

impl Seen {
    /// Whether it may have been under way in one of these times.
    pub(crate) fn is_in(&self, times: &[(Instant, Instant)]) -> bool {
        let end = self.answered.unwrap_or(self.received + PATIENCE) + Duration::from_millis(500);
        times.iter().any(|(from, to)| self.received <= *to && *from <= end)
    }

    /// For messages.
    pub(crate) fn told(&self) -> (u128, Option<u128>, Option<&'static str>) {
        let ago = |at: Instant| at.elapsed().as_millis();
        (ago(self.received), self.answered.map(ago), self.fault)
    }

    fn is_harmless(&self) -> bool {
        self.fault.is_none_or(|fault| HARMLESS.contains(&fault))
    }
}

pub(crate) struct Case<'a> {
    pub(crate) request: &'a IssuedRequest,
    pub(crate) story: &'a Story,
    pub(crate) polls: &'a [Seen],
    /// When something was out of order that may have kept an answer from this person.
    pub(crate) disturbances: &'a [(Instant, Instant)],
}

impl Case<'_> {
    /// What should not have been, if anything.
    pub(crate) fn judge(&self) -> Option<String> {
        let story = self.story;
        if story.waits.is_empty() {
            return Some("an approval without an outcome".to_owned());
        }
        let received = self.received();
        for wait in &story.waits {
            if !self.is_fine(wait) {
                return Some(format!("this cannot have been: {}", self.told(wait)));
            }
            if received.is_some_and(|received| !self.hears(wait, received)) {
                return Some(format!("one has received the approval, another not: {}", self.told(wait)));
            }
        }
        let waited = story.waits.iter().any(|wait| wait.limit.is_none());
        let lost = waited && self.given().is_some() && story.stops.is_none() && received.is_none();
        lost.then(|| "the approval was on the wire, whole, and nobody has it".to_owned())
    }

    /// When somebody had certainly received the approval.
    fn received(&self) -> Option<Instant> {
        let approved = self.story.waits.iter().filter(|wait| matches!(wait.end, End::Approved(_)));
        approved.map(|wait| wait.ended).min()
    }

    /// When the server put the token on the wire, whole.
    fn given(&self) -> Option<Instant> {
        let is_whole =
            |poll: &&Seen| poll.status == Some(200) && poll.is_harmless() && !poll.is_in(self.disturbances);
        let poll = self.polls.iter().filter(|_| self.request.token.is_some()).find(is_whole)?;
        poll.answered
    }

    /// Whether an answer may have gone missing.
    fn is_broken(&self) -> bool {
        self.polls.iter().any(|poll| !poll.is_harmless() || poll.is_in(self.disturbances))
    }

    fn was_disturbed(&self, from: Instant, to: Instant) -> bool {
        self.disturbances.iter().any(|(begins, ends)| *begins <= to && from <= *ends)
    }

    fn is_fine(&self, wait: &Wait) -> bool {
        let (story, over) = (self.story, self.story.began + LIFETIME);
        // What began, or was asked for its outcome, when all was stopped, gets no approval (B-42).
        let behind = story.stopped.is_some_and(|stopped| wait.awaited > stopped);
        // The last look, too, may have been under way when the server went.
        let was_down = self.was_disturbed(story.began, over + GRACE);
        // An answer that comes when the time is over says nothing about the ones before it (B-23).
        let late = self.polls.last().is_some_and(|last| last.answered.is_none_or(|at| at >= over));
        // And a server that says "pending" or "slow_down" although it has spent the approval is not to be helped.
        let spent = self.polls.iter().position(|poll| poll.status == Some(200)).unwrap_or_default();
        let lied = self.polls.iter().skip(spent).any(|poll| poll.fault == Some("respond"));
        let in_time = |limit: Duration| {
            let ran = wait.ended - wait.began;
            let latest = limit + PATIENCE + LATE;
            ran + LATE >= limit && (ran <= latest || self.was_disturbed(wait.began, wait.ended))
        };
        match &wait.end {
            End::Approved(token) => {
                story.phone == Some(true) && self.request.token.as_ref() == Some(token) && !behind
            }
            End::Denied => story.phone == Some(false),
            End::TimedOut => wait.limit.is_some_and(in_time),
            End::Expired => {
                self.request.token.is_none() || late || lied || (self.is_broken() && self.given().is_none())
            }
            End::Cancelled(_) => story.stops.is_some_and(|stops| stops <= wait.ended),
            End::Lost => self.is_broken(),
            End::AlreadyAnswered => {
                self.received().is_some() && self.given().is_none_or(|given| wait.ended >= given + RECEIVED)
            }
            End::Failed(_) => self.is_broken() || was_down,
        }
    }

    /// Whether a wait fits to an approval that another had certainly received by then.
    fn hears(&self, wait: &Wait, received: Instant) -> bool {
        let late = wait.began >= received + RECEIVED;
        let in_time = wait.began + LATE < received + RECEIVED;
        match wait.end {
            End::Approved(_) => !late,
            // Its own time was over before.
            End::TimedOut => wait.limit.is_some_and(|limit| wait.began + limit <= received),
            // An error ends the waits under way, and later ones go on.
            End::Failed(_) => wait.began < received,
            End::AlreadyAnswered => !in_time,
            End::Cancelled(_) => self.story.stops.is_some(),
            End::Denied | End::Expired | End::Lost => false,
        }
    }

    fn told(&self, wait: &Wait) -> String {
        let since = |at: Instant| at.saturating_duration_since(self.story.began).as_millis();
        let Wait { began, awaited, ended, limit, end } = wait;
        format!(
            "{} {} {} {limit:?} {}",
            since(*began),
            since(*awaited),
            since(*ended),
            match end {
                End::Failed(why) => why.clone(),
                End::Cancelled(reason) => format!("cancelled, {reason:?}"),
                end => end.name().to_owned(),
            }
        )
    }
}

/// In milliseconds since the acknowledgement.
impl fmt::Display for Case<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { request, story, polls, .. } = self;
        let since = |at: Instant| at.saturating_duration_since(story.began).as_millis();
        let waits: Vec<_> = story.waits.iter().map(|wait| self.told(wait)).collect();
        let polls: Vec<_> = polls
            .iter()
            .map(|poll| (since(poll.received), poll.answered.map(since), poll.status, poll.fault))
            .collect();
        let disturbances = self.disturbances.iter().filter(|(_, to)| *to >= story.began);
        let disturbances: Vec<_> = disturbances.map(|(from, to)| (since(*from), since(*to))).collect();
        write!(
            f,
            "phone {:?}, elsewhere {}, stopped from {:?} to {:?}; waits: {waits:?}; the server: {:?}, token {}; polls: {polls:?}; \
             disturbed: {disturbances:?}",
            story.phone,
            story.elsewhere,
            story.stops.map(since),
            story.stopped.map(since),
            request.state,
            request.token.is_some(),
        )
    }
}
