//! Waits that join and leave, requests, ends and cancels in all orders (B-13, B-25, B-32, B-35, B-40 to B-43, B-61).

mod bounds;
mod cancels;
mod ends;
mod finishing;
mod given_up;
mod initiates;
mod joins;
mod orders;
mod requests;
mod threads;

use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::oneshot;

use super::{Acknowledged, Ended, Joined, News, Registry, Request, Said, Slot, UnknownId, Work};
use crate::clock::now;
use crate::error::{Error, ErrorKind};
use crate::outcome::{Approval, ApprovalOutcome, CancelReason, Granted, Outcome};
use crate::poll::Life;
use crate::secret::AccessToken;
use crate::trace::FlowId;
use crate::types::{AuthReqId, Email, PersonKey};

const LIFE: Duration = Duration::from_secs(300);

fn registry() -> Arc<Registry> {
    Arc::new(Registry::new(false))
}

fn side_by_side() -> Arc<Registry> {
    Arc::new(Registry::new(true))
}

fn key(email: &str) -> PersonKey {
    Email::new(email).expect("an email").key()
}

fn user() -> PersonKey {
    key("user@example.com")
}

fn id(text: &str) -> AuthReqId {
    AuthReqId::new(text).expect("an id")
}

async fn advance(seconds: u64) {
    tokio::time::advance(Duration::from_secs(seconds)).await;
}

/// Lets every task go on that can.
async fn settle() {
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
}

fn acknowledged(text: &str, expires_in: Duration) -> Acknowledged {
    let at = now();
    Acknowledged {
        id: id(text),
        interval: Duration::from_secs(5),
        life: Life::new(at, at, expires_in),
        flow: FlowId::random(),
        said: Said { email: Some(Email::new("User@example.com").expect("an email")), ..Said::default() },
        at,
    }
}

/// An initiate of the user that succeeds at once.
fn initiate(registry: &Arc<Registry>, text: &str) {
    registry.initiating(user()).acknowledged(acknowledged(text, LIFE));
}

/// Finishes what is left of a request, as the client does.
fn finish(work: Work, home: &Handle) {
    drop(home.spawn(work));
}

/// A wait without its timers.
struct Waiting {
    registry: Arc<Registry>,
    slot: Arc<Slot>,
    joined: Joined,
    /// There was nothing to wait for.
    began_over: bool,
    left: bool,
}

impl Waiting {
    fn joins(
        registry: &Arc<Registry>,
        key: &PersonKey,
        text: &str,
        life: Option<Life>,
    ) -> Result<Self, Error> {
        let unknown = UnknownId { flow: FlowId::random(), said: Said::default(), life, interval: None };
        let (slot, joined) = registry.join(key, &id(text), unknown)?;
        let began_over = slot.see(joined.member.failures, |_| ()).is_none();
        Ok(Self { registry: Arc::clone(registry), slot, joined, began_over, left: false })
    }

    fn is_told(&self) -> bool {
        self.joined.token.is_cancelled()
    }

    /// Whether it would go on waiting.
    fn goes_on(&self) -> bool {
        self.slot.see(self.joined.member.failures, |_| ()).is_some()
    }

    /// The request that is under way, seen from here.
    fn sees(&self) -> Option<Arc<Request>> {
        self.slot.see(self.joined.member.failures, |_| ()).and_then(|((), request)| request)
    }

    fn receive(&mut self) -> Option<Outcome> {
        assert!(!self.left);
        let outcome = self.registry.receive(&self.slot, self.joined.member, None, finish);
        self.left = outcome.is_some();
        outcome
    }

    /// What it receives, in a word; nothing while nothing has come.
    fn told(&mut self) -> &'static str {
        word(self.receive())
    }

    /// Begins a request that is on the wire.
    fn asks(&self) -> Option<Asked> {
        Asked::of(&self.slot, true)
    }

    /// Asks once more, and says whether an answer was missing before.
    fn misses_an_answer(&self) -> bool {
        let (mut reading, mut missing) = (None, false);
        let _request = self.slot.begin(self.slot.begun(), true, now(), |asking| {
            reading = Some(asking);
            Box::pin(std::future::pending())
        });
        let _told = reading.expect("nobody asks").end(now(), |_, _, _, answer_was_lost| {
            missing = answer_was_lost;
            News::Undecided
        });
        missing
    }

    /// One request, and what comes of it.
    fn hears(&self, news: News) {
        self.asks().expect("nobody asks").hears(news);
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        if !self.left {
            self.registry.leave(&self.slot, None, finish);
        }
    }
}

/// A wait of the user.
fn wait(registry: &Arc<Registry>, text: &str) -> Waiting {
    Waiting::joins(registry, &user(), text, None).expect("the id is the user's")
}

/// What a wait that begins now is told.
fn told(registry: &Arc<Registry>, text: &str) -> &'static str {
    wait(registry, text).told()
}

fn word(outcome: Option<Outcome>) -> &'static str {
    match outcome {
        None => "nothing",
        Some(Ok(ApprovalOutcome::Cancelled(CancelReason::Requested))) => "requested",
        Some(Ok(ApprovalOutcome::Cancelled(CancelReason::Superseded))) => "superseded",
        Some(Ok(ApprovalOutcome::Cancelled(CancelReason::Shutdown))) => "shutdown",
        Some(Ok(outcome)) => outcome.status(),
        Some(Err(error)) if error.kind() == ErrorKind::AlreadyAnswered => "already_answered",
        Some(Err(error)) if error.kind() == ErrorKind::Network => "network",
        Some(Err(error)) if error.kind() == ErrorKind::Refused => "refused",
        Some(Err(_)) => "error",
    }
}

/// A request of an id, whose answer comes when the test says so.
struct Asked {
    request: Arc<Request>,
    answer: oneshot::Sender<News>,
}

impl Asked {
    fn of(slot: &Arc<Slot>, sent: bool) -> Option<Self> {
        let (answer, coming) = oneshot::channel();
        let (request, _) = slot.begin(slot.begun(), sent, now(), |mut asking| {
            Box::pin(async move {
                if !asking.leaves(now()) {
                    return;
                }
                if let Ok(news) = coming.await {
                    asking.end(now(), |_, _, _, _| news);
                }
            })
        })?;
        Some(Self { request, answer })
    }

    fn drive(&self) -> Poll<()> {
        self.request
            .drive(&mut crate::registry::Companion::default(), &mut Context::from_waker(Waker::noop()))
    }

    /// Its answer comes, and somebody drives it to its end.
    fn hears(self, news: News) {
        let _ = self.drive();
        drop(self.answer.send(news));
        assert!(
            self.request
                .drive(&mut crate::registry::Companion::default(), &mut Context::from_waker(Waker::noop()))
                .is_ready()
        );
    }
}

fn approval(token: &str) -> Approval {
    Granted {
        token: AccessToken::new(token),
        token_type: None,
        expires_in: None,
        scope: None,
        #[cfg(feature = "openid")]
        unchecked: None,
    }
    .into_approval(id("id-1"), None)
}

fn approved() -> News {
    News::Ended(Ended::Approved(approval("tok")))
}

fn denied() -> News {
    News::Ended(Ended::Denied)
}

fn failed() -> News {
    News::Failed(Error::new(ErrorKind::Network, "a fault"))
}

/// The life of an id that was acknowledged now.
fn life(seconds: u64) -> Life {
    Life::new(now(), now(), Duration::from_secs(seconds))
}
