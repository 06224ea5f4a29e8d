//! The loop of a wait, and the look that does not wait.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use tokio_util::sync::CancellationToken;

use super::wait::{Glance, Next, Wait};
use crate::clock::{Instant, now};
use crate::error::Error;
use crate::outcome::{Outcome, PollStatus};
use crate::registry::{Companion, Request};
use crate::transport::Caller;

/// How a wait has ended.
pub(crate) enum Finished {
    /// The id has ended, or its waits: what comes out is decided when it is handed out.
    Id(Wait),
    /// The wait's own time was over.
    Wait(Outcome),
}

impl Finished {
    /// Hands the outcome out.
    pub(crate) fn commit(self) -> Outcome {
        match self {
            Self::Id(wait) => wait.receive(),
            Self::Wait(outcome) => outcome,
        }
    }
}

/// Waits until the id has ended, or the wait's time is over. Whoever is due first asks; all go along with the request.
/// `begin` checks the runtime where that has not been done, and `end` makes of its end what its caller needs.
// Not an `async fn`: that would hold its arguments twice, and this future is what every sleeping poll costs.
#[expect(clippy::manual_async_fn, reason = "it would hold its arguments twice, in every poll that sleeps")]
pub(crate) fn run<T>(
    wait: Wait,
    ended: CancellationToken,
    begin: impl FnOnce() -> Result<(), Error> + Send + 'static,
    end: impl FnOnce(Finished) -> T + Send + 'static,
) -> impl Future<Output = T> + Send + 'static {
    async move {
        if let Err(error) = begin() {
            return end(Finished::Wait(wait.tell(Err(error))));
        }
        let mut ended = pin!(ended.cancelled());
        let mut at = wait.begins(now());
        let mut timer = pin!(tokio::time::sleep_until(at));
        loop {
            let (request, until) = match wait.next(at) {
                Next::Receive => return end(Finished::Id(wait)),
                Next::End(outcome) => return end(Finished::Wait(wait.tell(outcome))),
                Next::Ask(begun) => {
                    wait.ask(begun, Caller::Poll);
                    continue;
                }
                Next::Sleep(until) => (None, Some(until)),
                Next::Drive(request, until) => (Some(request), until),
            };
            let mut companion = Companion::default();
            if let Some(until) = until {
                timer.as_mut().reset(until);
            }
            at = poll_fn(|cx| {
                let is_told = ended.as_mut().poll(cx).is_ready();
                if is_told
                    || request.as_ref().is_some_and(|request| request.drive(&mut companion, cx).is_ready())
                {
                    return Poll::Ready(now());
                }
                match until {
                    // What was planned for an instant is decided for that instant, however late its timer is.
                    Some(until) => timer.as_mut().poll(cx).map(|()| until),
                    None => Poll::Pending,
                }
            })
            .await;
        }
    }
}

/// What a look has come to.
pub(crate) enum Looked {
    /// The id has ended.
    Id(Wait),
    Status(Result<PollStatus, Error>),
}

/// Looks once: goes along with a request that is under way, or makes one where the floor allows it.
pub(crate) async fn look(wait: Wait, ended: CancellationToken) -> Looked {
    let (request, until) = loop {
        match wait.glance(now()) {
            Glance::Receive => return Looked::Id(wait),
            Glance::Join(request) => break (Some(Arc::clone(&request)), wait.looks_until(&request)),
            Glance::Ask(begun) => {
                if let Some(request) = wait.ask(begun, Caller::Look) {
                    break (Some(request), None);
                }
                // Another thread was first: what it has begun can be joined.
            }
            Glance::Pending => break (None, None),
        }
    };
    if let Some(request) = request {
        follow(&request, until, &ended).await;
    }
    if ended.is_cancelled() { Looked::Id(wait) } else { Looked::Status(wait.looked()) }
}

/// Goes along with a request until it has ended, or somebody ends the wait.
async fn follow(request: &Arc<Request>, until: Option<Instant>, ended: &CancellationToken) {
    let mut ended = pin!(ended.cancelled());
    let mut companion = Companion::default();
    let driving = poll_fn(|cx| {
        if ended.as_mut().poll(cx).is_ready() { Poll::Ready(()) } else { request.drive(&mut companion, cx) }
    });
    match until {
        Some(until) => drop(tokio::time::timeout_at(until, driving).await),
        None => driving.await,
    }
}
