//! What the micro benches of `benches/` reach: the pure rooms and the registry, behind the public calls. Only under
//! `--cfg authsec_bench`; no part of the published API.

use std::sync::Arc;
use std::time::Duration;

use crate::answer::{Answer, Asked, PollAnswer};
use crate::authsec::{Plane, PollBody, TotpAnswer};
use crate::clock::{Instant, later, now};
use crate::poll::{Deadline, Event, Jitter, Pace, PollPolicy, Verdict};
use crate::registry::{Ended, Joined, News, Said, Slot, UnknownId};
use crate::trace::FlowId;
use crate::types::{AuthReqId, Email, PersonKey};

fn answer(status: u16, body: &[u8]) -> Answer<'_> {
    Answer { status, retry_after: None, body: Some(body) }
}

/// Whether the answer to a poll says "pending" or approves.
#[must_use]
pub fn read_poll(status: u16, body: &[u8], email: &PersonKey) -> bool {
    let asked = Asked { auth_req_id: "id-1", email };
    let read = crate::authsec::read_poll(&answer(status, body), &asked);
    matches!(read, PollAnswer::Pending { .. } | PollAnswer::Approved(_))
}

/// Whether the answer to an initiate is an acknowledgement.
#[must_use]
pub fn read_initiate(status: u16, body: &[u8], email: &PersonKey) -> bool {
    crate::authsec::read_initiate(&answer(status, body), email).is_ok()
}

/// Whether the answer to a TOTP login verifies.
#[must_use]
pub fn read_totp(status: u16, body: &[u8], email: &PersonKey) -> bool {
    matches!(crate::authsec::read_totp(&answer(status, body), email), TotpAnswer::Verified(_))
}

/// The bodies of polls of one client.
#[derive(Debug)]
pub struct Polls(Plane);

impl Polls {
    /// Of the client with this id.
    #[must_use]
    pub fn of(client_id: &str) -> Self {
        Self(Plane::Client { client_id: client_id.to_owned(), workspace_id: None })
    }

    /// The body of one poll.
    #[must_use]
    pub fn body(&self, id: &AuthReqId) -> Vec<u8> {
        PollBody::new(id.expose_secret(), None, &self.0).encode()
    }
}

/// The schedule of one poll, and the pace of its id.
#[derive(Debug)]
pub struct Schedule {
    schedule: crate::poll::Schedule,
    pace: Pace,
    policy: PollPolicy,
    now: Instant,
}

impl Schedule {
    /// Of a poll that has just begun, with a day's time.
    #[must_use]
    pub fn begun() -> Self {
        let now = now();
        let deadline = Deadline::earlier(later(now, Duration::from_secs(24 * 60 * 60)), None);
        let pace = Pace::acknowledged(Duration::from_secs(5), now);
        let schedule = crate::poll::Schedule::new(deadline, None, pace.heard());
        Self { schedule, pace, policy: PollPolicy::default(), now }
    }

    /// Hears "pending", and says whether to go on and when.
    pub fn pending(&mut self) -> (bool, Duration) {
        self.observe(Event::Pending { retry_after: None })
    }

    /// Hears a fault that heals, and says whether to go on and when.
    pub fn fault(&mut self) -> (bool, Duration) {
        self.observe(Event::Fault { retry_after: None, name_missing: false })
    }

    fn observe(&mut self, event: Event) -> (bool, Duration) {
        let verdict = self.pace.observe(event, &self.policy, self.now, Jitter(0));
        let step = self.schedule.next(&self.pace, None, &self.policy, true, self.now);
        (verdict == Verdict::GoOn, step.at.saturating_duration_since(self.now))
    }
}

/// A registry alone.
pub struct Registry(Arc<crate::registry::Registry>);

/// A wait for an id, which leaves when it is dropped.
pub struct Wait {
    registry: Arc<crate::registry::Registry>,
    slot: Arc<Slot>,
    joined: Joined,
    left: bool,
}

impl Registry {
    /// An empty one.
    #[must_use]
    pub fn empty() -> Self {
        Self(Arc::new(crate::registry::Registry::new(false)))
    }

    /// Joins an id, if it is this person's.
    #[must_use]
    pub fn join(&self, email: &Email, id: &AuthReqId) -> Option<Wait> {
        let unknown = UnknownId { flow: FlowId::random(), said: Said::default(), life: None, interval: None };
        let (slot, joined) = self.0.join(&email.key(), id, unknown).ok()?;
        Some(Wait { registry: Arc::clone(&self.0), slot, joined, left: false })
    }

    /// Stops every wait of an email, and says of how many ids.
    #[must_use]
    pub fn cancel(&self, email: &Email) -> usize {
        self.0.cancel(&email.key())
    }
}

impl Wait {
    /// Whether anything has come: the request is denied here and now, and that is received.
    #[must_use]
    pub fn receives_a_denial(mut self) -> bool {
        let mut asking = None;
        let _request = self.slot.begin(0, true, now(), |begun| {
            asking = Some(begun);
            Box::pin(std::future::ready(()))
        });
        if let Some(asking) = asking {
            asking.end(now(), |_, _, _, _| News::Ended(Ended::Denied));
        }
        let Self { registry, slot, joined, .. } = &self;
        let outcome = registry.receive(slot, joined.member, None, |work, _| drop(work));
        self.left = outcome.is_some();
        self.left
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        if !self.left {
            self.registry.leave(&self.slot, None, |work, _| drop(work));
        }
    }
}

impl std::fmt::Debug for Wait {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Wait")
    }
}
